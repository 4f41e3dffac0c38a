//! A record's header: its fields, and what makes a block of text one.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::{Integrity, Link, Message, Parent};
use crate::limits;

use super::{simple_header, time, work, yaml};

/// The fields of a header. Text that is absent is empty.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) msg_id: String,
    pub(super) ts: Option<Timestamp>,
    pub(super) kind: String,
    pub(super) project_id: String,
    pub(super) task_id: String,
    pub(super) run_id: String,
    pub(super) issue_id: String,
    pub(super) parents: Vec<Parent>,
    pub(super) links: Vec<Link>,
    pub(super) meta: BTreeMap<String, String>,
    pub(super) attachment_path: String,
    pub(super) request_id: String,
    pub(super) batch: Option<(u32, u32)>,
    pub(super) stuffed: bool,
    pub(super) body_size: Option<usize>,
    /// It has a checksum, so it is ours, whatever became of it.
    pub(super) has_checksum: bool,
    /// The id came from the older `messageId`.
    pub(super) older: bool,
    /// It says `ts`, readable or not.
    pub(super) has_ts: bool,
    /// It says where it belongs: a time, project, task or run, under any name.
    pub(super) is_placed: bool,
    /// It has all six keys that are always written.
    pub(super) has_six: bool,
    /// The first field that was left out, as a sentence.
    pub(super) left_out: Option<&'static str>,
    /// The original reader may refuse it, though nothing was left out.
    pub(super) is_lax: bool,
}

/// A field by its meaning; older names included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    MsgId,
    OlderId,
    Ts,
    OlderTs,
    Kind,
    Project,
    Task,
    Run,
    Issue,
    Parents,
    Links,
    Meta,
    Attachment,
    Request,
    Batch,
    Stuffed,
    BodySize,
    Checksum,
}

impl Field {
    /// Returns the field that a key names.
    pub(super) fn named(key: &str) -> Option<Self> {
        Some(match key {
            "msg_id" => Self::MsgId,
            "messageId" => Self::OlderId,
            "ts" => Self::Ts,
            "timestamp" => Self::OlderTs,
            "type" => Self::Kind,
            "project_id" | "project" => Self::Project,
            "task_id" | "task" | "taskId" => Self::Task,
            "run_id" | "runId" => Self::Run,
            "issue_id" => Self::Issue,
            "parents" => Self::Parents,
            "links" => Self::Links,
            "meta" => Self::Meta,
            "attachment_path" => Self::Attachment,
            "request_id" => Self::Request,
            "batch" => Self::Batch,
            "stuffed" => Self::Stuffed,
            "body_size" => Self::BodySize,
            "checksum" => Self::Checksum,
            _ => return None,
        })
    }

    /// Returns the sentence that reports the field as left out.
    pub(super) fn left_out(self) -> &'static str {
        match self {
            Self::MsgId | Self::OlderId => "the message id cannot be used and was left out",
            Self::Ts | Self::OlderTs => "the time cannot be read and was left out",
            Self::Parents => "a parent has the wrong shape and was left out",
            Self::Links => "a link has the wrong shape and was left out",
            Self::Meta => "a meta value has the wrong shape and was left out",
            _ => "a field of the header has the wrong shape and was left out",
        }
    }
}

/// The keys that are always written, in any order.
const SIX: [&str; 6] = ["msg_id", "ts", "type", "project_id", "task_id", "run_id"];

impl Field {
    /// Tells whether the field is one scalar.
    pub(super) fn is_text(self) -> bool {
        !matches!(self, Self::Parents | Self::Links | Self::Meta)
    }
}

/// Reads a block of text as a header: one YAML mapping without duplicate keys, with an
/// id, or with a type and a time, project, task or run.
pub(super) fn read(block: &[u8]) -> Option<Header> {
    work::looked_at(block.len());
    let text = str::from_utf8(block).ok()?;
    let marks = ["msg_id", "messageId", "type"];
    if !marks.iter().any(|mark| memchr::memmem::find(block, mark.as_bytes()).is_some()) {
        return None;
    }
    let header = simple_header::read(text).or_else(|| yaml::read(text))?;
    let is_header = !header.msg_id.is_empty() || (!header.kind.is_empty() && header.is_placed);
    is_header.then_some(header)
}

