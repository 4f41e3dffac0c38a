//! The log of changes: one JSON object a line, with who made each. It says what was asked for
//! and how it ended, never what was written.

use std::path::Path;
use std::sync::Arc;
use std::{io, thread};

use serde_json::{Map, Value};
use tokio::sync::{mpsc, oneshot};

use crate::access::Who;
use crate::clock::Clock;
use crate::disk::LineLog;
use crate::error::Error;

/// Lines that are handed over and not written yet; their callers wait for them anyway.
const WAITING_MAX: usize = 1024;

/// The log of changes.
#[derive(Clone)]
pub struct Audit {
    lines: mpsc::Sender<Line>,
    clock: Arc<dyn Clock>,
}

/// A line that is begun. Dropped before its end it says so: what was asked for may have been
/// done all the same, since nothing takes it back when its caller goes away.
#[derive(Debug)]
pub struct Entry {
    line: Map<String, Value>,
    lines: mpsc::Sender<Line>,
}

/// A line to write, and whom to tell then.
type Line = (Vec<u8>, oneshot::Sender<()>);

impl Audit {
    /// Opens the file, and begins to write what is noted.
    ///
    /// # Errors
    /// When the file cannot be opened, or no thread be had.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let log = LineLog::open(path)?;
        let (lines, noted) = mpsc::channel(WAITING_MAX);
        thread::Builder::new().name("audit".into()).spawn(move || write(log, noted))?;
        Ok(Self { lines, clock })
    }

    /// Begins the line of a change that is asked for.
    pub fn begin(
        &self,
        who: &Who,
        method: &str,
        project: &str,
        names: Vec<(&'static str, &str)>,
    ) -> Entry {
        let mut line = Map::new();
        let mut put = |key: &str, value: &str| {
            if !value.is_empty() {
                line.insert(key.to_owned(), shown(value).into());
            }
        };
        put("ts", &self.clock.now().to_string());
        put("caller", &who.to_string());
        if let Who::Token { id, .. } = who {
            put("token_id", id);
        }
        put("method", method.rsplit('/').next().unwrap_or(method));
        put("project_id", project);
        for (key, value) in names {
            put(key, value);
        }
        Entry { line, lines: self.lines.clone() }
    }

    /// Writes a line, and returns when the system has it. What cannot be written is logged.
    pub async fn note(&self, mut entry: Entry) {
        let (written, done) = oneshot::channel();
        let line = (text(std::mem::take(&mut entry.line)), written);
        if self.lines.send(line).await.is_ok() {
            let _ = done.await;
        }
    }
}

impl Entry {
    /// Says how it ended: with the name of what was made, empty for nothing; or with an error.
    #[must_use]
    pub fn ended(mut self, outcome: Result<String, &Error>) -> Self {
        match outcome {
            Ok(made) => {
                self.line.insert("outcome".to_owned(), "OK".into());
                if !made.is_empty() {
                    self.line.insert("made".to_owned(), shown(&made).into());
                }
            }
            Err(error) => {
                self.line.insert("outcome".to_owned(), error.reason().as_str().into());
            }
        }
        self
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        // Empty when it was written.
        if self.line.is_empty() {
            return;
        }
        self.line.entry("outcome").or_insert_with(|| "UNANSWERED".into());
        let (told, _) = oneshot::channel();
        if self.lines.try_send((text(std::mem::take(&mut self.line)), told)).is_err() {
            tracing::error!("a change whose caller went away is not in the log of changes");
        }
    }
}

fn text(line: Map<String, Value>) -> Vec<u8> {
    let mut text = Value::Object(line).to_string().into_bytes();
    text.push(b'\n');
    text
}

/// Cuts a long value: what callers send is bounded, but not short.
fn shown(value: &str) -> String {
    value.chars().take(256).collect()
}

/// Writes what is noted until nobody notes any more: as many lines at once as there are.
fn write(mut log: LineLog, mut noted: mpsc::Receiver<Line>) {
    while let Some((mut lines, written)) = noted.blocking_recv() {
        let mut waiting = vec![written];
        while let Ok((line, written)) = noted.try_recv() {
            lines.extend(line);
            waiting.push(written);
        }
        if let Err(error) = log.append(&lines) {
            tracing::error!(%error, lines = waiting.len(), "cannot write to the log of changes");
        }
        for written in waiting {
            let _ = written.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    #[tokio::test]
    async fn a_change_whose_caller_went_away_is_noted_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit");
        let audit = Audit::open(&path, Arc::new(SystemClock)).expect("a log");
        let who = Who::User(Some(1));
        drop(audit.begin(&who, "/callboard.v1.Storage/DeleteTask", "demo", vec![]));
        // Lines are written in their order.
        let next = audit.begin(&who, "/callboard.v1.Storage/DeleteRun", "demo", vec![]);
        audit.note(next.ended(Ok(String::new()))).await;
        let bytes = crate::disk::read_public(&path).expect("the log");
        let text = String::from_utf8(bytes).expect("text");
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.lines().next().is_some_and(|line| line.contains("UNANSWERED")), "{text}");
    }

    #[tokio::test]
    async fn a_line_says_who_asked_for_what_and_how_it_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit");
        let audit = Audit::open(&path, Arc::new(SystemClock)).expect("a log");
        let who = Who::Token { name: "ci".into(), id: "0a1b2c3d".into() };
        let begin = |names| audit.begin(&who, "/callboard.v1.Storage/CreateTask", "demo", names);
        let made = begin(vec![("task_id", ""), ("request_id", "r")]).ended(Ok("task-1".into()));
        audit.note(made).await;
        let error = Error::ProjectNotFound { project: "demo".into() };
        audit.note(begin(vec![]).ended(Err(&error))).await;
        let bytes = crate::disk::read_public(&path).expect("the log");
        let text = String::from_utf8(bytes).expect("text");
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.len(), 2);
        let expected = serde_json::json!({
            "ts": lines[0]["ts"], "caller": "token ci", "token_id": "0a1b2c3d",
            "method": "CreateTask", "project_id": "demo", "request_id": "r",
            "outcome": "OK", "made": "task-1",
        });
        assert_eq!(lines[0], expected);
        assert_eq!(lines[1]["outcome"], "PROJECT_NOT_FOUND");
    }
}
