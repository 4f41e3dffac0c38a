//! What is remembered of requests that created something, so that repeating one
//! returns the first answer, also after a restart.
//!
//! One line of JSON for each, in `.callboard/requests`. It is on disk before the
//! thing is created, with the id that the thing gets: whatever happens then, the
//! repetition creates it under this id or finds it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::disk::{Disk, DiskFile};
use crate::domain::{Etag, RequestId};
use crate::error::{Error, Result};
use crate::layout::paths;
use crate::limits::{CREATE_REQUEST_AGE, CREATE_REQUESTS_MAX};

/// A file that has grown to four times what it held, and by this many lines, is
/// written anew without what is old.
const STALE_LINES_MAX: usize = 1000;

/// What a request created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Request {
    request_id: String,
    /// What the request asked for, as a hash.
    content: String,
    /// The name of what it creates; empty when it was withdrawn.
    pub(super) name: String,
    /// What tells it from others that may get its name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) mark: String,
    at: Timestamp,
    /// Whether it was created, so that its absence means that it was removed since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) done: bool,
}

/// The requests of a tree.
pub(super) struct Requests {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: HashMap<String, Request>,
    /// Lines in the file.
    lines: usize,
    /// Lines in it when it was written anew.
    lines_anew: usize,
    /// The file, when it can be appended to.
    file: Option<Arc<dyn DiskFile>>,
    /// How often something was noted, and how much of that is on disk.
    noted: u64,
    settled: u64,
}

impl Requests {
    /// Reads what an earlier server remembered. A line that cannot be read is one
    /// that was not written to its end.
    pub(super) fn load(disk: &dyn Disk, now: Timestamp) -> Result<Self> {
        let mut state = State::default();
        if let Some(file) = disk.open(&paths::requests_file())? {
            let failed = |source| Error::io("read", paths::requests_file().as_str(), source);
            let length = file.status().map_err(failed)?.length;
            let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
            let count = file.read_at(0, &mut bytes).map_err(failed)?;
            for line in bytes[..count].split(|&byte| byte == b'\n') {
                match serde_json::from_slice::<Request>(line) {
                    Ok(request) if request.name.is_empty() => {
                        state.known.remove(&request.request_id);
                    }
                    Ok(request) => {
                        state.known.insert(request.request_id.clone(), request);
                    }
                    Err(_) => {}
                }
            }
            state.forget_old(now);
            // An earlier server may not have synced all of it.
            state.noted = u64::from(!state.known.is_empty());
        }
        Ok(Self { state: Mutex::new(state) })
    }

    /// Finds what an earlier call with this request id created, or was about to.
    ///
    /// # Errors
    /// REQUEST_ID_REUSED when it asked for something else.
    pub(super) fn find(
        &self,
        request_id: &RequestId,
        content: &str,
        now: Timestamp,
    ) -> Result<Option<Request>> {
        let state = super::locked(&self.state);
        let known = state.known.get(request_id.as_str()).filter(|known| known.is_young(now));
        match known {
            Some(known) if known.content != content => Err(Error::RequestIdReused {
                place: known.name.clone(),
                request_id: request_id.as_str().to_owned(),
            }),
            known => Ok(known.cloned()),
        }
    }

    /// Remembers, durably, that a request is about to create something.
    pub(super) fn begin(
        &self,
        disk: &dyn Disk,
        request_id: &RequestId,
        content: &str,
        (name, mark): (&str, &str),
        now: Timestamp,
    ) -> Result<()> {
        let request = Request {
            request_id: request_id.as_str().to_owned(),
            content: content.to_owned(),
            name: name.to_owned(),
            mark: mark.to_owned(),
            at: now,
            done: false,
        };
        let failed = |source| Error::io("write", paths::requests_file().as_str(), source);
        let (file, noted) = {
            let mut state = super::locked(&self.state);
            let line = request.line()?;
            state.known.insert(request.request_id.clone(), request);
            let is_full = state.known.len() >= CREATE_REQUESTS_MAX;
            let is_stale = state.lines > 4 * state.lines_anew + STALE_LINES_MAX;
            if state.file.is_none() || is_stale || is_full {
                state.forget_old(now);
                return state.write_anew(disk);
            }
            (state.append(&line).map_err(failed)?, state.noted)
        };
        self.sync(disk, &file, noted)
    }

    /// Remembers that a request has created its thing. Not durable: without it a
    /// repetition looks whether the thing is there. So it has to be by [`Self::settle`]
    /// before the thing may go away.
    pub(super) fn finish(&self, request_id: &RequestId) {
        let mut state = super::locked(&self.state);
        let Some(known) = state.known.get_mut(request_id.as_str()) else { return };
        known.done = true;
        let line = known.line();
        state.note(line);
    }

    /// Makes durable what was noted. To be called before anything is removed or replaced
    /// that a request may have created: a repetition must not bring it back.
    pub(super) fn settle(&self, disk: &dyn Disk) -> Result<()> {
        let (file, noted) = {
            let mut state = super::locked(&self.state);
            if state.settled == state.noted {
                return Ok(());
            }
            let Some(file) = state.file.clone() else { return state.write_anew(disk) };
            (file, state.noted)
        };
        self.sync(disk, &file, noted)
    }