impl Header {
    /// Notes that a key stands in the header; `seen` collects the always-written ones.
    pub(super) fn note_key(&mut self, seen: &mut u8, key: &str) {
        if let Some(place) = SIX.iter().position(|name| *name == key) {
            *seen |= 1 << place;
        }
        self.has_six = *seen == 0b11_1111;
    }

    /// Tells whether it has all a record needs to be believed in any place: an id, a
    /// time and a type.
    pub(super) fn is_full(&self) -> bool {
        !self.msg_id.is_empty() && !self.older && self.has_ts && !self.kind.is_empty()
    }

    /// Takes the text of a field that is one scalar.
    pub(super) fn set(&mut self, field: Field, text: String) {
        match field {
            Field::MsgId => {
                self.msg_id = text;
                self.older = false;
            }
            Field::OlderId => {
                if self.msg_id.is_empty() && !text.is_empty() {
                    self.msg_id = text;
                    self.older = true;
                }
            }
            Field::Ts | Field::OlderTs => self.set_time(field, &text),
            Field::Kind => self.kind = text,
            Field::Project => fill(&mut self.project_id, text),
            Field::Task => fill(&mut self.task_id, text),
            Field::Run => fill(&mut self.run_id, text),
            Field::Issue => self.issue_id = text,
            Field::Attachment => self.attachment_path = text,
            Field::Request => self.request_id = text,
            Field::Batch => self.batch = read_batch(&text),
            Field::Stuffed => self.stuffed = text == "true",
            Field::BodySize => self.body_size = text.parse().ok(),
            Field::Checksum => self.has_checksum = true,
            Field::Parents | Field::Links | Field::Meta => self.leave_out(field),
        }
        if matches!(field, Field::Project | Field::Task | Field::Run) {
            self.is_placed = true;
        }
    }

    fn set_time(&mut self, field: Field, text: &str) {
        self.is_placed = true;
        self.has_ts |= field == Field::Ts;
        let ts = time::read(text);
        match ts {
            None => self.leave_out(field),
            Some(_) if field == Field::Ts => {
                self.ts = ts;
                self.is_lax |= !time::is_rfc3339(text);
            }
            Some(_) => self.ts = self.ts.or(ts),
        }
    }

    /// Notes that a field was left out.
    pub(super) fn leave_out(&mut self, field: Field) {
        self.left_out.get_or_insert(field.left_out());
    }

    /// Leaves out an id that cannot be handed on. Only when the whole header is read: an
    /// id of any form makes a block a header.
    pub(super) fn check_id(&mut self) {
        let is_usable = self.msg_id.len() <= limits::MSG_ID_BYTES_MAX
            && !self.msg_id.contains(char::is_control);
        if !is_usable {
            self.msg_id.clear();
            self.leave_out(Field::MsgId);
        }
    }

    /// Makes the message. `made_up_id` names it when it has no id that can be used.
    pub(super) fn into_message(
        mut self,
        body: Vec<u8>,
        integrity: Integrity,
        made_up_id: impl FnOnce() -> String,
    ) -> Message {
        self.check_id();
        let is_synthetic = self.msg_id.is_empty();
        let integrity = match integrity {
            Integrity::Unchecked if is_synthetic => Integrity::Synthetic,
            given => given,
        };
        Message {
            msg_id: if is_synthetic { made_up_id() } else { self.msg_id },
            ts: self.ts,
            kind: self.kind,
            project_id: self.project_id,
            task_id: self.task_id,
            run_id: self.run_id,
            issue_id: self.issue_id,
            parents: self.parents,
            links: self.links,
            meta: self.meta,
            attachment_path: self.attachment_path,
            request_id: self.request_id,
            body,
            integrity,
        }
    }
}

/// A field under its proper name and an older one: the first that says something counts.
fn fill(value: &mut String, text: String) {
    if value.is_empty() {
        *value = text;
    }
}

/// Reads `2/5`: a place in a batch, from 1, and its size.
pub(super) fn read_batch(text: &str) -> Option<(u32, u32)> {
    let (place, size) = text.split_once('/')?;
    let (place, size) = (place.parse().ok()?, size.parse().ok()?);
    (1 <= place && place <= size).then_some((place, size))
}
