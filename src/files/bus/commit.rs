//! Group commit: all waiting appends in one write and one sync.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::domain::{Cursor, RequestId};
use crate::error::{Error, Result};
use crate::layout::message_file::{self, GUARD, NewRecord, Position, SEPARATOR, Step};
use crate::layout::msg_id;
use crate::limits;
use crate::meters;
use crate::store::{AppendBatch, Appended};

use super::Publisher;
use super::index::Entry;
use super::owner::{Live, Owner};
use super::request_ids::{Remembered, RequestIds};
use super::scanner::{Found, Scanner};

/// An append that waits for its turn.
pub(super) struct PendingAppend {
    pub(super) batch: AppendBatch,
    pub(super) answer: oneshot::Sender<Result<Appended>>,
    /// The room it takes in the queue.
    pub(super) _room: OwnedSemaphorePermit,
}

/// Who waits for an append, and what it came to.
type Answer = (oneshot::Sender<Result<Appended>>, Appended);

/// What one turn wrote, and who waits for its sync.
struct Written {
    answers: Vec<Answer>,
    /// New ones.
    messages: usize,
    /// What these take in the file.
    bytes: usize,
}

/// What one turn writes.
struct Composition {
    bytes: Vec<u8>,
    /// Where in the file the bytes will begin.
    base: u64,
    /// One for each record in `bytes`; offset in the file.
    entries: Vec<(Entry, u64)>,
    last_msg_id: Option<String>,
}

