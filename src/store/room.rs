//! How much may be written: quotas of projects, and space that is to stay free.

use crate::domain::ProjectId;
use crate::error::Result;

/// Saying who may write how much, from what is known: no method waits or looks at the disk.
///
/// A project's bytes are the lengths of all files below its folder, whoever wrote them. A file
/// with several names counts by each of them, a sparse one as if it were full; folders,
/// symlinks and names that are no UTF-8 count nothing. When a project cannot be counted,
/// what it had last counts.
pub trait Room: Send + Sync + 'static {
    /// Asks whether a project may be written to, and counts what is to be written. Whoever is
    /// refused writes nothing. What only removes, or only reads, does not ask.
    ///
    /// What is admitted counts at once, so that callers who ask together cannot pass a quota
    /// together. What counts is the length of the request: what becomes of it on the disk may be
    /// somewhat longer, until a look finds it. It counts until a look that began later has found what came of it: so a call
    /// that fails after all, or writes over what was there, takes room for one interval of
    /// looks at most. What takes longer to be written than until that look, such as a long
    /// upload, counts again when a look finds it.
    ///
    /// A look has to find a project's bytes before they count. The first one begins with the
    /// server; until it is done only what was admitted counts.
    ///
    /// # Errors
    /// DISK_FULL when less space is free than is to stay free, QUOTA_EXCEEDED when the project
    /// would have more bytes than it may.
    fn admit(&self, project: &ProjectId, bytes: u64) -> Result<()>;

    /// Asks whether anything may be written at all, whatever it belongs to.
    ///
    /// # Errors
    /// DISK_FULL when less space is free than is to stay free.
    fn check_space(&self) -> Result<()>;

    /// Whether any project has a quota.
    fn has_quotas(&self) -> bool;

    /// Returns how many bytes each project had at the last look, in the order of their ids.
    /// Without any quota projects are looked at only for some minutes after this was asked:
    /// the first answer may be empty, or old.
    fn bytes_by_project(&self) -> Vec<(ProjectId, u64)>;

    /// Returns how many bytes a user without privileges could still write at the last look;
    /// none when there was none. Asking makes looks happen as
    /// [`bytes_by_project`](Self::bytes_by_project) does.
    fn free_bytes_known(&self) -> Option<u64>;
}
