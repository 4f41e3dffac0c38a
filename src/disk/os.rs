//! The real disk.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fs4::fs_std::FileExt as Lock;
use jiff::Timestamp;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use crate::domain::TreePath;
use crate::error::{Error, Result};

use super::hints::NotifyHints;
use super::{Changed, Disk, DiskFile, Entry, Hints, Identity, Kind, Status, lock_holder};

const FOLDER_MODE: Mode = Mode::RWXU;
const FILE_MODE: Mode = Mode::from_raw_mode(0o600);

/// Files of the operating system below one folder.
#[derive(Debug)]
pub struct OsDisk {
    root: OwnedFd,
    path: PathBuf,
}

/// Lets this process have as many files open as the system allows it: every
/// followed bus and every connection takes one, and the usual limit is 1024.
pub fn raise_descriptor_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::warn!(%error, "cannot raise the limit of open files");
        }
    }
}

impl OsDisk {
    /// Opens the root, and creates it when it is missing.
    ///
    /// # Errors
    /// IO when it cannot be created, opened or written.
    pub fn open_root(path: &Path) -> Result<Self> {
        let shown = path.display().to_string();
        if !path.is_dir() {
            let mut builder = fs::DirBuilder::new();
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder
                .recursive(true)
                .create(path)
                .map_err(|source| Error::io("create the root", &shown, source))?;
        }
        // Canonical, so that messages name the real place and a later change of
        // the working directory means nothing.
        let path =
            path.canonicalize().map_err(|source| Error::io("find the root", &shown, source))?;
        let root = rustix::fs::open(
            &path,
            OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .map_err(|errno| Error::io("open the root", &shown, errno.into()))?;
        rustix::fs::access(&path, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)
            .map_err(|errno| Error::io("write to the root", &shown, errno.into()))?;
        Ok(Self { root, path })
    }

    /// Returns the root's real path.
    pub fn root(&self) -> &Path {
        &self.path
    }

    /// Opens beneath the root without following any symlink.
    fn open_at(&self, path: &TreePath, flags: OFlags, mode: Mode) -> rustix::io::Result<OwnedFd> {
        // NONBLOCK: opening a pipe that somebody put here must not hang.
        let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::ResolveFlags;
            let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
            match rustix::fs::openat2(&self.root, path.as_str(), flags, mode, resolve) {
                // An old kernel, or a sandbox that does not know the call.
                Err(Errno::NOSYS | Errno::PERM) => {}
                answer => return answer,
            }
        }
        self.walk(path, flags, mode)
    }

    /// Opens component by component: what `openat2` does in one step.
    fn walk(&self, path: &TreePath, flags: OFlags, mode: Mode) -> rustix::io::Result<OwnedFd> {
        let folder = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
        let mut at = rustix::fs::openat(&self.root, ".", folder, Mode::empty())?;
        let mut components = path.components().peekable();
        while let Some(component) = components.next() {
            let last = components.peek().is_none();
            at = if last {
                rustix::fs::openat(&at, component, flags, mode)?
            } else {
                rustix::fs::openat(&at, component, folder, Mode::empty())?
            };
        }
        Ok(at)
    }

    fn open_folder(&self, path: &TreePath) -> rustix::io::Result<OwnedFd> {
        self.open_at(path, OFlags::DIRECTORY | OFlags::RDONLY, Mode::empty())
    }

    /// Opens the folder of a path, to use the `…at` calls with its name.
    fn open_parent(&self, path: &TreePath) -> rustix::io::Result<OwnedFd> {
        self.open_folder(&path.parent().unwrap_or_else(TreePath::root))
    }

    /// Says why the system refused a path: what stands in the way, when something
    /// does.
    fn refused(
        &self,
        action: &'static str,
        path: &TreePath,
        expected: &'static str,
        errno: Errno,
    ) -> Error {
        match errno {
            Errno::LOOP | Errno::NOTDIR => self.obstacle(path, expected),
            Errno::ISDIR => Some(not_regular(path, Kind::Folder, expected)),
            Errno::NXIO => Some(not_regular(path, Kind::Other, expected)),
            _ => None,
        }
        .unwrap_or_else(|| Error::io(action, path.as_str(), errno.into()))
    }