    /// Makes durable what was noted up to a number, in the file that it was appended to.
    /// Outside of the lock: several callers share what the system syncs.
    fn sync(&self, disk: &dyn Disk, file: &Arc<dyn DiskFile>, noted: u64) -> Result<()> {
        let synced = file.sync();
        let mut state = super::locked(&self.state);
        match synced {
            // The system tells only one of several callers that a sync failed.
            Ok(()) if state.file.as_ref().is_some_and(|open| Arc::ptr_eq(open, file)) => {
                state.settled = state.settled.max(noted);
                Ok(())
            }
            Ok(()) => state.write_anew(disk),
            Err(source) => {
                state.file = None;
                Err(Error::io("write", paths::requests_file().as_str(), source))
            }
        }
    }

    /// Forgets a request that could not create its thing, because somebody else had.
    pub(super) fn withdraw(&self, request_id: &RequestId) {
        let mut state = super::locked(&self.state);
        let Some(known) = state.known.remove(request_id.as_str()) else { return };
        state.note(Request { name: String::new(), ..known }.line());
    }
}

impl Request {
    fn line(&self) -> Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self).map_err(|error| Error::Bug(error.to_string()))?;
        line.push(b'\n');
        Ok(line)
    }

    fn is_young(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.at);
        SignedDuration::try_from(CREATE_REQUEST_AGE).is_ok_and(|limit| age < limit)
    }
}

impl State {
    fn forget_old(&mut self, now: Timestamp) {
        self.known.retain(|_, request| request.is_young(now));
        if self.known.len() >= CREATE_REQUESTS_MAX {
            // Half at once, so that this is rare.
            let mut times: Vec<Timestamp> = self.known.values().map(|known| known.at).collect();
            let (_, middle, _) = times.select_nth_unstable(CREATE_REQUESTS_MAX / 2);
            let middle = *middle;
            self.known.retain(|_, known| known.at > middle);
        }
    }

    /// Appends a line that need not be durable.
    fn note(&mut self, line: Result<Vec<u8>>) {
        self.noted += 1;
        if self.file.is_some()
            && let Ok(line) = line
            && let Err(error) = self.append(&line)
        {
            tracing::warn!(%error, "cannot note how a request ended");
        }
    }

    /// Appends a line; a failed write may have left half of one.
    fn append(&mut self, line: &[u8]) -> std::io::Result<Arc<dyn DiskFile>> {
        let Some(file) = self.file.clone() else {
            return Err(std::io::Error::other("the file is not open"));
        };
        self.lines += 1;
        file.append(line).inspect_err(|_| self.file = None)?;
        Ok(file)
    }

    /// Replaces the file by what is remembered, and opens it.
    fn write_anew(&mut self, disk: &dyn Disk) -> Result<()> {
        let path = paths::requests_file();
        let mut requests: Vec<_> = self.known.values().collect();
        requests.sort_by_key(|request| request.at);
        let mut bytes = Vec::new();
        for request in requests {
            bytes.extend(request.line()?);
        }
        self.file = None;
        let _ = disk.replace(&path, &bytes, None)?;
        self.lines = self.known.len();
        self.lines_anew = self.lines;
        self.settled = self.noted;
        self.file = disk.open_append(&path)?;
        Ok(())
    }
}

/// Whether a line says what was remembered of a request.
pub(in crate::files) fn is_request(line: &[u8]) -> bool {
    serde_json::from_slice::<Request>(line).is_ok()
}

/// Returns the hash of what a request asks for.
pub(super) fn hash(parts: &[impl AsRef<str>]) -> String {
    let mut bytes = Vec::new();
    for part in parts.iter().map(AsRef::as_ref) {
        bytes.extend_from_slice(&part.len().to_le_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    Etag::of(&bytes).to_string()
}

#[cfg(test)]
mod tests {
    use crate::disk::OsDisk;

    use super::*;

    #[test]
    fn what_is_older_than_a_day_is_forgotten_while_the_server_runs() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = OsDisk::open_root(folder.path()).expect("the root");
        disk.create_folder(&paths::private_folder()).expect("a folder");
        let requests = Requests::load(&disk, Timestamp::UNIX_EPOCH).expect("no requests");
        let mut now = Timestamp::UNIX_EPOCH;
        // Each day some hundreds.
        for day in 0..6 {
            for n in 0..300 {
                let id =
                    RequestId::parse(&format!("{day}-{n}")).expect("an id").expect("not empty");
                requests.begin(&disk, &id, "content", ("name", ""), now).expect("remembered");
                requests.finish(&id);
            }
            now += SignedDuration::from_hours(25);
        }
        let kept = super::super::locked(&requests.state).known.len();
        assert!(kept <= 1200, "{kept} are remembered");
        let file = disk.open(&paths::requests_file()).expect("read").expect("a file");
        let length = file.status().expect("its status").length;
        assert!(length < 1 << 19, "{length} bytes");
        // The last ones are still known, also to the next server.
        let last = RequestId::parse("5-299").expect("an id").expect("not empty");
        let again = Requests::load(&disk, now - SignedDuration::from_hours(2)).expect("loaded");
        let found = again.find(&last, "content", now - SignedDuration::from_hours(2));
        assert!(found.expect("the same content").is_some_and(|request| request.done));
    }
}
