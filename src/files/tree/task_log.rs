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
use super::file_hints::FileHint;
use super::followed_file::{FollowedFile, wait_for_change};
use super::json_lines::NewLines;
use super::requests;

/// A reader of one log.
struct Reader {
    tree: Arc<Tree>,
    task: TaskKey,
    log: FollowedFile,
    follow: bool,
    /// Where it ends for one who does not follow.
    until: u64,
    /// Whether it is within a line that is too long to be returned.
    in_long_line: bool,
    _seat: Seat,
}

/// What a look at the log gives.
enum Look {
    Lines(LogLines),
    /// Nothing now, but something may come.
    Nothing,
    End,
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
            lines: &|_| bytes.clone(),
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
        let state = Some((reader, hint));
        Ok(Box::pin(futures_util::stream::unfold(state, |state| async {
            let (reader, hint) = state?;
            match next(reader, hint.as_ref()).await {
                Ok(Some((reader, lines))) => Some((Ok(lines), Some((reader, hint)))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        })))
    }
}

/// Returns the next lines, when there are some; none at the end.
async fn next(mut reader: Reader, hint: Option<&FileHint>) -> Result<Option<(Reader, LogLines)>> {
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
            Look::Lines(lines) => return Ok(Some((reader, lines))),
            Look::End => return Ok(None),
            Look::Nothing => {}
        }
        wait_for_change(changed, &reader.tree.shutdown).await?;
    }
}

impl Reader {
    fn open(tree: Arc<Tree>, query: &LogQuery) -> Result<Self> {
        tree.demand_task(&query.task)?;
        let path = paths::task_log_file(&paths::task_folder(&query.task));
        let mut log = FollowedFile::begin(&tree.disk, path)?;
        let size = tree.synced_length(log.path(), log.length()?.unwrap_or(0));
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
            // A log that grows as fast as it is read would never end.
            until: if query.follow { u64::MAX } else { size },
            in_long_line: false,
        })
    }

    /// Reads on, as far as there is something.
    fn look(&mut self) -> Result<Look> {
        if let Some(lines) = self.read()? {
            return Ok(Look::Lines(lines));
        }
        if !self.follow {
            return Ok(Look::End);
        }
        if self.log.begin_anew()? {
            self.in_long_line = false;
            if let Some(lines) = self.read()? {
                return Ok(Look::Lines(lines));
            }
        }
        self.tree.demand_task_folder(&self.task)?;
        Ok(Look::Nothing)
    }

    /// Reads the next lines; none when there are none for now.
    fn read(&mut self) -> Result<Option<LogLines>> {
        loop {
            let until = self.tree.synced_length(self.log.path(), self.until);
            let bytes = self.log.peek(FILE_CHUNK_BYTES, until)?;
            if bytes.is_empty() {
                return Ok(None);
            }
            let begin = self.log.offset();
            let (lines, count) = self.split(&bytes);
            self.log.advance(count);
            if !lines.is_empty() {
                let next_offset = self.log.offset();
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
            if !std::mem::take(&mut self.in_long_line) {
                lines.extend(self.line(&bytes[place..place + length], place));
            }
            place += length + 1;
        }
        let rest = &bytes[place..];
        if self.in_long_line {
            return (lines, bytes.len());
        }
        // A line that fills what is read at a time will not become an entry.
        let is_too_long = rest.len() > LOG_ENTRY_BYTES_MAX;
        // An object that is closed is whole, also without the end of its line.
        let is_whole = || str::from_utf8(rest).is_ok_and(|text| JsonObject::parse(text).is_ok());
        let is_last = !self.follow && self.log.offset() + bytes.len() as u64 >= self.until;
        if rest.is_empty() || !(is_too_long || is_last || is_whole()) {
            return (lines, place);
        }
        lines.extend(self.line(rest, place));
        self.in_long_line = is_too_long;
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
        Some(match text.filter(|text| JsonObject::parse(text).is_ok()) {
            Some(text) => LogLine { text: text.to_owned(), offset, damaged: false },
            None => {
                let shown = &bytes[..bytes.len().min(LOG_ENTRY_BYTES_MAX)];
                let text = String::from_utf8_lossy(shown).into_owned();
                LogLine { text, offset, damaged: true }
            }
        })
    }
}