    /// Finds the first component of a path that is no folder.
    fn obstacle(&self, path: &TreePath, expected: &'static str) -> Option<Error> {
        let mut at = TreePath::root();
        for component in path.components() {
            let folder = self.open_folder(&at).ok()?;
            at = at.join(component);
            let stat = rustix::fs::statat(&folder, component, AtFlags::SYMLINK_NOFOLLOW).ok()?;
            let kind = kind_of(FileType::from_raw_mode(stat.st_mode));
            if kind != Kind::Folder {
                return Some(not_regular(&at, kind, if at == *path { expected } else { "folder" }));
            }
        }
        None
    }

    fn open_file(
        &self,
        action: &'static str,
        path: &TreePath,
        flags: OFlags,
    ) -> Result<Option<Arc<dyn DiskFile>>> {
        match self.open_at(path, flags, Mode::empty()) {
            Ok(fd) => Ok(Some(regular(path, fd)?)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(self.refused(action, path, "regular file", errno)),
        }
    }
}

impl Disk for OsDisk {
    fn open(&self, path: &TreePath) -> Result<Option<Arc<dyn DiskFile>>> {
        self.open_file("open", path, OFlags::RDONLY)
    }

    fn open_append(&self, path: &TreePath) -> Result<Option<Arc<dyn DiskFile>>> {
        self.open_file("open", path, OFlags::RDWR | OFlags::APPEND)
    }

    fn create_append(&self, path: &TreePath) -> Result<Arc<dyn DiskFile>> {
        loop {
            let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::EXCL;
            match self.open_at(path, flags, FILE_MODE) {
                Ok(fd) => {
                    set_mode(path, &fd)?;
                    return regular(path, fd);
                }
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(self.refused("create", path, "regular file", errno)),
            }
            // Unless it went away again, somebody else made it.
            if let Some(file) = self.open_append(path)? {
                return Ok(file);
            }
        }
    }

    fn create_synced(&self, path: &TreePath, content: &[u8]) -> Result<()> {
        let failed = |source| Error::io("create", path.as_str(), source);
        let fd = self
            .open_at(path, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL, FILE_MODE)
            .map_err(|errno| self.refused("create", path, "regular file", errno))?;
        set_mode(path, &fd)?;
        let mut file = File::from(fd);
        file.write_all(content).and_then(|()| file.sync_all()).map_err(failed)?;
        self.sync_folder(&path.parent().unwrap_or_else(TreePath::root))
    }

    fn create_folder(&self, path: &TreePath) -> Result<()> {
        let mut folder = TreePath::root();
        for component in path.components() {
            let parent = folder;
            folder = parent.join(component);
            let made = self.open_folder(&parent).and_then(|at| {
                rustix::fs::mkdirat(&at, component, FOLDER_MODE)?;
                rustix::fs::chmodat(&at, component, FOLDER_MODE, AtFlags::empty())
            });
            match made {
                Ok(()) => self.sync_folder(&parent)?,
                // Opening it says whether what is there is a folder.
                Err(Errno::EXIST) => drop(
                    self.open_folder(&folder)
                        .map_err(|errno| self.refused("open", &folder, "folder", errno))?,
                ),
                Err(errno) => return Err(self.refused("create", &folder, "folder", errno)),
            }
        }
        Ok(())
    }

    fn status(&self, path: &TreePath) -> Result<Option<Status>> {
        let stat = self
            .open_parent(path)
            .and_then(|at| rustix::fs::statat(&at, path.name(), AtFlags::SYMLINK_NOFOLLOW));
        match stat {
            Ok(stat) => Ok(Some(Status {
                kind: kind_of(FileType::from_raw_mode(stat.st_mode)),
                length: u64::try_from(stat.st_size).unwrap_or(0),
                identity: Identity { device: stat.st_dev, inode: stat.st_ino },
                modified: timestamp(stat.st_mtime, i64::try_from(stat.st_mtime_nsec).unwrap_or(0)),
            })),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(self.refused("look at", path, "file", errno)),
        }
    }

    fn list(&self, path: &TreePath) -> Result<Option<Vec<Entry>>> {
        let folder = match self.open_folder(path) {
            Ok(folder) => folder,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(self.refused("list", path, "folder", errno)),
        };
        let failed = |errno: Errno| Error::io("list", path.as_str(), errno.into());
        let mut entries = Vec::new();
        for entry in rustix::fs::Dir::read_from(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Ok(name) = entry.file_name().to_str() else {
                continue;
            };
            if name == "." || name == ".." {
                continue;
            }
            let kind = match entry.file_type() {
                FileType::Unknown => {
                    match rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                        Ok(stat) => kind_of(FileType::from_raw_mode(stat.st_mode)),
                        // It went away while the folder was read.
                        Err(Errno::NOENT) => continue,
                        Err(errno) => return Err(failed(errno)),
                    }
                }
                known => kind_of(known),
            };
            entries.push(Entry { name: name.to_owned(), kind });
        }
        Ok(Some(entries))
    }

