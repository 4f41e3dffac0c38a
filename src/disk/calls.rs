//! What the disk asks of the operating system: one method is one system call, with what
//! that call promises and no more.
//!
//! All sequences of calls, and all repetitions of one, are above this, in [`TreeDisk`]: an
//! implementation never repeats a call and never tidies up after one that failed. So a test
//! that stands in for the system sees each step, and can let each of them fail.
//!
//! # Interrupted calls
//! A call may fail with `EINTR` when Linux or POSIX lists it for that call.
//!
//! - Opening, reading, writing, cutting, setting a mode and locking without waiting are
//!   repeated by [`TreeDisk`]: nothing was done, or doing it again gives the same. What must
//!   not wait is not repeated: it may fail at any time anyhow.
//! - A sync is **not** repeated; it counts as failed. A kernel may have met an error of the
//!   device before it was interrupted, and it reports such an error once: a second sync that
//!   succeeds proves nothing.
//! - Making, renaming and removing a name is not interrupted on any file system of this
//!   machine's own. On one that does so it is not known whether it was done; it counts as
//!   failed.
//!
//! [`TreeDisk`]: super::TreeDisk

use std::ffi::{OsStr, OsString};
use std::path::Path;

use rustix::fs::Mode;
use rustix::io::Result;

use super::{Changed, Hints, Kind, Status};

/// What a path is opened for. No symlink is ever followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To read what is there; opening a pipe does not wait.
    Read,
    /// To append to what is there, and to read it; opening a pipe does not wait.
    Append,
    /// To make a file, with a mode of 0600 that the umask may cut, and to append to it and
    /// read it; fails when the name exists.
    New,
    /// To use a folder.
    Folder,
}

/// A root folder, and what the system knows besides files.
pub trait Calls: Send + Sync + 'static {
    /// What is open.
    type Descriptor: Descriptor;

    /// Returns the root's real path.
    fn location(&self) -> &Path;

    /// Opens a path below the root, or the root as `.`, as `openat2` does with
    /// `RESOLVE_BENEATH` and `RESOLVE_NO_SYMLINKS`.
    fn open(&self, path: &str, purpose: Purpose) -> Result<Self::Descriptor>;

    /// Opens a file below the root to read it, as [`Purpose::Read`] does, without waiting for
    /// any device or machine: fails with `EAGAIN` where that is not certain, so when part of
    /// the path is not in the system's memory. `openat2` with `RESOLVE_CACHED`. Opening it so,
    /// and reading it, is not noted in the file's time of last access: noting it may wait.
    fn open_cached(&self, path: &str) -> Result<Self::Descriptor>;

    /// Tells how many bytes a user without privileges can still write.
    fn free_bytes(&self) -> Result<u64>;

    /// Whether a path names a folder of the host.
    fn is_folder_of_host(&self, path: &Path) -> bool;

    /// Asks for hints about changes, if there are any.
    fn hints(&self, changed: Changed) -> Option<Box<dyn Hints>>;
}

/// An open file or folder. It is closed when it is dropped, and its lock released.
pub trait Descriptor: Sized + Send + Sync + 'static {
    /// Tells what it is: `fstat`.
    fn status(&self) -> Result<Status>;

    /// Tells its permissions: `fstat`.
    fn mode(&self) -> Result<Mode>;

    /// Sets its permissions: `fchmod`.
    fn set_mode(&self, mode: Mode) -> Result<()>;

    /// Makes all of it durable; of a folder, its entries: `fsync`.
    fn sync(&self) -> Result<()>;

    /// Makes a file's content and length durable: `fdatasync`.
    fn sync_data(&self) -> Result<()>;

    /// Lets calls wait from now on, as they do for files anyhow.
    fn set_blocking(&self);

    /// Reads at an offset, perhaps fewer bytes than there are; 0 at the end: `pread`.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize>;

    /// Reads at an offset what is in the system's memory, perhaps fewer bytes than there are;
    /// fails with `EAGAIN` when nothing can be read without waiting: `preadv2` with
    /// `RWF_NOWAIT`.
    fn read_cached_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize>;

    /// Appends the beginning of the bytes; returns how many: `write`.
    fn write(&self, bytes: &[u8]) -> Result<usize>;

    /// Cuts a file: `ftruncate`.
    fn truncate(&self, length: u64) -> Result<()>;

    /// Takes the exclusive lock, or fails with `EWOULDBLOCK`: `flock`.
    fn lock(&self) -> Result<()>;

    /// Releases the lock: `flock`.
    fn unlock(&self) -> Result<()>;

    /// Finds the process that holds the lock, when the system tells.
    fn lock_holder(&self) -> Option<u32>;

    /// Opens a name in this folder: `openat`.
    fn open(&self, name: &OsStr, purpose: Purpose) -> Result<Self>;

    /// Tells what a name in this folder is: `fstatat`.
    fn status_of(&self, name: &OsStr) -> Result<Status>;

    /// Sets the permissions of a name in this folder: `fchmodat`.
    fn set_mode_of(&self, name: &OsStr, mode: Mode) -> Result<()>;

    /// Makes a folder in this one, with a mode that the umask may cut: `mkdirat`.
    fn create_folder(&self, name: &OsStr, mode: Mode) -> Result<()>;

    /// Gives a name in this folder another name in a folder, in place of what has it:
    /// `renameat`.
    fn rename(&self, name: &OsStr, to: &Self, new_name: &OsStr) -> Result<()>;

    /// The same, and fails with `EEXIST` when something has the other name: `renameat2`
    /// with `RENAME_NOREPLACE`, where there is such a thing.
    fn rename_new(&self, name: &OsStr, to: &Self, new_name: &OsStr) -> Result<()>;

    /// Removes a name in this folder that is no folder: `unlinkat`.
    fn remove_file(&self, name: &OsStr) -> Result<()>;

    /// Removes an empty folder in this one: `unlinkat` with `AT_REMOVEDIR`.
    fn remove_folder(&self, name: &OsStr) -> Result<()>;

    /// Reads this folder, without `.` and `..`. The kind is missing where the file system
    /// does not tell it: `getdents`.
    fn entries(&self) -> Result<impl Iterator<Item = Result<(OsString, Option<Kind>)>>>;
}
