//! Files of lines: only appended to, under their own lock, with one write and one sync
//! for all lines of a call.

use std::time::Instant;

use jiff::Timestamp;

use crate::domain::{RequestId, TreePath};
use crate::error::{Error, Result};
use crate::store::LinesAppended;

use super::Tree;
use super::file_lock::FileLock;
use crate::files::unwritten::{attempted, holds, written_end};

/// Lines to append.
pub(super) struct NewLines<'a> {
    /// The file. Its folder exists.
    pub(super) path: TreePath,
    /// When whoever has the turn should give up waiting for the lock.
    pub(super) deadline: Instant,
    /// Makes a repetition safe: the caller's id, and the hash of what he asks for.
    pub(super) request: Option<(&'a RequestId, String)>,
    /// What else the lines are made of, that may be another by the time of a repetition.
    pub(super) context: &'a str,
    /// Makes the lines, each with its end, for the time and the context of the first try.
    pub(super) lines: &'a dyn Fn(Timestamp, &str) -> Vec<u8>,
}

/// Where an earlier call appended its lines, or was about to.
struct Begun {
    offset: u64,
    /// How many bytes.
    count: usize,
    at: Timestamp,
    context: String,
}

impl Tree {
    /// Appends lines. Half a line at the end of the file is closed first.
    ///
    /// # Errors
    /// LOCK_TIMEOUT, REQUEST_ID_REUSED, DISK_FULL, IO. Nothing is appended then, as far as
    /// what was written can be cut off again.
    pub(super) fn append_lines(&self, new: &NewLines<'_>) -> Result<LinesAppended> {
        // Before the file is made: what is refused or was done leaves nothing new.
        let known = match &new.request {
            Some((request_id, content)) => {
                self.requests.find(request_id, content, self.clock.now())?
            }
            None => None,
        };
        let known = known.and_then(|known| Some((Begun::parse(&known.mark)?, known.done)));
        if let Some((begun, true)) = known {
            return Ok(appended(begun.offset, begun.count, true));
        }
        let locked = LockedFile::take(self, &new.path, new.deadline)?;
        if let Some((begun, false)) = known
            && let Some(appended) = self.append_again(new, &locked, &begun)?
        {
            return Ok(appended);
        }
        self.append_anew(new, &locked)
    }

    /// Completes an append that was begun, as far as nothing else stands in its place.
    fn append_again(
        &self,
        new: &NewLines<'_>,
        locked: &LockedFile,
        begun: &Begun,
    ) -> Result<Option<LinesAppended>> {
        let lines = (new.lines)(begun.at, &begun.context);
        let length = locked.length()?;
        // With the end of half a line before them, if that is not there.
        let closing = locked.is_torn(begun.offset)?;
        let offset = begun.offset - u64::from(closing);
        let bytes = if closing { [b"\n", &lines[..]].concat() } else { lines.clone() };
        if holds(&*locked.0.file, offset, &bytes).map_err(|source| locked.failed("read", source))? {
            // The call that wrote them may have been cut off before its sync.
            locked.sync(self)?;
            return Ok(Some(appended(begun.offset, lines.len(), true)));
        }
        // Of a call that was cut off a part may be there.
        let left = attempted(&*locked.0.file, offset, &bytes, length);
        let Some(there) = left.map_err(|source| locked.failed("read", source))? else {
            return Ok(None);
        };
        if !locked.cut(self, length, offset + there as u64)? {
            return Ok(None);
        }
        locked.write(self, &bytes[there..])?;
        self.finish_lines(new);
        Ok(Some(appended(begun.offset, lines.len(), false)))
    }

    fn append_anew(&self, new: &NewLines<'_>, locked: &LockedFile) -> Result<LinesAppended> {
        let now = self.clock.now();
        let length = locked.cut_unwritten(self)?;
        let is_torn = locked.is_torn(length)?;
        let lines = (new.lines)(now, new.context);
        let begun = Begun {
            offset: length + u64::from(is_torn),
            count: lines.len(),
            at: now,
            context: new.context.to_owned(),
        };
        // What another appends after a failure is not to be taken for the lines of this call.
        let withdraw = || {
            if let Some((request_id, _)) = &new.request {
                self.requests.withdraw(request_id);
            }
        };
        if let Some((request_id, content)) = &new.request {
            let mark = begun.mark();
            let name = (new.path.as_str(), mark.as_str());
            let remembered = self.requests.begin(&*self.disk, request_id, content, name, now);
            remembered.inspect_err(|_| withdraw())?;
        }
        let mut bytes = Vec::with_capacity(lines.len() + 1);
        if is_torn {
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(&lines);
        if let Err(error) = locked.write(self, &bytes) {
            if locked.length().is_ok_and(|now| now == length) {
                withdraw();
            }
            return Err(error);
        }
        self.finish_lines(new);
        Ok(appended(begun.offset, lines.len(), false))
    }

    /// Closes half a line at the end of a file, durably. Returns whether there was one.
    pub(in crate::files) fn close_line(&self, path: &TreePath, deadline: Instant) -> Result<bool> {
        let locked = LockedFile::take(self, path, deadline)?;
        let before = locked.length()?;
        let length = locked.cut_unwritten(self)?;
        let is_torn = locked.is_torn(length)?;
        if is_torn {
            locked.write(self, b"\n")?;
        } else if length < before {
            locked.sync(self)?;
        }
        Ok(is_torn || length < before)
    }

    fn finish_lines(&self, new: &NewLines<'_>) {
        if let Some((request_id, _)) = new.request {
            self.requests.finish(request_id);
        }
    }
}

fn appended(offset: u64, count: usize, duplicate: bool) -> LinesAppended {
    LinesAppended { offset, next_offset: offset + count as u64, duplicate }
}

impl Begun {
    /// What is remembered of it, beside the path.
    fn mark(&self) -> String {
        format!("{} {} {} {}", self.offset, self.count, self.at, self.context)
    }

