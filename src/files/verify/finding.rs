//! What can be wrong with a tree: the kinds of findings, how bad each is, and what can be
//! done about it.

use crate::disk::{Identity, Status};
use crate::domain::{BusId, TaskKey, TreePath};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something is lost or hidden.
    Damage,
    /// Nothing that was acknowledged is lost; a repair puts it right.
    Repairable,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Damage => "damage",
            Self::Repairable => "repairable",
            Self::Note => "note",
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $word:literal $severity:ident $advice:literal,)*) => {
        /// What is wrong. The words and what they mean are in docs/verify.md.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Returns the word for it, in capitals.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// Returns how bad it is.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }

            /// Returns what a person can do about it, in a few words.
            pub fn advice(self) -> &'static str {
                match self { $(Self::$name => $advice,)* }
            }
        }
    };
}

kinds! {
    /// Bytes of a bus that should be a message and are none.
    DamagedRecord "DAMAGED_RECORD" Damage
        "it stays, and the messages around it are served",
    /// The live file of a bus ends within a record.
    TornRecord "TORN_RECORD" Repairable
        "the next append, or --repair, moves it aside",
    /// A message of ours does not come after the one before it.
    IdOrder "ID_ORDER" Damage
        "was a part of the file copied?",
    /// A person has added to the text of a message.
    EditedRecord "EDITED_RECORD" Note
        "it is served as modified",
    /// A field of a message that another program wrote cannot be read.
    LeftOutField "LEFT_OUT_FIELD" Note
        "the message is served without it",
    /// The order of the archives is not that of the messages in them.
    ArchiveOrder "ARCHIVE_ORDER" Note
        "archives are read in the order of their first times",
    /// The name of an archive says no time.
    ArchiveName "ARCHIVE_NAME" Note
        "it is read all the same",
    /// A document that cannot be read.
    CorruptDocument "CORRUPT_DOCUMENT" Damage
        "mend it in an editor, or move it out of the way",
    /// A record of a run that cannot be read.
    CorruptRunRecord "CORRUPT_RUN_RECORD" Damage
        "mend it in an editor; --repair moves it aside",
    /// A task state that cannot be read.
    UnreadableState "UNREADABLE_STATE" Repairable
        "the next write, or --repair, rewrites it and keeps the old bytes",
    /// A record says that it is of something else.
    WrongId "WRONG_ID" Note
        "the folder counts",
    /// What a record says does not fit together.
    Inconsistent "INCONSISTENT" Note
        "look at it, and set it right with an update",
    /// A move in the history of a task that may not be.
    IllegalMove "ILLEGAL_MOVE" Note
        "another program made it; it is served",
    /// A file that repeats a record is missing.
    MissingFile "MISSING_FILE" Repairable
        "the next write to the run, callboard reconcile or --repair makes it",
    /// A file that repeats a record says something else.
    StaleFile "STALE_FILE" Repairable
        "the next write to the run, callboard reconcile or --repair renews it",
    /// A line that is no JSON object.
    BadLine "BAD_LINE" Damage
        "it stays, and is served as damaged",
    /// A line that was cut off when it was written.
    CutLine "CUT_LINE" Note
        "its writer died; it stays, and is served as damaged",
    /// A file of lines ends within a line.
    TornLine "TORN_LINE" Repairable
        "the next append, or --repair, ends the line",
    /// A symlink, or something else that is no file or no folder where one belongs.
    NotRegular "NOT_REGULAR" Damage
        "put a real file or folder in its place",
    /// The system does not let it be read.
    Unreadable "UNREADABLE" Damage
        "check its owner and mode, and the disk",
    /// An artifact by whose name nobody can ask for it.
    UnreachableName "UNREACHABLE_NAME" Damage
        "give it another name",
    /// No further version of an artifact can be saved.
    VersionsFull "VERSIONS_FULL" Note
        "remove old versions, or use another name",
    /// Another program holds a lock.
    Locked "LOCKED" Damage
        "end that program; what needs the lock fails until then",
    /// What a dead server left half done.
    Leftover "LEFTOVER" Repairable
        "--repair moves it aside",
    /// What was moved out of the way, and is kept.
    KeptAside "KEPT_ASIDE" Note
        "look at it, and remove it when it is of no use",
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where, below the root.
    pub path: TreePath,
    /// At which byte, where that can be said.
    pub offset: Option<u64>,
    /// What.
    pub kind: Kind,
    /// What exactly, in a lowercase sentence.
    pub message: String,
    /// What a repair did about it; none when it did nothing.
    pub repaired: Option<Repaired>,
    pub(super) fix: Option<Fix>,
    pub(super) witness: Witness,
}

/// What a repair did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repaired {
    /// It is put right.
    Done {
        /// Where the bytes are that were in the way; one file for each half record.
        kept_in: Vec<TreePath>,
    },
    /// It could not be put right.
    Failed(String),
}

/// How it can be put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fix {
    /// By moving the torn tail of a bus away.
    ClearTail(BusId),
    /// By moving the file out of the way of a new one.
    SetAside,
    /// By writing the state anew.
    RewriteState(TaskKey),
    /// By making what repeats a run's record anew.
    Derive { task: TaskKey, folder: String },
    /// By ending the last line.
    CloseLine,
    /// By moving it into the private folder.
    MoveAside,
}

/// What must be the same at a second look for a finding to be no passing state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Witness {
    /// The place.
    Path,
    /// The file, whatever its name is by now.
    File(Identity),
    /// The place and what is there, unchanged.
    Unchanged(Vec<Option<Status>>),
}

impl Finding {
    pub(super) fn new(path: &TreePath, kind: Kind, message: impl Into<String>) -> Self {
        Self {
            path: path.clone(),
            offset: None,
            kind,
            message: message.into(),
            repaired: None,
            fix: None,
            witness: Witness::Path,
        }
    }

    pub(super) fn at(self, offset: u64) -> Self {
        Self { offset: Some(offset), ..self }
    }

    pub(super) fn mended_by(self, fix: Fix) -> Self {
        Self { fix: Some(fix), ..self }
    }

    pub(super) fn while_in(self, identity: Identity) -> Self {
        Self { witness: Witness::File(identity), ..self }
    }

    pub(super) fn while_unchanged(self, statuses: Vec<Option<Status>>) -> Self {
        Self { witness: Witness::Unchanged(statuses), ..self }
    }

    /// Whether another look found the same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.offset == other.offset
            && self.witness == other.witness
            && (self.path == other.path || matches!(self.witness, Witness::File(_)))
    }

    /// Whether it is still so after a repair.
    pub fn is_left(&self) -> bool {
        !matches!(self.repaired, Some(Repaired::Done { .. }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_described_in_the_documentation_with_its_severity() {
        let text = include_str!("../../../docs/verify.md");
        for kind in Kind::ALL {
            let row = format!("| `{}` | {} |", kind.as_str(), kind.severity().as_str());
            assert!(text.contains(&row), "docs/verify.md has no row {row}");
        }
        let severities = [Severity::Damage, Severity::Repairable, Severity::Note];
        let is_row = |line: &&str| {
            let mut cells = line.split('|').skip(2);
            let severity = cells.next().unwrap_or_default().trim();
            severities.iter().any(|it| it.as_str() == severity)
        };
        assert_eq!(text.lines().filter(is_row).count(), Kind::ALL.len(), "rows of no kind");
    }
}
