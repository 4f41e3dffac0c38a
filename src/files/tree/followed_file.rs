//! A file that is read from a place on, and that may grow, be cut, be replaced or not be
//! there yet.

use std::pin::Pin;
use std::sync::Arc;

use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;

use crate::disk::{Disk, DiskFile, Identity};
use crate::domain::TreePath;
use crate::error::{Error, Result};
use crate::files::blocking::blocking;
use crate::files::unwritten::written_end;
use crate::limits::FOLLOW_POLL_INTERVAL;

use super::file_hints::FileHint;

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

    /// Returns how long the file is without zeros at its end, as far as they come after what
    /// was read; none when it is not there.
    pub(super) fn written_end(&self) -> Result<Option<u64>> {
        let Some(file) = &self.open else { return Ok(None) };
        let length = self.length_of(&**file)?;
        let written = written_end(&**file, self.offset.min(length)..length);
        written.map(Some).map_err(|source| self.failed(source))
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

    /// Makes what the file holds durable, whoever wrote it, then its name.
    pub(super) fn sync(&self, name: impl FnOnce(&dyn DiskFile) -> Result<()>) -> Result<()> {
        let Some(file) = &self.open else { return Ok(()) };
        file.sync().map_err(|source| Error::io("sync", self.path.as_str(), source))?;
        name(&**file)
    }

    /// Returns which file is open.
    pub(super) fn identity(&self) -> Result<Option<Identity>> {
        let status = self.open.as_ref().map(|file| file.status()).transpose();
        let status = status.map_err(|source| self.failed(source))?;
        Ok(status.map(|status| status.identity))
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

/// What a look at a file gives.
pub(super) enum Look<T> {
    /// The next of it.
    Item(T),
    /// Nothing now, but something may come.
    Nothing,
    /// Nothing more will come.
    End,
}

/// Who looks at a file, again and again.
pub(super) trait Looking: Send + 'static {
    /// What it finds.
    type Item: Send + 'static;

    /// Looks once. Blocks.
    fn look(&mut self) -> Result<Look<Self::Item>>;
}

/// Streams what a reader finds, until its end or an error. Where there is nothing now, it
/// waits for a hint, or until it is time to look without one; at the shutdown it ends with
/// SHUTTING_DOWN.
pub(super) fn stream_of<R: Looking>(
    reader: R,
    hint: Option<FileHint>,
    shutdown: CancellationToken,
) -> Pin<Box<dyn Stream<Item = Result<R::Item>> + Send>> {
    let state = Some((reader, hint, shutdown));
    Box::pin(futures_util::stream::unfold(state, |state| async {
        let (reader, hint, shutdown) = state?;
        match next(reader, hint.as_ref(), &shutdown).await {
            Ok(Some((reader, item))) => Some((Ok(item), Some((reader, hint, shutdown)))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    }))
}

/// Returns what comes next, when something comes; none at the end.
async fn next<R: Looking>(
    mut reader: R,
    hint: Option<&FileHint>,
    shutdown: &CancellationToken,
) -> Result<Option<(R, R::Item)>> {
    loop {
        // From before the look on, so that no change falls in between.
        let changed = hint.map(FileHint::next);
        let look;
        (reader, look) = blocking(move || {
            let look = reader.look()?;
            Ok((reader, look))
        })
        .await?;
        match look {
            Look::Item(item) => return Ok(Some((reader, item))),
            Look::End => return Ok(None),
            Look::Nothing => {}
        }
        let changed = async {
            match changed {
                Some(changed) => changed.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = changed => {}
            () = tokio::time::sleep(FOLLOW_POLL_INTERVAL) => {}
            () = shutdown.cancelled() => return Err(Error::ShuttingDown),
        }
    }
}

/// Finds where the last so many lines before a place begin.
fn tail_start(file: &dyn DiskFile, size: u64, lines: u64) -> std::io::Result<u64> {
    if lines == 0 {
        return Ok(size);
    }
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
