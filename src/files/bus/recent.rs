//! The last messages of a live file, as its owner wrote them or took them in. Who follows the
//! bus takes them from here, made once for all, instead of reading and decoding the file.
//!
//! A copy of what the file says, and never the only one: what is missing here is read there.
//! It holds also what is not durable yet; readers take no more than their view ends with.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::domain::{BusId, Cursor};
use crate::layout::message_file::{Position, Record};
use crate::limits::{RECENT_BYTES_MAX, SUBSCRIBER_READ_BYTES};
use crate::store::Delivery;

use super::read::size_in_answer;

/// What a message takes besides its texts, in bytes, roughly.
const ITEM_BYTES: usize = 800;

/// The last messages of one live file, in the order of the file.
#[derive(Default)]
pub(super) struct Recent(Mutex<VecDeque<Item>>);

struct Item {
    /// Where a scan stands before the message.
    from: u64,
    /// Where it stands after the message.
    after: Position,
    delivery: Arc<Delivery>,
    size: usize,
}

/// What was taken.
pub(super) struct Taken {
    pub(super) deliveries: Vec<Arc<Delivery>>,
    /// Where a scan stands after these.
    pub(super) position: Position,
}

impl Recent {
    /// Notes that what stands behind the last message, which ends at `from`, holds nothing more
    /// up to a position.
    pub(super) fn extend_last(&self, from: u64, to: &Position) {
        if let Some(last) = self.lock().back_mut()
            && last.after.offset() == from
        {
            last.after = to.clone();
        }
    }

    /// Forgets the last message if it ends at `from`: a reader of the file may find another end
    /// of it by now.
    pub(super) fn forget_last(&self, from: u64) {
        let mut items = self.lock();
        if items.back().is_some_and(|last| last.after.offset() == from) {
            items.pop_back();
        }
    }

    /// Returns what a scan that stands at an offset would find before an end, as far as it is
    /// at hand; none when the next message is not.
    pub(super) fn take(&self, from: u64, end: u64) -> Option<Taken> {
        let items = self.lock();
        let first = items.binary_search_by_key(&from, |item| item.from).ok()?;
        let mut taken: Option<Taken> = None;
        let (mut next, mut bytes) = (from, 0);
        for item in items.iter().skip(first) {
            if item.from != next || item.after.offset() > end || bytes >= SUBSCRIBER_READ_BYTES {
                break;
            }
            next = item.after.offset();
            bytes += (item.size - ITEM_BYTES) / 2;
            match &mut taken {
                Some(taken) => {
                    taken.deliveries.push(Arc::clone(&item.delivery));
                    taken.position = item.after.clone();
                }
                None => {
                    let deliveries = vec![Arc::clone(&item.delivery)];
                    taken = Some(Taken { deliveries, position: item.after.clone() });
                }
            }
        }
        taken
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Item>> {
        // Only ever added to at one end and taken from at the other.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What all [`Recent`] messages take together: bounded, the oldest go first. Locked before any
/// of them, never after.
#[derive(Default)]
pub(super) struct RecentRoom(Mutex<Room>);

#[derive(Default)]
struct Room {
    bytes: usize,
    /// Who took how much, in the order of the taking.
    taken: VecDeque<(Weak<Recent>, usize)>,
}

impl RecentRoom {
    /// Keeps a message in one, and makes room for it: `from` is where the scan stood before
    /// it, `after` where it stands now.
    pub(super) fn keep(
        &self,
        recent: &Arc<Recent>,
        bus: &BusId,
        record: Record,
        from: u64,
        after: &Position,
    ) {
        let cursor = Cursor::After { offset: record.offset, msg_id: record.message.msg_id.clone() };
        // The message, and what is sent of it.
        let size = 2 * size_in_answer(&record.message) + ITEM_BYTES;
        let delivery = Arc::new(Delivery::new(bus.clone(), record.message, cursor));
        let item = Item { from, after: after.clone(), delivery, size };
        let mut items = recent.lock();
        // After a failed read the same is taken in once more.
        if items.back().is_some_and(|last| last.after.offset() > from) {
            items.clear();
        }
        items.push_back(item);
        drop(items);

        let mut room = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        room.bytes += size;
        room.taken.push_back((Arc::downgrade(recent), size));
        let mut evicted = Vec::new();
        while room.bytes > RECENT_BYTES_MAX
            && let Some((oldest, size)) = room.taken.pop_front()
        {
            room.bytes -= size;
            if let Some(oldest) = oldest.upgrade() {
                // Of one live file they were kept in this order.
                let item = oldest.lock().pop_front();
                evicted.push((item, oldest));
            }
        }
        drop(room);
        // What takes long is not done while others wait.
        drop(evicted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::NewMessage;
    use crate::layout::message_file::{NewRecord, SEPARATOR, Step, encode, next};

    fn bus() -> BusId {
        BusId::parse("demo", "").expect("a good name")
    }

    /// Keeps so many messages of one file, with bodies of a size. Returns where they end.
    fn fill(room: &RecentRoom, recent: &Arc<Recent>, messages: usize, body: usize) -> Vec<u64> {
        let mut bytes = Vec::new();
        let mut position = Position::start();
        let mut ends = Vec::new();
        for number in 0..messages {
            let from = position.offset();
            if from > 0 {
                bytes.extend_from_slice(SEPARATOR);
            }
            let offset = bytes.len();
            let message = NewMessage { body: "x".repeat(body), ..NewMessage::default() };
            let record = NewRecord {
                project_id: "demo",
                task_id: "",
                message: &message,
                msg_id: &format!("MSG-{number}"),
                ts: jiff::Timestamp::UNIX_EPOCH,
                request_id: None,
                batch: None,
            };
            encode(&record, &mut bytes).expect("a small message");
            position = Position::at_own_record(offset as u64);
            let Step::Record(record) = next(&mut position, &bytes[offset..], true) else {
                panic!("no record");
            };
            room.keep(recent, &bus(), *record, from, &position);
            ends.push(position.offset());
        }
        ends
    }

    #[test]
    fn nobody_gets_what_is_behind_the_end_of_a_view() {
        let (room, recent) = (RecentRoom::default(), Arc::default());
        let ends = fill(&room, &recent, 3, 10);
        let taken = recent.take(0, ends[1]).expect("they are at hand");
        assert_eq!(taken.deliveries.len(), 2);
        assert_eq!(taken.position.offset(), ends[1]);
        assert!(recent.take(ends[1], ends[1]).is_none());
        assert_eq!(recent.take(ends[1], ends[2]).expect("one more").deliveries.len(), 1);
        assert!(recent.take(ends[0] + 1, ends[2]).is_none(), "no message begins there");
    }

    #[test]
    fn the_oldest_go_first_and_what_is_kept_is_bounded() {
        let (room, old, new) = (RecentRoom::default(), Arc::default(), Arc::default());
        let body = 64 << 10;
        let ends = fill(&room, &old, 10, body);
        fill(&room, &new, RECENT_BYTES_MAX / (2 * body) - 5, body);
        assert!(old.take(0, ends[9]).is_none(), "the oldest is gone");
        assert!(old.take(ends[8], ends[9]).is_some(), "the newest is there");
        let kept = |recent: &Recent| recent.lock().iter().map(|item| item.size).sum::<usize>();
        assert!(kept(&old) + kept(&new) <= RECENT_BYTES_MAX);
        assert!(kept(&old) + kept(&new) > RECENT_BYTES_MAX / 2);
    }
}