    fn rename_new(&self, from: &TreePath, to: &TreePath) -> Result<()> {
        let failed = |errno: Errno| Error::io("rename", from.as_str(), errno.into());
        let from_folder = self.open_parent(from).map_err(failed)?;
        let to_folder = self.open_parent(to).map_err(failed)?;
        #[cfg(any(target_os = "linux", target_vendor = "apple"))]
        let renamed = rustix::fs::renameat_with(
            &from_folder,
            from.name(),
            &to_folder,
            to.name(),
            RenameFlags::NOREPLACE,
        );
        #[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
        let renamed = rustix::fs::renameat(&from_folder, from.name(), &to_folder, to.name());
        renamed.map_err(failed)
    }

    fn remove_file(&self, path: &TreePath) -> Result<()> {
        self.open_parent(path)
            .and_then(|at| rustix::fs::unlinkat(&at, path.name(), AtFlags::empty()))
            .map_err(|errno| Error::io("remove", path.as_str(), errno.into()))
    }

    fn sync_folder(&self, path: &TreePath) -> Result<()> {
        self.open_folder(path)
            .and_then(|folder| rustix::fs::fsync(&folder))
            .map_err(|errno| self.refused("sync", path, "folder", errno))
    }

    fn hints(&self, changed: Changed) -> Option<Box<dyn Hints>> {
        NotifyHints::start(self.path.clone(), changed)
            .map(|hints| Box::new(hints) as Box<dyn Hints>)
    }
}

/// An open file of the operating system.
struct OsFile(File);

impl DiskFile for OsFile {
    fn status(&self) -> io::Result<Status> {
        let data = self.0.metadata()?;
        Ok(Status {
            kind: Kind::File,
            length: data.len(),
            identity: Identity { device: data.dev(), inode: data.ino() },
            modified: timestamp(data.mtime(), data.mtime_nsec()),
        })
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.0.read_at(&mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        (&self.0).write_all(bytes)
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn try_lock(&self) -> io::Result<bool> {
        // In full: std has methods of the same names that would hide fs4's.
        Lock::try_lock_exclusive(&self.0)
    }

    fn unlock(&self) -> io::Result<()> {
        Lock::unlock(&self.0)
    }

    fn lock_holder(&self) -> Option<u32> {
        lock_holder::of(&self.0)
    }
}

/// Gives a file that was made just now its mode, which the umask may have cut.
fn set_mode(path: &TreePath, fd: &OwnedFd) -> Result<()> {
    rustix::fs::fchmod(fd, FILE_MODE)
        .map_err(|errno| Error::io("set the mode of", path.as_str(), errno.into()))
}

/// Takes what was opened as a file, if it is one.
fn regular(path: &TreePath, fd: OwnedFd) -> Result<Arc<dyn DiskFile>> {
    let stat = rustix::fs::fstat(&fd)
        .map_err(|errno| Error::io("look at", path.as_str(), errno.into()))?;
    let kind = kind_of(FileType::from_raw_mode(stat.st_mode));
    if kind != Kind::File {
        return Err(not_regular(path, kind, "regular file"));
    }
    // NONBLOCK was for pipes only; on files it means nothing, but leave none set.
    let flags = rustix::fs::fcntl_getfl(fd.as_fd()).unwrap_or(OFlags::empty());
    let _ = rustix::fs::fcntl_setfl(fd.as_fd(), flags - OFlags::NONBLOCK);
    Ok(Arc::new(OsFile(File::from(fd))))
}

fn not_regular(path: &TreePath, kind: Kind, expected: &'static str) -> Error {
    let found = match kind {
        Kind::File => "a file",
        Kind::Folder => "a folder",
        Kind::Symlink => "a symlink, which is never followed",
        Kind::Other => "a socket, pipe or device",
    };
    Error::NotRegular { path: path.to_string(), found, expected }
}

fn kind_of(kind: FileType) -> Kind {
    match kind {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Folder,
        FileType::Symlink => Kind::Symlink,
        _ => Kind::Other,
    }
}

fn timestamp(seconds: i64, nanoseconds: i64) -> Timestamp {
    Timestamp::new(seconds, i32::try_from(nanoseconds).unwrap_or(0))
        .unwrap_or(Timestamp::UNIX_EPOCH)
}