    fn parse(mark: &str) -> Option<Self> {
        let (offset, rest) = mark.split_once(' ')?;
        let (count, rest) = rest.split_once(' ')?;
        let (at, context) = rest.split_once(' ')?;
        Some(Self {
            offset: offset.parse().ok()?,
            count: count.parse().ok()?,
            at: at.parse().ok()?,
            context: context.to_owned(),
        })
    }
}

/// A file of lines, which is its own lock.
struct LockedFile(FileLock);

impl LockedFile {
    fn take(tree: &Tree, path: &TreePath, deadline: Instant) -> Result<Self> {
        if tree.disk.status(path)?.is_none() {
            // A new file may get the identity of the one that was there.
            tree.forget_entry(path);
        }
        FileLock::take(&*tree.disk, path, deadline).map(Self)
    }

    fn status(&self) -> Result<crate::disk::Status> {
        self.0.file.status().map_err(|source| self.failed("look at", source))
    }

    fn length(&self) -> Result<u64> {
        Ok(self.status()?.length)
    }

    /// Whether the file ends within a line.
    fn is_torn(&self, length: u64) -> Result<bool> {
        let Some(last) = length.checked_sub(1) else { return Ok(false) };
        let mut byte = [0];
        self.0.file.read_at(last, &mut byte).map_err(|source| self.failed("read", source))?;
        Ok(byte != *b"\n")
    }

    /// Cuts off the zeros that a power cut left at the end, which no line has. Returns the
    /// file's length.
    fn cut_unwritten(&self, tree: &Tree) -> Result<u64> {
        loop {
            let length = self.length()?;
            let written = written_end(&*self.0.file, 0..length);
            let written = written.map_err(|source| self.failed("read", source))?;
            if self.cut(tree, length, written)? {
                return Ok(written);
            }
        }
    }

    /// Cuts the file off; not when it has another length by now than the one that was seen:
    /// somebody who takes no lock appends to it.
    fn cut(&self, tree: &Tree, seen: u64, length: u64) -> Result<bool> {
        if length == seen {
            return Ok(true);
        }
        if self.length()? != seen {
            return Ok(false);
        }
        self.0.file.truncate(length).map_err(|source| self.failed("cut", source))?;
        tree.line_files.shorten(&self.0.path, length);
        Ok(true)
    }

    /// Appends bytes and makes them durable, or cuts them off again.
    fn write(&self, tree: &Tree, bytes: &[u8]) -> Result<()> {
        let length = self.length()?;
        let writing = tree.line_files.begin(&self.0.path, length);
        let written = self.0.file.append(bytes).map_err(|source| self.failed("append to", source));
        let done = written.and_then(|()| self.sync(tree)).inspect_err(|_| {
            // Nobody else appends who respects the lock.
            let now = self.0.file.status().map(|status| status.length);
            if now.is_ok_and(|now| now > length && now <= length + bytes.len() as u64) {
                let _ = self.0.file.truncate(length);
            }
        });
        if done.is_ok() {
            writing.finish(self.status()?);
        }
        // The system gave its hint before the sync.
        tree.hints.tell(&self.0.path);
        done
    }

    /// Makes the file durable, its name included, and makes sure that it is still there.
    fn sync(&self, tree: &Tree) -> Result<()> {
        self.0.file.sync().map_err(|source| self.failed("sync", source))?;
        tree.sync_entry(&self.0.path, &*self.0.file)?;
        if self.0.is_in_place(&*tree.disk)? {
            return Ok(());
        }
        let source = std::io::Error::from(std::io::ErrorKind::NotFound);
        Err(self.failed("append to", source))
    }

    fn failed(&self, action: &'static str, source: std::io::Error) -> Error {
        Error::io(action, self.0.path.as_str(), source)
    }
}
