//! Reading a file of a run, and following it while the run runs. What agents write
//! themselves is passed on as it is, synced or not.

use std::sync::Arc;
use std::time::Instant;

use crate::disk::DiskFile;
use crate::domain::{Liveness, RunFile};
use crate::error::{Error, Reason, Result};
use crate::files::blocking::blocking;
use crate::files::seat::Seat;
use crate::limits::{FILE_CHUNK_BYTES, FOLLOW_POLL_INTERVAL, LOST_SILENCE};
use crate::store::{ChunkStream, FileChunk, FileStart, RunFileQuery};

use super::Tree;
use super::file_hints::FileHint;
use super::runs::RunPlace;

/// What is read at a time to find the beginning of the last lines.
const TAIL_BLOCK_BYTES: u64 = 64 << 10;

/// A reader of one file.
struct Reader {
    tree: Arc<Tree>,
    place: RunPlace,
    file: RunFile,
    follow: bool,
    open: Option<Arc<dyn DiskFile>>,
    offset: u64,
    /// Where it ends for one who does not follow.
    until: u64,
    /// Whether the next chunk is a new beginning.
    restarted: bool,
    /// When something came last.
    silent_since: Instant,
    _seat: Seat,
}

/// What a look at the file gives.
enum Look {
    Chunk(FileChunk),
    /// Nothing now, but something may come.
    Nothing,
    End,
}

impl Tree {
    /// Opens a stream of the chunks of a file.
    pub(in crate::files) async fn read_run_file(
        self: &Arc<Self>,
        query: RunFileQuery,
    ) -> Result<ChunkStream> {
        let tree = Arc::clone(self);
        let follow = query.follow;
        let reader = blocking(move || Reader::open(tree, &query)).await?;
        let hint = follow.then(|| {
            let path = reader.place.file(&reader.file);
            self.hints.follow(&[path, reader.place.record(), reader.place.path()])
        });
        let state = Some((reader, hint));
        Ok(Box::pin(futures_util::stream::unfold(state, |state| async {
            let (reader, hint) = state?;
            match next(reader, hint.as_ref()).await {
                Ok(Some((reader, chunk))) => Some((Ok(chunk), Some((reader, hint)))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        })))
    }
}

/// Returns the next chunk, when there is one; none at the end.
async fn next(mut reader: Reader, hint: Option<&FileHint>) -> Result<Option<(Reader, FileChunk)>> {
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
            Look::Chunk(chunk) => return Ok(Some((reader, chunk))),
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
            () = reader.tree.shutdown.cancelled() => return Err(Error::ShuttingDown),
        }
    }
}

impl Reader {
    fn open(tree: Arc<Tree>, query: &RunFileQuery) -> Result<Self> {
        let place = tree.find_run(&query.run)?;
        let mut reader = Self {
            _seat: Seat::take(&tree.streams)?,
            tree,
            place,
            file: query.file.clone(),
            follow: query.follow,
            open: None,
            offset: 0,
            until: u64::MAX,
            restarted: false,
            silent_since: Instant::now(),
        };
        reader.open = reader.tree.disk.open(&reader.path())?;
        let Some(file) = &reader.open else {
            // It may still come.
            return match query.start {
                FileStart::Offset(1..) if reader.follow => Err(reader.behind_end(query.start, 0)),
                _ if reader.follow && !reader.has_ended()? => Ok(reader),
                _ => Err(reader.not_found()),
            };
        };
        let failed = |source| reader.failed(source);
        let size = file.status().map_err(failed)?.length;
        // A file that grows as fast as it is read would never end.
        let until = if reader.follow { u64::MAX } else { size };
        reader.offset = match query.start {
            FileStart::Offset(offset) if offset > size => {
                return Err(reader.behind_end(query.start, size));
            }
            FileStart::Offset(offset) => offset,
            FileStart::TailLines(count) => tail_start(&**file, size, count).map_err(failed)?,
        };
        reader.until = until;
        Ok(reader)
    }

    fn path(&self) -> crate::domain::TreePath {
        self.place.file(&self.file)
    }

    fn not_found(&self) -> Error {
        Error::RunFileNotFound {
            run: format!("{}/{}", self.place.task, self.place.folder),
            file: self.file.to_string(),
        }
    }

    fn behind_end(&self, start: FileStart, size: u64) -> Error {
        let offset = match start {
            FileStart::Offset(offset) => offset,
            FileStart::TailLines(_) => 0,
        };
        Error::OffsetMismatch { path: self.path().to_string(), offset, size }
    }

