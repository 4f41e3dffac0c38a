//! The tail of the live file, seen under the lock: what other programs appended,
//! and what a dead one left torn.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::disk::{Disk, DiskFile};
use crate::domain::{BusId, TreePath};
use crate::error::{Error, Result};
use crate::files::unwritten::written_end;
use crate::layout::message_file::{Position, Tail};
use crate::layout::{paths, stamp};
use crate::limits::LOCK_BUDGET;

use super::index::Index;
use super::owner::Owner;
use super::parts::SharedIndex;
use super::registry::Buses;
use super::scanner::{Found, Scanner};

/// How long a torn tail must stand still before it is moved away, because a
/// writer that ignores the lock may be in the middle of it.
const SETTLE_INTERVAL: Duration = Duration::from_millis(10);
const SETTLE_ROUNDS: usize = 5;
/// How often a file is looked at that grows meanwhile.
const SETTLE_LOOKS_MAX: usize = 20;
/// What opens a record behind another one.
const OPENING: &[u8; 6] = b"\n\n---\n";

impl Owner {
    /// Takes in what was appended since the last look. The lock must be held: it
    /// proves that no writer is in the middle of a record.
    pub(super) fn ingest(&mut self) -> Result<Tail> {
        let Some(live) = &mut self.live else {
            return Ok(Tail::Complete);
        };
        let failed = |source| Error::io("read", self.path.as_str(), source);
        let length = settled_length(&*live.file, live.length).map_err(failed)?;
        if length < live.end {
            // Somebody cut the file in place: what was known of it is void.
            tracing::warn!(bus = %self.bus, "the bus file became shorter; reading it anew");
            live.index = SharedIndex::new(live.identity, Index::new());
            live.recent = Arc::default();
            live.position = Position::start();
            live.committed = None;
            live.sequence = self.next_sequence;
            self.next_sequence += 1;
        }
        let scanner = Scanner::whole(&*live.file, live.position.clone(), length);
        let mut scanner = scanner.map_err(failed)?;
        let is_followed = self.context.hub.is_followed(&self.bus);
        // What the last message ends with is certain only when a record follows right behind it:
        // all else was text of it, or is now.
        let mut has_grown = length > live.end;
        let was_at_end = live.position.offset() == live.end;
        let mut reported_at = None;
        let tail = loop {
            let from = scanner.position().offset();
            let found = scanner.next().map_err(failed)?;
            let after = scanner.position();
            if std::mem::take(&mut has_grown) {
                let follows = matches!(&found,
                    Found::Record(record) if was_at_end && record.offset <= from + 1);
                if !follows {
                    live.recent.forget_last(from);
                }
            }
            match found {
                Found::Record(record) => {
                    live.index.lock().note(&record, after);
                    // Who takes it from memory would not get the report that goes before it.
                    if is_followed && reported_at != Some(from) {
                        let (room, recent) = (&self.context.recent_room, &live.recent);
                        room.keep(recent, &self.bus, *record, from, after);
                    }
                }
                Found::Damage(damage) => {
                    tracing::warn!(bus = %self.bus, offset = damage.offset, length = damage.length,
                        detail = %damage.detail, "damage in the bus file");
                    live.index.lock().note_damage();
                    reported_at = Some(after.offset());
                }
                Found::End(tail) => {
                    live.recent.extend_last(from, after);
                    break tail;
                }
            }
        };
        live.index.count_damage();
        live.position = scanner.position().clone();
        live.length = length;
        let tail = match tail {
            // What was whole under the lock stays whole, whatever stands behind it
            // by now: readers have it.
            Tail::Torn { keep } if live.committed_end().is_some_and(|end| keep < end) => {
                Tail::Complete
            }
            tail => tail,
        };
        live.end = match tail {
            Tail::Torn { keep } => keep,
            Tail::Complete | Tail::Damaged => length,
        };
        self.last_ts = self.last_ts.max(live.index.lock().own_ts());
        Ok(tail)
    }

    /// Takes in what was appended, and moves a torn tail away, so that a record
    /// can follow; one after the other, when several writers died. The lock must be
    /// held.
    pub(super) fn clear_tail(&mut self) -> Result<()> {
        self.clear_tail_into().map(drop)
    }

    /// As [`Owner::clear_tail`]; returns where what was torn is now.
    fn clear_tail_into(&mut self) -> Result<Vec<TreePath>> {
        let mut saved = Vec::new();
        while let Tail::Torn { keep } = self.ingest()? {
            let Some(live) = &self.live else { break };
            let length = live.length;
            if stays_at(&*live.file, length).map_err(self.failed("look at"))? {
                // When that changed after all, it is looked at anew.
                if let Rescue::Done { saved: path } = self.rescue(keep, length)? {
                    saved.extend(path);
                }
            }
        }
        Ok(saved)
    }

