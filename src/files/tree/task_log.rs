//! The logs of tasks: appending entries, reading them, following them.

use std::sync::Arc;
use std::time::Instant;

use crate::domain::{JsonObject, RequestId, TaskKey};
use crate::error::{Error, Result};
use crate::files::blocking::blocking;
use crate::files::seat::Seat;
use crate::layout::paths;
use crate::limits::{FILE_CHUNK_BYTES, LOG_ENTRY_BYTES_MAX};
use crate::store::{FileStart, LinesAppended, LogLine, LogLines, LogQuery, LogStream};

use super::Tree;
use super::followed_file::{FollowedFile, Look, Looking, stream_of};
use super::json_lines::NewLines;
use super::requests;

/// A reader of one log.
struct Reader {
    tree: Arc<Tree>,
    task: TaskKey,
    log: FollowedFile,
    follow: bool,
    /// Whether the one who follows does not know yet where it began.
    tells_start: bool,
    /// Where it ends for one who does not follow.
    until: u64,
    /// The line that it is within, when that is too long to be returned as a whole.
    long_line: Option<LogLine>,
    _seat: Seat,
}

impl Tree {
    /// Appends entries to a task's log.
    pub(in crate::files) fn append_task_log(
        &self,
        task: &TaskKey,
        entries: &[JsonObject],
        request_id: Option<&RequestId>,
        deadline: Instant,
    ) -> Result<LinesAppended> {
        self.demand_task(task)?;
        let mut bytes = Vec::new();
        for entry in entries {
            bytes.extend_from_slice(entry.as_str().as_bytes());
            bytes.push(b'\n');
        }
        let content = |request_id| {
            let place = ["task log", task.project.as_str(), task.task.as_str()];
            let entries = entries.iter().map(JsonObject::as_str);
            let parts: Vec<&str> = place.into_iter().chain(entries).collect();
            (request_id, requests::hash(&parts))
        };
        let appended = self.append_lines(&NewLines {
            path: paths::task_log_file(&paths::task_folder(task)),
            deadline,
            request: request_id.map(content),
            context: "",
            lines: &|_, _| bytes.clone(),
        });
        self.or_task_gone(task, appended)
    }

    /// Opens a stream of the lines of a task's log.
    pub(in crate::files) async fn read_task_log(
        self: &Arc<Self>,
        query: LogQuery,
    ) -> Result<LogStream> {
        let tree = Arc::clone(self);
        let follow = query.follow;
        let reader = blocking(move || Reader::open(tree, &query)).await?;
        let hint = follow.then(|| {
            let folder = paths::task_folder(&reader.task);
            self.hints.follow(&[reader.log.path().clone(), folder])
        });
        Ok(stream_of(reader, hint, self.shutdown.clone()))
    }
}

impl Looking for Reader {
    type Item = LogLines;

    /// Reads on, as far as there is something.
    fn look(&mut self) -> Result<Look<LogLines>> {
        let tells_start = std::mem::take(&mut self.tells_start);
        if let Some(lines) = self.read()? {
            return Ok(Look::Item(lines));
        }
        if !self.follow {
            return Ok(Look::End);
        }
        if tells_start {
            let next_offset = self.log.offset();
            return Ok(Look::Item(LogLines { lines: Vec::new(), next_offset, restarted: false }));
        }
        if self.log.begin_anew()? {
            self.long_line = None;
            if let Some(lines) = self.read()? {
                return Ok(Look::Item(lines));
            }
        }
        self.tree.demand_task_folder(&self.task)?;
        Ok(Look::Nothing)
    }
}

impl Reader {
    fn open(tree: Arc<Tree>, query: &LogQuery) -> Result<Self> {
        tree.demand_task(&query.task)?;
        let path = paths::task_log_file(&paths::task_folder(&query.task));
        let mut log = FollowedFile::begin(&tree.disk, path)?;
        let size = tree.settled_length(&log)?;
        match query.start {
            FileStart::Offset(offset) if offset > size => {
                return Err(Error::OffsetMismatch { path: log.path().to_string(), offset, size });
            }
            FileStart::Offset(offset) => log.go_to(offset),
            FileStart::TailLines(count) => log.go_to_last_lines(count, size)?,
        }
        Ok(Self {
            _seat: Seat::take(&tree.streams)?,
            tree,
            task: query.task.clone(),
            log,
            follow: query.follow,
            tells_start: matches!(query.start, FileStart::TailLines(_)),
            // A log that grows as fast as it is read would never end.
            until: if query.follow { u64::MAX } else { size },
            long_line: None,
        })
    }

    /// Reads the next lines; none when there are none for now.
    fn read(&mut self) -> Result<Option<LogLines>> {
        loop {
            let bytes = self.tree.peek_synced(&mut self.log, FILE_CHUNK_BYTES, self.until)?;
            if bytes.is_empty() {
                return Ok(None);
            }
            let begin = self.log.offset();
            let (lines, count) = self.split(&bytes);
            self.log.advance(count);
            if !lines.is_empty() {
                // Within a long line nobody goes on.
                let next_offset =
                    self.long_line.as_ref().map_or(self.log.offset(), |line| line.offset);
                let restarted = self.log.take_restarted();
                return Ok(Some(LogLines { lines, next_offset, restarted }));
            }
            // Only empty lines, or half of one that may go on.
            if self.log.offset() == begin {
                return Ok(None);
            }
        }
    }

    /// Splits bytes into lines. Returns them, and how many bytes are done with.
    fn split(&mut self, bytes: &[u8]) -> (Vec<LogLine>, usize) {
        let mut lines = Vec::new();
        let mut place = 0;
        while let Some(length) = memchr::memchr(b'\n', &bytes[place..]) {
            match self.long_line.take() {
                Some(line) => lines.push(line),
                None => lines.extend(self.line(&bytes[place..place + length], place)),
            }
            place += length + 1;
        }
        let rest = &bytes[place..];
        let is_last = !self.follow && self.log.offset() + bytes.len() as u64 >= self.until;
        // A line that is too long to be an entry is read only to find its end.
        if self.long_line.is_none() && rest.len() > LOG_ENTRY_BYTES_MAX {
            self.long_line = self.line(rest, place);
        }
        if self.long_line.is_some() {
            lines.extend(self.long_line.take_if(|_| is_last));
            return (lines, bytes.len());
        }
        // An object that is closed is whole, also without the end of its line.
        let is_whole =
            || str::from_utf8(rest).is_ok_and(|text| JsonObject::of_another(text).is_ok());
        if rest.is_empty() || !(is_last || is_whole()) {
            return (lines, place);
        }
        lines.extend(self.line(rest, place));
        (lines, bytes.len())
    }

    /// Returns a line; none for an empty one.
    fn line(&self, bytes: &[u8], place: usize) -> Option<LogLine> {
        let bytes = bytes.trim_ascii();
        if bytes.is_empty() {
            return None;
        }
        let offset = self.log.offset() + place as u64;
        let text = str::from_utf8(bytes).ok().filter(|text| text.len() <= LOG_ENTRY_BYTES_MAX);
        Some(match text.filter(|text| JsonObject::of_another(text).is_ok()) {
            Some(text) => LogLine { text: text.to_owned(), offset, damaged: false },
            None => {
                let shown = &bytes[..bytes.len().min(LOG_ENTRY_BYTES_MAX)];
                let text = String::from_utf8_lossy(shown).into_owned();
                LogLine { text, offset, damaged: true }
            }
        })
    }
}
