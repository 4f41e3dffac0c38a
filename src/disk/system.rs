//! The operating system itself: each call as it is, and nothing around it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, Mode, OFlags, Stat};
use rustix::io::{Errno, Result};

use crate::error::Error;

use super::calls::{Calls, Descriptor, Purpose};
use super::hints::NotifyHints;
use super::{Changed, Hints, Identity, Kind, Status, cached, lock_holder};

/// The mode of a new file, as far as the umask lets it.
const FILE_MODE: Mode = Mode::from_raw_mode(0o600);

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

/// The system's calls beneath one open folder.
#[derive(Debug)]
pub struct SystemCalls {
    root: OwnedFd,
    path: PathBuf,
    /// Whether a file whose path is in memory is opened without waiting for anything.
    opens_at_once: bool,
}

impl SystemCalls {
    /// Opens the root, and creates it when it is missing.
    ///
    /// # Errors
    /// IO when it cannot be created, opened or written.
    pub fn open_root(path: &Path) -> crate::error::Result<Self> {
        let shown = path.display().to_string();
        if !path.is_dir() {
            let mut builder = fs::DirBuilder::new();
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder
                .recursive(true)
                .create(path)
                .map_err(|source| Error::io("create the root", &shown, source))?;
        }
        let opened = Self::open_existing_root(path)?;
        let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
        rustix::fs::access(&opened.path, access)
            .map_err(|errno| Error::io("write to the root", &shown, errno.into()))?;
        Ok(opened)
    }

    /// Opens a root that exists, to look at it: it need not be writable.
    ///
    /// # Errors
    /// IO when it does not exist or cannot be opened.
    pub fn open_existing_root(path: &Path) -> crate::error::Result<Self> {
        let failed = |source| Error::io("open the root", path.display().to_string(), source);
        // Canonical, so that messages name the real place and a later change of
        // the working directory means nothing.
        let path = path.canonicalize().map_err(failed)?;
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let root =
            rustix::fs::open(&path, flags, Mode::empty()).map_err(|errno| failed(errno.into()))?;
        let opens_at_once = cached::opens_at_once(&root);
        Ok(Self { root, path, opens_at_once })
    }

    /// Opens component by component: what `openat2` does in one step.
    fn walk(&self, path: &str, purpose: Purpose) -> Result<SystemDescriptor> {
        let mut at = open_at(&self.root, OsStr::new("."), Purpose::Folder)?;
        let mut components = path.split('/').peekable();
        while let Some(component) = components.next() {
            let last = components.peek().is_none();
            let purpose = if last { purpose } else { Purpose::Folder };
            at = open_at(&at.0, OsStr::new(component), purpose)?;
        }
        Ok(at)
    }
}

impl Calls for SystemCalls {
    type Descriptor = SystemDescriptor;

    fn location(&self) -> &Path {
        &self.path
    }

    fn open(&self, path: &str, purpose: Purpose) -> Result<SystemDescriptor> {
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::ResolveFlags;
            let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
            let (flags, mode) = how(purpose);
            match rustix::fs::openat2(&self.root, path, flags, mode, resolve) {
                // An old kernel, or a sandbox that does not know the call.
                Err(Errno::NOSYS | Errno::PERM) => {}
                answer => return answer.map(SystemDescriptor),
            }
        }
        self.walk(path, purpose)
    }

    fn open_cached(&self, path: &str) -> Result<SystemDescriptor> {
        if !self.opens_at_once {
            return Err(Errno::AGAIN);
        }
        let (flags, _) = how(Purpose::Read);
        cached::open(&self.root, path, flags).map(SystemDescriptor)
    }

    fn free_bytes(&self) -> Result<u64> {
        let space = rustix::fs::fstatvfs(&self.root)?;
        Ok(space.f_bavail.saturating_mul(space.f_frsize))
    }

    fn is_folder_of_host(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn hints(&self, changed: Changed) -> Option<Box<dyn Hints>> {
        NotifyHints::start(self.path.clone(), changed)
            .map(|hints| Box::new(hints) as Box<dyn Hints>)
    }
}

/// Something that the system has open.
#[derive(Debug)]
pub struct SystemDescriptor(OwnedFd);

impl Descriptor for SystemDescriptor {
    fn status(&self) -> Result<Status> {
        rustix::fs::fstat(&self.0).map(|stat| status(&stat))
    }

    fn mode(&self) -> Result<Mode> {
        rustix::fs::fstat(&self.0).map(|stat| Mode::from_raw_mode(stat.st_mode))
    }

    fn set_mode(&self, mode: Mode) -> Result<()> {
        rustix::fs::fchmod(&self.0, mode)
    }

    // Where `fsync` leaves it in the device's cache, the call that does not.
    #[cfg(target_vendor = "apple")]
    fn sync(&self) -> Result<()> {
        rustix::fs::fcntl_fullfsync(&self.0)
    }

    #[cfg(target_vendor = "apple")]
    fn sync_data(&self) -> Result<()> {
        rustix::fs::fcntl_fullfsync(&self.0)
    }

    #[cfg(not(target_vendor = "apple"))]
    fn sync(&self) -> Result<()> {
        rustix::fs::fsync(&self.0)
    }

    #[cfg(not(target_vendor = "apple"))]
    fn sync_data(&self) -> Result<()> {
        rustix::fs::fdatasync(&self.0)
    }

