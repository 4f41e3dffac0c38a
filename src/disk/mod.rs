//! Promises about bytes: append, replace, sync, lock. The only module that touches
//! the file system; it knows paths below the root and nothing of what they mean.
//!
//! Nothing here follows a symlink, and nothing leaves the root. Whatever is made
//! has mode 0700 (folders) or 0600 (files), whatever the umask.

mod cached;
pub mod calls;
mod hints;
mod input;
mod line_log;
mod lock_holder;
mod os;
mod output;
mod own_folder;
mod secret_file;
mod secret_update;
mod socket;
mod system;

pub use input::Input;
pub use line_log::LineLog;
pub use os::{OsDisk, TreeDisk};
pub use output::Output;
pub use own_folder::{FolderError, check_closed_folder, check_own_folder};
pub use secret_file::{FileVersion, SecretFileError, read_public, read_secret, version_of};
pub use secret_update::update_secret;
pub use socket::{Socket, SocketError};
pub use system::{SystemCalls, raise_descriptor_limit};

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::TreePath;
use crate::error::Result;

/// A tree of files below one root.
///
/// Errors are [`Error::Io`](crate::error::Error::Io) with the path, or
/// [`Error::NotRegular`](crate::error::Error::NotRegular) when a symlink or
/// something that is no file (or no folder) stands in the way. Methods that
/// return an `Option` give none for a path that does not exist.
pub trait Disk: Send + Sync + 'static {
    /// Returns the root's real path, for what other programs are told. What of it
    /// is no UTF-8 is replaced.
    fn location(&self) -> String;

    /// Opens a file for reading.
    fn open(&self, path: &TreePath) -> Result<Option<Arc<dyn DiskFile>>>;

    /// Opens a file for appending and reading.
    fn open_append(&self, path: &TreePath) -> Result<Option<Arc<dyn DiskFile>>>;

    /// Creates an empty file, or opens the one that is there, for appending and
    /// reading. Its folder's entry for it is not synced.
    fn create_append(&self, path: &TreePath) -> Result<Arc<dyn DiskFile>>;

    /// Creates a file with this content and syncs it, its folder's entry
    /// included. Fails when the path exists.
    fn create_synced(&self, path: &TreePath, content: &[u8]) -> Result<()>;

    /// Reads the whole of a file, with the status of the very file that was read.
    ///
    /// A file that is replaced is seen with its old or its new content, whole. One
    /// that another program writes in place may be seen half written; when it changes
    /// while it is read, it is read again, a few times, and then it is an error.
    ///
    /// # Errors
    /// [`Error::TooLarge`](crate::error::Error::TooLarge) when it is over
    /// `bytes_max`.
    fn read(&self, path: &TreePath, bytes_max: usize) -> Result<Option<Content>>;

    /// Reads the whole of a file as [`read`](Self::read) does, if that is certain not to wait
    /// for a device, a lock or another machine: when path and content are in the system's
    /// memory, and nobody changes the file meanwhile. Else none, also when there is no such
    /// file, or none that can be read: `read` says which.
    ///
    /// The file itself is looked at each time; nothing is remembered.
    fn read_at_once(&self, _path: &TreePath, _bytes_max: usize) -> Option<Content> {
        None
    }

    /// Replaces a file's content in one step, or creates the file; its folder
    /// exists. Readers see the old or the new content, never a part and never no
    /// file. Durable when it returns, its folder's entry included.
    ///
    /// With `unless_changed` the path must still be as expected right before that
    /// step. [`Expected::Absent`] excludes other creators. [`Expected::Status`]
    /// cannot exclude a writer that comes between look and step: writers take turns
    /// by a lock.
    ///
    /// # Errors
    /// The old content is intact, unless only the last step, the sync of the
    /// folder's entry, failed. Nothing of the new content is left over.
    fn replace(
        &self,
        path: &TreePath,
        content: &[u8],
        unless_changed: Option<Expected>,
    ) -> Result<Replaced>;

    /// Creates a file with this content, and syncs that when asked, but not its
    /// folder's entry. Fails when the path exists; leaves no file when it fails.
    fn write_new(&self, path: &TreePath, content: &[u8], sync: bool) -> Result<()>;

    /// Creates one folder, in one that exists. Fails when the path exists. Not
    /// synced.
    fn create_new_folder(&self, path: &TreePath) -> Result<()>;

    /// Creates a folder and those above it, and syncs the entries it made.
    fn create_folder(&self, path: &TreePath) -> Result<()>;

    /// Tells what is at a path, without following a symlink.
    fn status(&self, path: &TreePath) -> Result<Option<Status>>;

    /// Lists a folder, in no order.
    fn list(&self, path: &TreePath) -> Result<Option<Vec<Entry>>>;

    /// Lists a folder as [`list`](Self::list) does, each name with its length in bytes; 0 for
    /// what is no file.
    fn list_with_lengths(&self, path: &TreePath) -> Result<Option<Vec<(Entry, u64)>>>;

    /// Renames a file or a folder, with all that is in it, unless something is at
    /// `to`. Of several that rename to one path at the same time, one succeeds. Not
    /// synced.
    fn rename_new(&self, from: &TreePath, to: &TreePath) -> Result<Renamed>;

    /// Gives a file another path, in place of a file that is there, in one step: whoever
    /// opens that path gets the one or the other. Not synced.
    fn rename_over(&self, from: &TreePath, to: &TreePath) -> Result<()>;

    /// Removes a file. Not synced.
    fn remove_file(&self, path: &TreePath) -> Result<()>;

    /// Removes a folder with everything in it, or a file; nothing when the path does
    /// not exist. Symlinks are removed themselves, wherever they point to. What goes
    /// away meanwhile is no error. Not synced.
    fn remove_tree(&self, path: &TreePath) -> Result<()>;

    /// Whether an absolute path names a folder of the host, in the root or not. Symlinks
    /// are followed; nothing is opened.
    fn is_folder_of_host(&self, path: &str) -> bool;

    /// Tells how many bytes a user without privileges can still write.
    fn free_bytes(&self) -> Result<u64>;

    /// Syncs a folder's entries.
    fn sync_folder(&self, path: &TreePath) -> Result<()>;

    /// Asks the system for hints about changes, if it gives any. They may come
    /// late, more than once or not at all: whoever needs to know looks from time
    /// to time.
    fn hints(&self, changed: Changed) -> Option<Box<dyn Hints>>;
}

