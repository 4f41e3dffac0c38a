//! The lock of a file that others may put another file in place of.

use std::sync::Arc;
use std::time::Instant;

use crate::disk::{Disk, DiskFile};
use crate::domain::TreePath;
use crate::error::{Error, Result};
use crate::files::lock::{lock_until, release, timed_out};
use crate::limits;
use crate::meters;

/// A file, open for appending, whose lock is held as long as this lives. It is never
/// removed.
pub(in crate::files) struct FileLock {
    pub(super) path: TreePath,
    pub(super) file: Arc<dyn DiskFile>,
}

impl FileLock {
    /// Creates the file when it is missing, and waits for its lock.
    ///
    /// # Errors
    /// LOCK_TIMEOUT after `deadline`.
    pub(in crate::files) fn take(
        disk: &dyn Disk,
        path: &TreePath,
        deadline: Instant,
    ) -> Result<Self> {
        let failed = |source| Error::io("lock", path.as_str(), source);
        loop {
            let file = disk.create_append(path)?;
            let begin = Instant::now();
            let locked = lock_until(&*file, deadline, || limits::LOCK_RETRY_INTERVAL);
            meters::document_lock_waited(begin.elapsed());
            if !locked.map_err(failed)? {
                return Err(timed_out(&*file, path, limits::LOCK_BUDGET));
            }
            let lock = Self { path: path.clone(), file };
            // Some programs unlink their lock files, or put other files in their place:
            // then this one excludes nobody.
            if lock.is_in_place(disk)? {
                return Ok(lock);
            }
        }
    }

    /// Whether the path still names the file.
    pub(super) fn is_in_place(&self, disk: &dyn Disk) -> Result<bool> {
        let named = disk.status(&self.path)?.map(|status| status.identity);
        let status = self.file.status();
        let status = status.map_err(|source| Error::io("look at", self.path.as_str(), source))?;
        Ok(named == Some(status.identity))
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        if let Err(error) = release(&*self.file) {
            tracing::error!(path = %self.path, %error, "cannot unlock a file");
        }
    }
}