    fn set_blocking(&self) {
        let flags = rustix::fs::fcntl_getfl(self.0.as_fd()).unwrap_or(OFlags::empty());
        let _ = rustix::fs::fcntl_setfl(self.0.as_fd(), flags - OFlags::NONBLOCK);
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        rustix::io::pread(&self.0, buffer, offset)
    }

    fn read_cached_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        cached::read_at(&self.0, offset, buffer)
    }

    fn write(&self, bytes: &[u8]) -> Result<usize> {
        rustix::io::write(&self.0, bytes)
    }

    fn truncate(&self, length: u64) -> Result<()> {
        rustix::fs::ftruncate(&self.0, length)
    }

    fn lock(&self) -> Result<()> {
        rustix::fs::flock(&self.0, FlockOperation::NonBlockingLockExclusive)
    }

    fn unlock(&self) -> Result<()> {
        rustix::fs::flock(&self.0, FlockOperation::Unlock)
    }

    fn lock_holder(&self) -> Option<u32> {
        lock_holder::of(self.status().ok()?.identity.inode)
    }

    fn open(&self, name: &OsStr, purpose: Purpose) -> Result<Self> {
        open_at(&self.0, name, purpose)
    }

    fn status_of(&self, name: &OsStr) -> Result<Status> {
        rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW).map(|stat| status(&stat))
    }

    fn set_mode_of(&self, name: &OsStr, mode: Mode) -> Result<()> {
        rustix::fs::chmodat(&self.0, name, mode, AtFlags::empty())
    }

    fn create_folder(&self, name: &OsStr, mode: Mode) -> Result<()> {
        rustix::fs::mkdirat(&self.0, name, mode)
    }

    fn rename(&self, name: &OsStr, to: &Self, new_name: &OsStr) -> Result<()> {
        rustix::fs::renameat(&self.0, name, &to.0, new_name)
    }

    #[cfg(any(target_os = "linux", target_vendor = "apple"))]
    fn rename_new(&self, name: &OsStr, to: &Self, new_name: &OsStr) -> Result<()> {
        let exclusive = rustix::fs::RenameFlags::NOREPLACE;
        rustix::fs::renameat_with(&self.0, name, &to.0, new_name, exclusive)
    }

    #[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
    fn rename_new(&self, name: &OsStr, to: &Self, new_name: &OsStr) -> Result<()> {
        self.rename(name, to, new_name)
    }

    fn remove_file(&self, name: &OsStr) -> Result<()> {
        rustix::fs::unlinkat(&self.0, name, AtFlags::empty())
    }

    fn remove_folder(&self, name: &OsStr) -> Result<()> {
        rustix::fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)
    }

    fn entries(&self) -> Result<impl Iterator<Item = Result<(OsString, Option<Kind>)>>> {
        let entries = Dir::read_from(&self.0)?;
        let named = entries.map(|entry| {
            entry.map(|entry| {
                let kind = match entry.file_type() {
                    FileType::Unknown => None,
                    known => Some(kind_of(known)),
                };
                (OsString::from_vec(entry.file_name().to_bytes().to_vec()), kind)
            })
        });
        Ok(named.filter(|entry| {
            !matches!(entry, Ok((name, _)) if [OsStr::new("."), OsStr::new("..")].contains(&name.as_os_str()))
        }))
    }
}

/// Returns the flags and the mode to open something with.
fn how(purpose: Purpose) -> (OFlags, Mode) {
    let flags = match purpose {
        // NONBLOCK: opening a pipe that somebody put here must not hang.
        Purpose::Read => OFlags::RDONLY | OFlags::NONBLOCK,
        Purpose::Append => OFlags::RDWR | OFlags::APPEND | OFlags::NONBLOCK,
        Purpose::New => OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::EXCL,
        Purpose::Folder => OFlags::RDONLY | OFlags::DIRECTORY,
    };
    let mode = if purpose == Purpose::New { FILE_MODE } else { Mode::empty() };
    (flags | OFlags::CLOEXEC | OFlags::NOFOLLOW, mode)
}

fn open_at(folder: &OwnedFd, name: &OsStr, purpose: Purpose) -> Result<SystemDescriptor> {
    let (flags, mode) = how(purpose);
    rustix::fs::openat(folder, name, flags, mode).map(SystemDescriptor)
}

fn kind_of(kind: FileType) -> Kind {
    match kind {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Folder,
        FileType::Symlink => Kind::Symlink,
        _ => Kind::Other,
    }
}

fn status(stat: &Stat) -> Status {
    Status {
        kind: kind_of(FileType::from_raw_mode(stat.st_mode)),
        length: u64::try_from(stat.st_size).unwrap_or(0),
        identity: Identity { device: stat.st_dev, inode: stat.st_ino },
        modified: timestamp(stat.st_mtime, i64::try_from(stat.st_mtime_nsec).unwrap_or(0)),
        changed: timestamp(stat.st_ctime, i64::try_from(stat.st_ctime_nsec).unwrap_or(0)),
    }
}

fn timestamp(seconds: i64, nanoseconds: i64) -> Timestamp {
    Timestamp::new(seconds, i32::try_from(nanoseconds).unwrap_or(0))
        .unwrap_or(Timestamp::UNIX_EPOCH)
}
