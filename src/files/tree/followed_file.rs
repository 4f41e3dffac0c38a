//! A file that is read from a place on, and that may grow, be cut, be replaced or not be
//! there yet.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::disk::{Disk, DiskFile};
use crate::domain::TreePath;
use crate::error::{Error, Result};
use crate::limits::FOLLOW_POLL_INTERVAL;

/// What is read at a time to find the beginning of the last lines.
const TAIL_BLOCK_BYTES: u64 = 64 << 10;

/// A file that is followed.
pub(super) struct FollowedFile {
    disk: Arc<dyn Disk>,
    path: TreePath,
    open: Option<Arc<dyn DiskFile>>,
    offset: u64,
    restarted: bool,
}

impl FollowedFile {
    /// Opens a file at its beginning, if it is there.
    pub(super) fn begin(disk: &Arc<dyn Disk>, path: TreePath) -> Result<Self> {
        let open = disk.open(&path)?;
        Ok(Self { disk: Arc::clone(disk), path, open, offset: 0, restarted: false })
    }

    /// Returns the file's path.
    pub(super) fn path(&self) -> &TreePath {
        &self.path
    }

    /// Returns the file's length; none when it is not there.
    pub(super) fn length(&self) -> Result<Option<u64>> {
        self.open.as_ref().map(|file| self.length_of(&**file)).transpose()
    }

    /// Returns where the next bytes begin.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Goes to a place in the file.
    pub(super) fn go_to(&mut self, offset: u64) {
        self.offset = offset;
    }

    /// Goes to where the last so many lines before a place begin.
    pub(super) fn go_to_last_lines(&mut self, lines: u64, until: u64) -> Result<()> {
        if let Some(file) = &self.open {
            self.offset =
                tail_start(&**file, until, lines).map_err(|source| self.failed(source))?;
        }
        Ok(())
    }

    /// Whether what comes next is a new beginning; asked once.
    pub(super) fn take_restarted(&mut self) -> bool {
        std::mem::take(&mut self.restarted)
    }

    /// Returns the next bytes up to a place, without going past them.
    pub(super) fn peek(&mut self, bytes_max: usize, until: u64) -> Result<Vec<u8>> {
        if self.open.is_none() {
            self.open = self.disk.open(&self.path)?;
        }
        let Some(file) = &self.open else { return Ok(Vec::new()) };
        let end = self.length_of(&**file)?.min(until);
        let left = usize::try_from(end.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; left.min(bytes_max)];
        let count = file.read_at(self.offset, &mut bytes).map_err(|source| self.failed(source))?;
        bytes.truncate(count);
        Ok(bytes)
    }

    /// Goes past the next bytes.
    pub(super) fn advance(&mut self, count: usize) {
        self.offset += count as u64;
    }

    /// Goes to the beginning when the file was replaced or cut. Returns whether it was.
    pub(super) fn begin_anew(&mut self) -> Result<bool> {
        let Some(file) = &self.open else { return Ok(false) };
        let open = file.status().map_err(|source| self.failed(source))?;
        let now = self.disk.status(&self.path)?;
        let was_replaced = now.is_some_and(|now| now.identity != open.identity);
        if was_replaced {
            self.open = self.disk.open(&self.path)?;
        }
        if was_replaced || open.length < self.offset {
            self.offset = 0;
            self.restarted = true;
            return Ok(true);
        }
        Ok(false)
    }

    fn length_of(&self, file: &dyn DiskFile) -> Result<u64> {
        Ok(file.status().map_err(|source| self.failed(source))?.length)
    }

    fn failed(&self, source: std::io::Error) -> Error {
        Error::io("read", self.path.as_str(), source)
    }
}

/// Waits for a change, or until it is time to look without one.
///
/// # Errors
/// SHUTTING_DOWN.
pub(super) async fn wait_for_change(
    changed: Option<impl Future<Output = ()>>,
    shutdown: &CancellationToken,
) -> Result<()> {
    let changed = async {
        match changed {
            Some(changed) => changed.await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = changed => Ok(()),
        () = tokio::time::sleep(FOLLOW_POLL_INTERVAL) => Ok(()),
        () = shutdown.cancelled() => Err(Error::ShuttingDown),
    }
}

/// Finds where the last so many lines before a place begin.
fn tail_start(file: &dyn DiskFile, size: u64, lines: u64) -> std::io::Result<u64> {
    let mut wanted = lines;
    let mut end = size;
    let mut block = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(TAIL_BLOCK_BYTES);
        block.resize(usize::try_from(end - start).unwrap_or(0), 0);
        let count = file.read_at(start, &mut block)?;
        for (place, _) in
            block[..count].iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n')
        {
            let after = start + place as u64 + 1;
            // The break at the end of the last line begins none.
            if after == size {
                continue;
            }
            wanted -= 1;
            if wanted == 0 {
                return Ok(after);
            }
        }
        end = start;
    }
    Ok(0)
}