    /// Moves the bytes from `keep` to `length` into a file of their own and cuts them off.
    /// Zeros at their end are only cut off. Leaves all as it was when the bus's length has
    /// changed meanwhile.
    pub(super) fn rescue(&mut self, keep: u64, length: u64) -> Result<Rescue> {
        let Some(live) = &self.live else {
            return Ok(Rescue::Changed);
        };
        // There may be any number of zeros.
        let written = written_end(&*live.file, keep..length).map_err(self.failed("read"))?;
        let mut torn = vec![0; usize::try_from(written - keep).unwrap_or(usize::MAX)];
        let read = live.file.read_at(keep, &mut torn).map_err(self.failed("read"))?;
        torn.truncate(read);
        let mut saved = None;
        if !torn.is_empty() {
            let stamp = stamp::stamp(self.context.clock.now(), self.context.pid);
            let path = paths::torn_file(&self.bus, &stamp);
            self.disk().create_synced(&path, &torn)?;
            saved = Some(path);
        }
        if live.file.status().map_err(self.failed("look at"))?.length != length {
            // What a writer without the lock appended would be cut off with the rest, and
            // what somebody cut would be filled up with zeros.
            if let Some(path) = saved {
                self.disk().remove_file(&path)?;
            }
            return Ok(Rescue::Changed);
        }
        live.file.truncate(keep).map_err(self.failed("cut"))?;
        let saved_as = saved.as_ref().map(TreePath::as_str).unwrap_or_default();
        tracing::warn!(bus = %self.bus, offset = keep, length = length - keep, saved = saved_as,
            "moved a torn record out of the bus file");

        // The scan may stand behind the cut: begin again before it.
        let before = keep.saturating_sub(1);
        if live.index.lock().missing().is_some_and(|missing| before < missing) {
            live.index.complete(&*live.file, keep).map_err(self.failed("read"))?;
        }
        let start = live.index.lock().before_offset(before).position.clone();
        let mut scanner = Scanner::new(&*live.file, start, keep);
        while !matches!(scanner.next().map_err(self.failed("read"))?, Found::End(_)) {}
        let position = scanner.position().clone();
        if let Some(live) = &mut self.live {
            live.position = position;
            live.end = keep;
            live.length = keep;
            live.recent = Arc::default();
        }
        Ok(Rescue::Done { saved })
    }
}

/// What became of a torn tail.
pub(super) enum Rescue {
    /// The file has another length by now; nothing was done.
    Changed,
    /// It is cut off.
    Done {
        /// Where it is now; none when all of it was zeros.
        saved: Option<TreePath>,
    },
}

/// Returns the length of a file that had another one at the last look. When it ends with what
/// opens a record, a writer without the lock may be at work, and gets a while to go on: what
/// it writes next says whether that line belongs to the body before it.
fn settled_length(file: &dyn DiskFile, known: u64) -> io::Result<u64> {
    let mut length = file.status()?.length;
    for _ in 0..SETTLE_LOOKS_MAX {
        if length == known || !ends_with_opening(file, length)? || stays_at(file, length)? {
            break;
        }
        length = file.status()?.length;
    }
    Ok(length)
}

fn ends_with_opening(file: &dyn DiskFile, length: u64) -> io::Result<bool> {
    let Some(offset) = length.checked_sub(OPENING.len() as u64) else {
        return Ok(false);
    };
    let mut end = [0; OPENING.len()];
    let count = file.read_at(offset, &mut end)?;
    Ok(count == end.len() && end == *OPENING)
}

/// Whether a file keeps its length for a while.
fn stays_at(file: &dyn DiskFile, length: u64) -> io::Result<bool> {
    for _ in 0..SETTLE_ROUNDS {
        // Nothing tells when a writer that takes no lock has finished.
        std::thread::sleep(SETTLE_INTERVAL);
        if file.status()?.length != length {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Moves the torn tail of a bus away, as the next append would, durably. Returns where it
/// is; nothing when there is none. Only without a server: the bus has one owner.
pub(in crate::files) fn move_torn_tail_away(
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    pid: u32,
    bus: &BusId,
) -> Result<Vec<TreePath>> {
    let buses = Buses::new(
        disk,
        clock,
        pid,
        Arc::default(),
        Arc::default(),
        crate::files::seat::Seats::new(0),
    );
    let mut owner = Owner::new(Arc::clone(&buses.context), bus.clone());
    if !owner.lock_live(false, LOCK_BUDGET)? {
        return Ok(Vec::new());
    }
    let saved = owner.clear_tail_into().and_then(|saved| owner.sync().map(|()| saved));
    owner.unlock();
    saved
}