impl Owner {
    /// Appends all of these with one write and one sync, and answers them.
    pub(super) fn commit(&mut self, appends: Vec<PendingAppend>, publisher: &Publisher) {
        if self.poisoned {
            let bus = self.bus.to_string();
            refuse(appends, &Error::BusPoisoned { bus });
            return;
        }
        match self.expects_of_nothing(&appends) {
            Ok(false) => {}
            Ok(true) => return self.refuse_expectations(appends),
            Err(error) => return refuse(appends, &error),
        }
        if let Err(error) = self.lock_for(&appends) {
            meters::commit_failed();
            return refuse(appends, &error);
        }
        let written = self.write(appends);
        self.unlock();
        let Some(Written { answers, messages, bytes }) = written else {
            return meters::commit_failed();
        };
        // What is in the file may be another program's and unsynced, even when
        // every append was a repetition.
        let begin = Instant::now();
        match self.sync() {
            Ok(()) => {
                meters::committed(messages, bytes, begin.elapsed());
                meters::repeated(answers.iter().filter(|(_, it)| it.duplicate).count());
                self.publish(publisher);
                for (answer, appended) in answers {
                    let _ = answer.send(Ok(appended));
                }
            }
            Err(error) => {
                meters::commit_failed();
                // The view has to say that the bus takes no more; without one, nobody
                // knows what of the bus is durable.
                if self.opened {
                    self.publish(publisher);
                }
                for (answer, _) in answers {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }

    /// Locks the live file, with all that is to be known of it for these.
    fn lock_for(&mut self, appends: &[PendingAppend]) -> Result<()> {
        self.lock_live(true, limits::LOCK_BUDGET)?;
        if let Some(live) = self.lacks_request_ids(appends) {
            // A scan of a large file under the lock would hold others up.
            self.unlock();
            live.index.complete(&*live.file, live.end).map_err(self.failed("read"))?;
            self.lock_live(true, limits::LOCK_BUDGET)?;
        }
        Ok(())
    }

    /// Returns the live file when its index does not reach back far enough to look request
    /// ids up.
    fn lacks_request_ids(&self, appends: &[PendingAppend]) -> Option<&Live> {
        if self.request_ids.is_some()
            || appends.iter().all(|append| append.batch.request_id.is_none())
        {
            return None;
        }
        let since = RequestIds::remembered_since(self.context.clock.now());
        let reaches =
            |live: &&Live| live.index.lock().reaches_back(limits::REQUEST_ID_MESSAGES, since);
        self.live.as_ref().filter(|live| !reaches(live))
    }

    /// Whether all of these expect a last message of a bus that does not exist.
    fn expects_of_nothing(&mut self, appends: &[PendingAppend]) -> Result<bool> {
        let expecting = appends.iter().all(|append| append.batch.expected_last.is_some());
        if !expecting || self.live.is_some() || self.disk().status(&self.path)?.is_some() {
            return Ok(false);
        }
        self.refresh_archives()?;
        Ok(self.archives.as_slice().is_empty())
    }

    /// Refuses appends before anything is made for them.
    fn refuse_expectations(&self, appends: Vec<PendingAppend>) {
        for PendingAppend { batch, answer, .. } in appends {
            let expected = batch.expected_last.map(|id| id.as_str().to_owned()).unwrap_or_default();
            let bus = self.bus.to_string();
            let _ = answer.send(Err(Error::BusMoved { bus, expected, actual: String::new() }));
        }
    }

    /// Composes and writes the records under the lock. Refused appends are
    /// answered at once, the others are returned with their answers.
    fn write(&mut self, appends: Vec<PendingAppend>) -> Option<Written> {
        if let Err(error) = self.clear_tail().and_then(|()| self.load_request_ids(&appends)) {
            refuse(appends, &error);
            return None;
        }
        let mut composition = match self.begin() {
            Ok(composition) => composition,
            Err(error) => {
                refuse(appends, &error);
                return None;
            }
        };
        let mut answers = Vec::with_capacity(appends.len());
        for PendingAppend { batch, answer, .. } in appends {
            match self.compose(&batch, &mut composition) {
                Ok(appended) => answers.push((answer, appended)),
                Err(error) => {
                    let _ = answer.send(Err(error));
                }
            }
        }
        if let Err(error) = self.write_out(&composition) {
            // What was noted of this turn is not in the file.
            self.request_ids = None;
            for (answer, _) in answers {
                let _ = answer.send(Err(error.clone()));
            }
            return None;
        }
        let (messages, bytes) = (composition.entries.len(), composition.bytes.len());
        Some(Written { answers, messages, bytes })
    }

    fn begin(&mut self) -> Result<Composition> {
        self.load_last_ts()?;
        let last_msg_id = self.last()?.map(|last| last.msg_id);
        let mut bytes = Vec::new();
        let base = self.live.as_ref().map_or(0, |live| live.end);
        if self.live.as_ref().is_some_and(|live| live.position.needs_guard()) {
            bytes.extend_from_slice(GUARD);
        }
        Ok(Composition { bytes, base, entries: Vec::new(), last_msg_id })
    }

    /// Adds the records of one batch, or finds that they are there already.
    fn compose(&mut self, batch: &AppendBatch, composition: &mut Composition) -> Result<Appended> {
        let size = u32::try_from(batch.messages.len()).unwrap_or(u32::MAX);
        let present = match (&batch.request_id, &self.request_ids) {
            (Some(request_id), Some(known)) => {
                known.find(&self.bus, request_id, &batch.messages)?
            }
            _ => Vec::new(),
        };
        if present.len() == batch.messages.len() {
            return repeated(&present);
        }
        if let Some(expected) = &batch.expected_last
            && present.is_empty()
            && composition.last_msg_id.as_deref() != Some(expected.as_str())
        {
            return Err(Error::BusMoved {
                bus: self.bus.to_string(),
                expected: expected.as_str().to_owned(),
                actual: composition.last_msg_id.clone().unwrap_or_default(),
            });
        }

        let begin = (composition.bytes.len(), composition.entries.len());
        let mut messages: Vec<(String, Timestamp)> = Vec::with_capacity(batch.messages.len());
        let mut added = Vec::with_capacity(batch.messages.len() - present.len());
        let mut there = present.iter().peekable();
        for (place, message) in (1..=size).zip(&batch.messages) {
            if let Some(one) = there.next_if(|one| one.batch.0 == place) {
                messages.push((one.msg_id.clone(), one.ts));
                continue;
            }
            let ts = self.next_ts();
            let msg_id = msg_id::format(ts, self.context.pid, self.context.next_sequence());
            if composition.base + composition.bytes.len() as u64 > 0 {
                composition.bytes.extend_from_slice(SEPARATOR);
            }
            let offset = composition.base + composition.bytes.len() as u64;
            let encoded = message_file::encode(
                &NewRecord {
                    project_id: self.bus.project.as_str(),
                    task_id: self.bus.task_str(),
                    message,
                    msg_id: &msg_id,
                    ts,
                    request_id: batch.request_id.as_ref().map(RequestId::as_str),
                    batch: (size > 1 && batch.request_id.is_some()).then_some((place, size)),
                },
                &mut composition.bytes,
            );
            if let Err(error) = encoded {
                composition.bytes.truncate(begin.0);
                composition.entries.truncate(begin.1);
                return Err(error);
            }
            let end = composition.base + composition.bytes.len() as u64;
            let entry = Entry { offset, msg_id: msg_id.clone(), ts: Some(ts) };
            composition.entries.push((entry, end));
            added.push((place, message));
            messages.push((msg_id, ts));
        }
        // Only now, when nothing of the batch can be refused any more.
        if let Some(known) = &mut self.request_ids {
            for ((entry, _), (place, message)) in composition.entries[begin.1..].iter().zip(added) {
                let ts = entry.ts.unwrap_or(Timestamp::UNIX_EPOCH);
                known.note_new(
                    batch.request_id.as_ref(),
                    message,
                    (place, size),
                    &entry.msg_id,
                    ts,
                    entry.offset,
                );
            }
        }
        let (last, _) =
            composition.entries.last().ok_or_else(|| Error::Bug("an empty batch".into()))?;
        composition.last_msg_id = Some(last.msg_id.clone());
        let cursor = Cursor::After { offset: last.offset, msg_id: last.msg_id.clone() };
        Ok(Appended { messages, cursor, duplicate: false })
    }

    /// Returns the current time, but later than every time given before, also
    /// when the clock stepped back: ids increase along a bus.
    fn next_ts(&mut self) -> Timestamp {
        let now = self.context.clock.now();
        let ts = match self.last_ts {
            Some(last) if now <= last => {
                last.saturating_add(SignedDuration::from_nanos(1)).unwrap_or(now)
            }
            _ => now,
        };
        self.last_ts = Some(ts);
        ts
    }

    /// Writes the records at the end of the file, or leaves the file as it was.
    fn write_out(&mut self, composition: &Composition) -> Result<()> {
        let (Some(live), false) = (&self.live, composition.entries.is_empty()) else {
            return Ok(());
        };
        if let Err(source) = live.file.append(&composition.bytes) {
            // Half a record would be found and moved away by the next writer, but
            // others read meanwhile.
            if let Err(error) = live.file.truncate(composition.base) {
                tracing::error!(bus = %self.bus, %error, "cannot take back a failed write");
            }
            return Err(self.failed("append to")(source));
        }
        let length = live.file.status().map_err(self.failed("look at"))?.length;
        if length != composition.base + composition.bytes.len() as u64 {
            // A writer that takes no lock came in between: where our records stand
            // is found by reading them.
            self.ingest()?;
            return Ok(());
        }
        // A legacy line that others append is named by its number: it stays known.
        let at_end = live.position.offset() == composition.base;
        let mut line = live.position.line().filter(|_| at_end);
        let mut counted = 0;
        let is_followed = self.context.hub.is_followed(&self.bus);
        let mut kept = Vec::new();
        let mut index = live.index.lock();
        let mut position = live.position.clone();
        for (entry, end) in &composition.entries {
            let start = usize::try_from(entry.offset - composition.base).unwrap_or(0);
            let stop = usize::try_from(end - composition.base).unwrap_or(0);
            // Read back as every reader will: this says where the next record of
            // whoever may come begins.
            let from = position.offset();
            position = Position::at_own_record(entry.offset);
            if let Some(line) = line {
                position.set_line(line + newlines(&composition.bytes[counted..start]));
            }
            let step = message_file::next(&mut position, &composition.bytes[start..stop], true);
            debug_assert!(
                matches!(step, Step::Record(_)),
                "wrote what does not read as one record"
            );
            if let (Step::Record(record), true) = (step, is_followed) {
                kept.push((*record, from, position.clone()));
            }
            line = position.line();
            counted = stop;
            index.push(entry.clone(), true, &position);
        }
        drop(index);
        for (record, from, after) in kept {
            self.context.recent_room.keep(&live.recent, &self.bus, record, from, &after);
        }
        if let Some(live) = &mut self.live {
            live.position = position;
            live.end = composition.base + composition.bytes.len() as u64;
            live.length = live.end;
        }
        Ok(())
    }

    /// Reads the request ids of the bus when they are needed for the first time.
    fn load_request_ids(&mut self, appends: &[PendingAppend]) -> Result<()> {
        let now = self.context.clock.now();
        if let Some(known) = &mut self.request_ids {
            known.forget_before(now);
            return Ok(());
        }
        if appends.iter().all(|append| append.batch.request_id.is_none()) {
            return Ok(());
        }
        let since = RequestIds::remembered_since(now);
        let mut known = RequestIds::new();
        // Which archives does the range reach back into?
        let mut wanted = limits::REQUEST_ID_MESSAGES;
        let mut reaches_back = match &self.live {
            Some(live) => {
                // Only a file that took the place of another one right now: see `lock_for`.
                if !live.index.lock().reaches_back(wanted, since) {
                    live.index.complete(&*live.file, live.end).map_err(self.failed("read"))?;
                }
                let index = live.index.lock();
                let reaches_back = index.is_younger_than(wanted, since);
                wanted = wanted.saturating_sub(index.records());
                reaches_back
            }
            None => true,
        };
        let mut ranges = Vec::new();
        for archive in self.archives.as_slice().iter().rev() {
            if !reaches_back {
                break;
            }
            let Some(file) = self.disk().open(&archive.path)? else {
                continue;
            };
            let mut index = self.context.archive_index(&archive.path, archive.committed)?;
            if !index.lock().reaches_back(wanted, since) {
                index = self.context.whole_archive_index(&archive.path, archive.committed)?;
            }
            let index = index.lock();
            let start = index.before_last(wanted, since).position.clone();
            reaches_back = index.is_younger_than(wanted, since);
            wanted = wanted.saturating_sub(index.records());
            ranges.push((file, start, archive.committed.length));
        }
        ranges.reverse();
        if let Some(live) = &self.live {
            let start =
                live.index.lock().before_last(limits::REQUEST_ID_MESSAGES, since).position.clone();
            ranges.push((live.file.clone(), start, live.end));
        }
        for (file, start, end) in ranges {
            let mut scanner = Scanner::new(&*file, start, end);
            loop {
                match scanner.next().map_err(self.failed("read"))? {
                    Found::Record(record) => {
                        known.note_message(&record.message, record.batch, record.offset);
                    }
                    Found::Damage(_) => {}
                    Found::End(_) => break,
                }
            }
        }
        self.request_ids = Some(known);
        Ok(())
    }
}

fn repeated(all: &[Remembered]) -> Result<Appended> {
    // Not always the last of the batch: see `RequestIds::find`. Ids increase along the bus.
    let last = all.iter().max_by(|one, other| one.msg_id.cmp(&other.msg_id));
    let last = last.ok_or_else(|| Error::Bug("a request without messages".into()))?;
    Ok(Appended {
        messages: all.iter().map(|one| (one.msg_id.clone(), one.ts)).collect(),
        cursor: Cursor::After { offset: last.offset, msg_id: last.msg_id.clone() },
        duplicate: true,
    })
}

fn newlines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

fn refuse(appends: Vec<PendingAppend>, error: &Error) {
    for append in appends {
        let _ = append.answer.send(Err(error.clone()));
    }
}