/// Called from a thread of its own with a path that may have changed; with none
/// when hints were lost.
pub type Changed = Box<dyn Fn(Option<TreePath>) + Send + Sync>;

/// Hints about changes of the entries and files right in some folders.
pub trait Hints: Send {
    /// Gives hints for a folder. Returns whether the system does.
    fn watch(&mut self, folder: &TreePath) -> bool;

    /// Gives no more hints for a folder.
    fn unwatch(&mut self, folder: &TreePath);
}

/// An open file. It stays the same file when its path is renamed.
pub trait DiskFile: Send + Sync {
    /// Tells the file's size and identity.
    fn status(&self) -> io::Result<Status>;

    /// Reads at an offset; fewer bytes than asked for only at the end.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Appends everything, in one write as long as the system takes it so.
    fn append(&self, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file to a length.
    fn truncate(&self, length: u64) -> io::Result<()>;

    /// Makes content and length durable. After an error nothing may be assumed
    /// about what is on disk, and a second call proves nothing.
    fn sync(&self) -> io::Result<()>;

    /// Tries to take the exclusive BSD lock (`flock`): POSIX locks do not exclude
    /// the other programs that write this layout.
    fn try_lock(&self) -> io::Result<bool>;

    /// Releases the lock.
    fn unlock(&self) -> io::Result<()>;

    /// Finds the process that holds the lock, when the system tells.
    fn lock_holder(&self) -> Option<u32>;
}

/// Which file it is, whatever its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The device.
    pub device: u64,
    /// The inode.
    pub inode: u64,
}

impl Identity {
    /// Returns that of a file by what the system knows of it.
    fn of(found: &Metadata) -> Self {
        Self { device: found.dev(), inode: found.ino() }
    }
}

/// What kind of thing is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symlink, which is never followed.
    Symlink,
    /// A socket, pipe or device.
    Other,
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// What kind of thing it is.
    pub kind: Kind,
    /// Its length in bytes.
    pub length: u64,
    /// Which file it is.
    pub identity: Identity,
    /// When its content last changed, as its writers say.
    pub modified: Timestamp,
    /// When anything of it last changed, its name included. Nobody can set it.
    pub changed: Timestamp,
}

/// A file's content, and which file it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// All its bytes.
    pub bytes: Vec<u8>,
    /// What the file was when they were read.
    pub status: Status,
}

/// What must be at a path for it to be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Nothing.
    Absent,
    /// The file that was read, not touched since.
    Status(Status),
}

/// What became of a replacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Replaced {
    /// The content is there, in the file with this status.
    Done(Status),
    /// Nothing was replaced: the path was not as expected.
    Changed,
}

/// What became of a rename.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Renamed {
    /// It has its new path.
    Done,
    /// Nothing was renamed: something was there.
    Exists,
}

/// One name in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name. Names that are no UTF-8 are not listed: no id is such a name.
    pub name: String,
    /// What kind of thing it names.
    pub kind: Kind,
}
