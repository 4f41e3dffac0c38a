//! The lock that keeps a second server off the root.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::disk::{Disk, DiskFile};
use crate::error::{Error, Holder, Result};
use crate::layout::paths;
use crate::limits::LOCK_RETRY_INTERVAL;

use super::lock::lock_until;

/// How long the lock is waited for: no server gives it back so soon.
const PATIENCE: Duration = Duration::from_millis(100);

/// The lock of the root, until it is dropped. Its file is never deleted: two
/// servers could then hold locks of two files by one name.
pub(super) struct RootLock {
    file: Arc<dyn DiskFile>,
}

impl Drop for RootLock {
    fn drop(&mut self) {
        // Closing the file is not enough: a process that is being started from this one
        // has it open, too, until it runs its own program.
        if let Err(error) = self.file.unlock() {
            tracing::warn!(%error, "cannot unlock the root");
        }
    }
}

impl RootLock {
    /// Takes the lock and writes the pid into the file, for people: who holds it
    /// is told by the lock, not by the file.
    pub(super) fn take(disk: &dyn Disk, pid: u32) -> Result<Self> {
        disk.create_folder(&paths::private_folder())?;
        let path = paths::root_lock();
        let file = disk.create_append(&path)?;
        let failed = |source| Error::io("lock", path.as_str(), source);
        // Whoever looks whether there is a server holds it for a moment.
        if !lock_until(&*file, Instant::now() + PATIENCE, || LOCK_RETRY_INTERVAL).map_err(failed)? {
            return Err(Error::RootLocked { holder: holder(&*file) });
        }
        let written = file.truncate(0).and_then(|()| file.append(format!("{pid}\n").as_bytes()));
        if let Err(error) = written {
            // On a full disk, too, there is a server to read from, and to remove with.
            tracing::warn!(%path, %error, "cannot write the pid; the root is locked all the same");
        }
        Ok(Self { file })
    }
}

/// Tells who holds the lock, once it is known that somebody does: where the system does not
/// say whose the lock is, what its holder wrote into the file.
pub(super) fn holder(file: &dyn DiskFile) -> Holder {
    let written = || {
        let mut text = [0; 16];
        let read = file.read_at(0, &mut text).ok()?;
        std::str::from_utf8(&text[..read]).ok()?.trim().parse().ok()
    };
    Holder(file.lock_holder().or_else(written))
}
