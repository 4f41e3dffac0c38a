//! Reading a file of a run, and following it while the run runs. What agents write
//! themselves is passed on as it is, synced or not.

use std::sync::Arc;
use std::time::Instant;

use crate::domain::{Liveness, RunFile};
use crate::error::{Error, Reason, Result};
use crate::files::blocking::blocking;
use crate::files::seat::Seat;
use crate::limits::{FILE_CHUNK_BYTES, LOST_SILENCE};
use crate::store::{ChunkStream, FileChunk, FileStart, RunFileQuery};

use super::Tree;
use super::followed_file::{FollowedFile, Look, Looking, stream_of};
use super::runs::RunPlace;

/// A reader of one file.
struct Reader {
    tree: Arc<Tree>,
    place: RunPlace,
    file: RunFile,
    content: FollowedFile,
    follow: bool,
    /// Whether the one who follows does not know yet where it began.
    tells_start: bool,
    /// Where it ends for one who does not follow.
    until: u64,
    /// When something came last.
    silent_since: Instant,
    _seat: Seat,
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
            let path = reader.content.path().clone();
            self.hints.follow(&[path, reader.place.record(), reader.place.path()])
        });
        Ok(stream_of(reader, hint, self.shutdown.clone()))
    }
}

impl Looking for Reader {
    type Item = FileChunk;

    /// Reads on, as far as there is something.
    fn look(&mut self) -> Result<Look<FileChunk>> {
        let tells_start = std::mem::take(&mut self.tells_start);
        if let Some(chunk) = self.read(!self.follow)? {
            return Ok(Look::Item(chunk));
        }
        if !self.follow {
            return Ok(Look::End);
        }
        if tells_start {
            let offset = self.content.offset();
            return Ok(Look::Item(FileChunk { bytes: Vec::new(), offset, restarted: false }));
        }
        if !self.is_over()? {
            return Ok(Look::Nothing);
        }
        // What was written before the end came may have come after the first look.
        Ok(self.read(true)?.map_or(Look::End, Look::Item))
    }
}

impl Reader {
    fn open(tree: Arc<Tree>, query: &RunFileQuery) -> Result<Self> {
        let place = tree.find_run(&query.run)?;
        let content = FollowedFile::begin(&tree.disk, place.file(&query.file))?;
        let mut reader = Self {
            _seat: Seat::take(&tree.streams)?,
            tree,
            place,
            file: query.file.clone(),
            content,
            follow: query.follow,
            tells_start: matches!(query.start, FileStart::TailLines(_)),
            until: u64::MAX,
            silent_since: Instant::now(),
        };
        let size = match reader.file {
            RunFile::Events => reader.content.written_end()?,
            _ => reader.content.length()?,
        };
        let Some(size) = size else {
            // It may still come.
            return match query.start {
                FileStart::Offset(1..) if reader.follow => Err(reader.behind_end(query.start, 0)),
                _ if reader.follow && !reader.has_ended()? => Ok(reader),
                _ => Err(reader.not_found()),
            };
        };
        match query.start {
            FileStart::Offset(offset) if offset > size => {
                return Err(reader.behind_end(query.start, size));
            }
            FileStart::Offset(offset) => reader.content.go_to(offset),
            FileStart::TailLines(count) => reader.content.go_to_last_lines(count, size)?,
        }
        // A file that grows as fast as it is read would never end.
        reader.until = if reader.follow { u64::MAX } else { size };
        Ok(reader)
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
        Error::OffsetMismatch { path: self.content.path().to_string(), offset, size }
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
        for _ in 0..2 {
            let mut bytes = match self.file {
                // We append the events: nobody sees one before it is on disk.
                RunFile::Events => {
                    self.tree.peek_synced(&mut self.content, FILE_CHUNK_BYTES, self.until)?
                }
                _ => self.content.peek(FILE_CHUNK_BYTES, self.until)?,
            };
            // A chunk that is full may end within a character, whatever comes.
            if !is_all || bytes.len() == FILE_CHUNK_BYTES {
                bytes.truncate(whole_characters(&bytes));
            }
            if !bytes.is_empty() {
                let offset = self.content.offset();
                self.silent_since = Instant::now();
                self.content.advance(bytes.len());
                return Ok(Some(FileChunk {
                    bytes,
                    offset,
                    restarted: self.content.take_restarted(),
                }));
            }
            if !self.follow || !self.content.begin_anew()? {
                return Ok(None);
            }
        }
        Ok(None)
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
