//! The bus file: records as we write them, and a scan that reads what we, other
//! programs and people have written.
//!
//! Owns the format of a bus, byte for byte. Pure: bytes in, values out; where the
//! bytes come from, and who may append, is decided elsewhere.
//!
//! | module | what it knows |
//! |---|---|
//! | `encode`, `stuffing`, `scalar` | how a record of ours is written |
//! | `scan`, `outcome`, `position` | the reader: one item after the other, window by window |
//! | `block`, `body`, `window` | what a `---` line means, where a body ends, lines |
//! | `header`, `yaml` | a header's fields, leniently |
//! | `own_header`, `simple_header` | the same without a YAML parser, for our own and the usual |
//! | `legacy`, `time` | legacy lines, times |
//! | `work` | for tests: how many bytes the reader looks at |

mod block;
mod body;
mod encode;
mod header;
mod legacy;
mod outcome;
mod own_header;
mod position;
mod scalar;
mod scan;
mod simple_header;
mod stuffing;
mod time;
mod window;
mod work;
mod yaml;

use std::borrow::Cow;

use crate::domain::{Message, NewMessage};

pub use encode::encode;
pub use position::Position;
pub use scan::{next, scan_all, without_zeros};

/// The one newline between records when the file is not empty.
pub const SEPARATOR: &[u8] = b"\n";

/// Written before the separator when the original reader may be out of step. Whatever
/// state it is in, its next `---` line is then taken for the start of a header.
pub const GUARD: &[u8] = b"\n---\n<!-- -->\n";

/// A message with all that is written of it.
#[derive(Debug, Clone, Copy)]
pub struct NewRecord<'a> {
    /// The project of the bus.
    pub project_id: &'a str,
    /// The task of the bus; empty for a project's own bus.
    pub task_id: &'a str,
    /// What the caller asked to append.
    pub message: &'a NewMessage,
    /// The id it was given.
    pub msg_id: &'a str,
    /// The time it was given.
    pub ts: jiff::Timestamp,
    /// The request id it came with.
    pub request_id: Option<&'a str>,
    /// Its place in a batch, from 1, and the size of the batch, so that a batch that a
    /// crash cut short can be completed.
    pub batch: Option<(u32, u32)>,
}

/// Who wrote a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Callboard.
    Own,
    /// Another program, or a person, with a header.
    Foreign,
    /// A legacy line.
    Legacy,
}

/// One record of a bus file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it opens: the `---` line, or the legacy line.
    pub offset: u64,
    /// Where it ends, without the separator that may follow.
    pub end: u64,
    /// Who wrote it.
    pub origin: Origin,
    /// What it says.
    pub message: Message,
    /// Its place in a batch and the size of it, when a record of ours says so.
    pub batch: Option<(u32, u32)>,
    /// Whether its header says how long the body is. Only Callboard writes that: a foreign
    /// record that says it is one of ours whose checksum line was spoiled.
    pub is_sized: bool,
}

/// Bytes that are not what they should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Where they begin.
    pub offset: u64,
    /// How many they are.
    pub length: u64,
    /// What is wrong, in a lowercase sentence.
    pub detail: Cow<'static, str>,
}

/// What a writer finds at the end of a file that it has locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// Nothing is missing: the next record may be appended.
    Complete,
    /// A dead writer's half record; everything from `keep` on is to be moved away before
    /// the next append.
    Torn {
        /// How many bytes of the file stay.
        keep: u64,
    },
    /// A complete last record of ours whose checksum does not fit. It stays.
    Damaged,
}

impl Tail {
    /// What a writer finds at the end of a file of this length, which was read up to `written`
    /// because the rest of it is zeros.
    #[must_use]
    pub fn at_written(self, written: u64, length: u64) -> Self {
        match self {
            Self::Complete | Self::Damaged if written < length => Self::Torn { keep: written },
            tail => tail,
        }
    }
}

/// What a scan finds next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A record.
    Record(Box<Record>),
    /// Bytes to report. A record they belong to may follow, from the same offset.
    Damage(Damage),
    /// The window ends too early: call again with the same position and more bytes.
    NeedMore,
    /// The number of the line is needed: call again when the position knows it. Never from
    /// a position that does.
    NeedLine,
    /// Nothing more in the bytes there are.
    End(Tail),
}

/// A [`Step`] of a whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A record.
    Record(Box<Record>),
    /// Bytes to report.
    Damage(Damage),
}
