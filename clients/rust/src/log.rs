//! The log of a task: appending entries, reading and following them.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::time::Duration;

use futures_util::FutureExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cuts::Cuts;
use crate::resuming::{Opening, Resuming, Source};
use crate::v1::{
    AppendTaskLogRequest, AppendTaskLogResponse, ReadTaskLogRequest, ReadTaskLogResponse,
    TaskLogEntry,
};
use crate::{Client, Error, random};

impl TaskLogEntry {
    /// Reads the entry as what it stands for.
    ///
    /// # Errors
    /// When it is something else, and when it is damaged.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.entry)
    }
}

impl Client {
    /// Appends up to 1000 entries to the task's log with one write. Each must be an object once
    /// it is JSON.
    pub fn append_log<T: Serialize>(&self, entries: impl IntoIterator<Item = T>) -> AppendLog {
        let entries = entries.into_iter().map(|entry| serde_json::to_string(&entry)).collect();
        AppendLog { client: self.clone(), entries, request_id: random::request_id() }
    }

    /// Reads the task's log, from its beginning unless told otherwise.
    pub fn read_log(&self) -> ReadLog {
        ReadLog { client: self.clone(), request: ReadTaskLogRequest::default() }
    }
}

/// Entries about to be appended; see [`Client::append_log`].
#[derive(Debug)]
#[must_use = "nothing is appended before send"]
pub struct AppendLog {
    client: Client,
    entries: Result<Vec<String>, serde_json::Error>,
    request_id: String,
}

impl AppendLog {
    /// Sets the request id: the same one with the same entries appends once.
    pub fn request_id(mut self, request_id: impl Into<String>) -> Self {
        self.request_id = request_id.into();
        self
    }

    /// Appends the entries, and returns where they begin and end.
    ///
    /// # Errors
    /// As [`Client::call`]; of the kind [`Usage`](crate::ErrorKind::Usage) for what JSON cannot
    /// say.
    pub async fn send(self) -> Result<AppendTaskLogResponse, Error> {
        let (project_id, task_id) = self.client.place.bus()?;
        let entries = self.entries.map_err(|error| Error::usage(format!("an entry: {error}")))?;
        let request_id = self.request_id;
        let request = AppendTaskLogRequest { project_id, task_id, entries, request_id };
        self.client.call_repeatably(request).await
    }
}

/// What to read of a task's log; see [`Client::read_log`].
#[derive(Debug, Clone)]
#[must_use = "nothing is read before open"]
pub struct ReadLog {
    client: Client,
    request: ReadTaskLogRequest,
}

impl ReadLog {
    /// Begins at a byte, counted from 0: where an entry begins or ends.
    pub fn offset(mut self, offset: i64) -> Self {
        self.request.offset = offset;
        self
    }

    /// Begins with the last so many entries: at most 100 000.
    pub fn tail(mut self, entries: i32) -> Self {
        self.request.tail_entries = entries;
        self
    }

    /// Goes on with what is appended, for ever, through breaks and restarts of the server.
    pub fn follow(mut self) -> Self {
        self.request.follow = true;
        self
    }

    /// Begins to read.
    ///
    /// # Errors
    /// Of the kind [`Usage`](crate::ErrorKind::Usage) without a project. What the server refuses
    /// it for comes instead of the first entry.
    pub fn open(mut self) -> Result<Log, Error> {
        (self.request.project_id, self.request.task_id) = self.client.place.bus()?;
        let retry_for = retry_for(&self.client, self.request.follow);
        let source = LogSource { request: self.request, cuts: Cuts::default() };
        let parts = Resuming::new(self.client, source, retry_for);
        Ok(Log { parts, entries: VecDeque::new() })
    }
}

/// Returns how long a file is tried to be read without getting anywhere: without end when it is
/// followed.
pub(crate) fn retry_for(client: &Client, follow: bool) -> Option<Duration> {
    (!follow).then(|| client.retry_for())
}

/// The entries of a task's log. Dropping it ends the call.
#[must_use = "entries come as they are taken"]
pub struct Log {
    parts: Resuming<LogSource>,
    entries: VecDeque<TaskLogEntry>,
}

impl Log {
    /// Waits for the next entry; none at the end, which a followed log does not have, and after
    /// an error. A log that was replaced or cut is given from its new beginning.
    ///
    /// Dropping this future loses nothing.
    pub async fn next(&mut self) -> Option<Result<TaskLogEntry, Error>> {
        loop {
            if let Some(entry) = self.entries.pop_front() {
                return Some(Ok(entry));
            }
            match self.next_part().await? {
                Ok(part) => self.entries = part.entries.into(),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// Waits for the next entries as they come from the server, with whether the log began anew:
    /// it was replaced or cut, also while the connection was broken.
    ///
    /// Dropping this future loses nothing.
    pub async fn next_part(&mut self) -> Option<Result<ReadTaskLogResponse, Error>> {
        let part = poll_fn(|cx| self.parts.poll_frame(cx)).await?;
        Some(part.map(|mut part| {
            self.parts.source.take(&mut part);
            part
        }))
    }
}

/// A ReadTaskLog call, again and again.
struct LogSource {
    request: ReadTaskLogRequest,
    cuts: Cuts,
}

impl LogSource {
    fn take(&mut self, part: &mut ReadTaskLogResponse) {
        self.cuts.note_part(&mut part.restarted);
        self.request.offset = part.next_offset;
        self.request.tail_entries = 0;
    }
}

impl Source for LogSource {
    type Frame = ReadTaskLogResponse;

    fn open(&mut self, client: &Client) -> Opening<ReadTaskLogResponse> {
        let (mut storage, request) = (client.storage(), self.request.clone());
        async move { storage.read_task_log(request).await }.boxed()
    }

    fn end_is_break(&self) -> bool {
        self.request.follow
    }

    fn silence_max(&self) -> Option<Duration> {
        None
    }

    fn recover(&mut self, error: &Error) -> bool {
        self.cuts.recover(&mut self.request.offset, error)
    }
}

#[cfg(test)]
mod tests {
    use tonic::{Code, Status};
    use tonic_types::{ErrorDetails, StatusExt as _};

    use super::*;

    fn cut() -> Error {
        let details = ErrorDetails::with_error_info("OFFSET_MISMATCH", "callboard", []);
        Status::with_error_details(Code::Aborted, "shorter", details).into()
    }

    #[test]
    fn reading_goes_on_behind_the_last_entries_and_anew_when_the_log_was_cut() {
        let request = ReadTaskLogRequest { offset: 3, tail_entries: 5, ..Default::default() };
        let mut source = LogSource { request, cuts: Cuts::default() };
        assert!(!source.recover(&cut()), "the caller's own offset is wrong");
        let mut part = ReadTaskLogResponse { next_offset: 7, ..Default::default() };
        source.take(&mut part);
        assert_eq!((source.request.offset, source.request.tail_entries), (7, 0));
        assert!(!part.restarted);
        assert!(source.recover(&cut()) && source.request.offset == 0);
        source.take(&mut part);
        assert!(part.restarted);
    }

    #[test]
    fn an_entry_is_read_as_what_it_stands_for() {
        let entry = TaskLogEntry { entry: r#"{"n": 7}"#.into(), ..Default::default() };
        let object: std::collections::HashMap<String, i32> = entry.parse().expect("an object");
        assert_eq!(object["n"], 7);
        let damaged = TaskLogEntry { entry: "{\"n\":".into(), damaged: true, offset: 0 };
        assert!(damaged.parse::<serde_json::Value>().is_err());
    }
}