    fn failed(&self, source: std::io::Error) -> Error {
        Error::io("read", self.path().as_str(), source)
    }

    /// Reads on, as far as there is something.
    fn look(&mut self) -> Result<Look> {
        if let Some(chunk) = self.read(!self.follow)? {
            return Ok(Look::Chunk(chunk));
        }
        if !self.follow {
            return Ok(Look::End);
        }
        if !self.is_over()? {
            return Ok(Look::Nothing);
        }
        // What was written before the end came may have come after the first look.
        Ok(self.read(true)?.map_or(Look::End, Look::Chunk))
    }

    /// Whether nothing is written any more.
    fn is_over(&self) -> Result<bool> {
        match self.liveness()? {
            // Whoever records the output of a process that has ended may not be done.
            Some(Liveness::Lost) => Ok(self.silent_since.elapsed() >= LOST_SILENCE),
            other => Ok(other.is_none()),
        }
    }

    /// Whether the run has ended, or is gone.
    fn has_ended(&self) -> Result<bool> {
        Ok(self.liveness()?.is_none_or(|liveness| liveness == Liveness::Lost))
    }

    /// Returns whether the process of the run is there; none when the run has ended, or
    /// was removed.
    fn liveness(&self) -> Result<Option<Liveness>> {
        match self.tree.show_run(&self.place) {
            Ok(run) if run.info.has_ended() => Ok(None),
            Ok(run) => Ok(Some(run.liveness)),
            Err(error) if error.reason() == Reason::RunNotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads the next chunk. Half a character at the end is left for later, unless
    /// this is all that will come.
    fn read(&mut self, is_all: bool) -> Result<Option<FileChunk>> {
        if self.open.is_none() {
            self.open = self.tree.disk.open(&self.path())?;
        }
        for _ in 0..2 {
            let Some(file) = self.open.clone() else { return Ok(None) };
            let length = file.status().map_err(|source| self.failed(source))?.length;
            let end = length.min(self.until);
            let left = usize::try_from(end.saturating_sub(self.offset)).unwrap_or(usize::MAX);
            let mut bytes = vec![0; left.min(FILE_CHUNK_BYTES)];
            let count =
                file.read_at(self.offset, &mut bytes).map_err(|source| self.failed(source))?;
            bytes.truncate(count);
            if !is_all || left > FILE_CHUNK_BYTES {
                bytes.truncate(whole_characters(&bytes));
            }
            if !bytes.is_empty() {
                let offset = self.offset;
                self.silent_since = Instant::now();
                self.offset += bytes.len() as u64;
                let restarted = std::mem::take(&mut self.restarted);
                return Ok(Some(FileChunk { bytes, offset, restarted }));
            }
            if !self.follow || !self.begin_anew(&*file)? {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// Begins at the beginning when the file was replaced or cut.
    fn begin_anew(&mut self, file: &dyn DiskFile) -> Result<bool> {
        let open = file.status().map_err(|source| self.failed(source))?;
        let now = self.tree.disk.status(&self.path())?;
        let was_replaced = now.is_some_and(|now| now.identity != open.identity);
        if was_replaced {
            self.open = self.tree.disk.open(&self.path())?;
        }
        if was_replaced || open.length < self.offset {
            self.offset = 0;
            self.restarted = true;
            return Ok(true);
        }
        Ok(false)
    }
}

/// Returns how many of the bytes remain when half a character at their end is left
/// out. What is no UTF-8 stays.
fn whole_characters(bytes: &[u8]) -> usize {
    let length = bytes.len();
    for back in 1..=length.min(3) {
        let byte = bytes[length - back];
        let needed = match byte {
            0b1000_0000..=0b1011_1111 => continue,
            0b1100_0000..=0b1101_1111 => 2,
            0b1110_0000..=0b1110_1111 => 3,
            0b1111_0000..=0b1111_0111 => 4,
            _ => 1,
        };
        return if back < needed { length - back } else { length };
    }
    length
}

/// Finds where the last so many lines begin.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_character_is_left_for_the_next_chunk() {
        let text = "aé€😀".as_bytes();
        let borders = [0, 1, 3, 6, 10];
        for length in 0..=text.len() {
            let whole = borders.iter().rev().find(|border| **border <= length).expect("a border");
            assert_eq!(whole_characters(&text[..length]), *whole, "{length}");
        }
        // What is no text stays as it is.
        for bytes in [&b"\xff"[..], b"\x80\x80\x80\x80", b"a\x80"] {
            assert_eq!(whole_characters(bytes), bytes.len(), "{bytes:?}");
        }
    }
}
