//! Taking buses up into a subscription, and finding them again when their files
//! went away.

use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::{BusId, Cursor};
use crate::error::{Error, Reason, Result};
use crate::files::blocking::blocking;
use crate::store::{Frame, Scope, Start};

use super::Bus;
use super::place::{Place, Reader};
use super::registry::existing;
use super::subscription::{Followed, Follower};

/// After how long a bus is tried again that could not be read.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// Between two such tries passes at least this many times the duration of one.
const RETRY_REST: u32 = 10;

/// The reason of a gap when the bus's files are gone.
const BUS_DELETED: &str = "BUS_DELETED";

impl Follower {
    /// Takes up the buses there are when a subscription begins.
    pub(super) async fn take_up_existing(&mut self) -> Result<()> {
        if let Scope::Bus(bus) = &self.subscription.scope {
            // The only bus there is to lose: a start it cannot honour ends the call.
            let bus = bus.clone();
            let start = self.subscription.start.clone();
            let opened = self.buses.get_current(&bus).await?;
            let place = opened.read_with(move |reader| reader.locate(&start)).await?;
            self.replaying.insert(bus);
            self.take_up(opened, place);
            return Ok(());
        }
        let scope = self.subscription.scope.clone();
        let context = Arc::clone(&self.buses.context);
        let found = match blocking(move || existing(&*context.disk, &scope)).await {
            // A project that does not exist yet is waited for like a bus.
            Err(Error::ProjectNotFound { .. }) => BTreeSet::new(),
            found => found?,
        };
        let mut positions: HashMap<BusId, Cursor> = self.subscription.positions.drain(..).collect();
        let resumed = !positions.is_empty();
        let named: Vec<BusId> = positions.keys().cloned().collect();
        for bus in found.into_iter().chain(named).collect::<BTreeSet<_>>() {
            let start = match positions.remove(&bus) {
                Some(cursor) => Start::Cursor(cursor),
                None if resumed => Start::Earliest,
                None => self.subscription.start.clone(),
            };
            self.replaying.insert(bus.clone());
            self.take_up_at(&bus, start).await;
        }
        Ok(())
    }

    /// Takes up a bus that appeared later, or that could not be taken up before.
    pub(super) async fn take_up_new(&mut self, id: &BusId) {
        match self.untaken.remove(id) {
            Some(start) => self.take_up_at(id, start).await,
            // All of it is new.
            None => {
                let exists = !self.buses.get(id).view().parts.is_empty();
                if exists {
                    self.take_up_at(id, Start::Earliest).await;
                }
            }
        }
    }

    /// Takes up a bus of a wide scope. Whatever is wrong with it must not end the
    /// stream of the others; it is tried again from the same start.
    async fn take_up_at(&mut self, id: &BusId, start: Start) {
        let located = async {
            let bus = self.buses.get(id);
            // Not patiently: a lock that is held here must not hold up the others.
            bus.refresh(false).await?;
            let from = start.clone();
            let (place, lost) =
                bus.read_with(move |reader| locate_or_oldest(reader, &from)).await?;
            Ok((bus, place, lost))
        };
        match located.await {
            Ok((bus, place, lost)) => {
                let oldest = place.cursor.clone();
                self.unreadable.remove(id);
                self.take_up(bus, place);
                if let Some(reason) = lost {
                    self.frames.push_back(Frame::Gap { bus: id.clone(), reason, oldest });
                }
            }
            Err(error) => {
                self.report_unreadable(id, &error);
                self.untaken.insert(id.clone(), start);
            }
        }
    }

    fn take_up(&mut self, bus: Arc<Bus>, place: Place) {
        let id = bus.id.clone();
        self.frames.push_back(Frame::Opened { bus: id.clone(), cursor: place.cursor.clone() });
        self.places.insert(id.clone(), Followed { bus, place });
        self.wait_for_turn(id);
    }

    /// Tells that a bus cannot be read, once until it can.
    pub(super) fn report_unreadable(&mut self, id: &BusId, error: &Error) {
        self.replaying.remove(id);
        if self.unreadable.insert(id.clone()) {
            tracing::warn!(bus = %id, %error, "a followed bus cannot be read");
            let (bus, detail) = (id.clone(), error.to_string());
            self.frames.push_back(Frame::Damaged { bus, offset: 0, length: 0, detail });
        }
    }

    /// Tries one of the buses again that could not be read, when it is time.
    pub(super) async fn retry_when_due(&mut self) -> Result<()> {
        let after = self.retried.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let behind = self.unreadable.range((after, Bound::Unbounded)).next();
        let Some(id) = behind.or_else(|| self.unreadable.first()).cloned() else {
            self.retry_at = None;
            return Ok(());
        };
        let begin = Instant::now();
        if begin < *self.retry_at.get_or_insert(begin + RETRY_INTERVAL) {
            return Ok(());
        }
        if self.places.contains_key(&id) {
            self.read_some(&id).await?;
        } else {
            self.take_up_new(&id).await;
        }
        self.retried = Some(id);
        // One that is waited for in vain must not keep others from being read.
        let all = u32::try_from(self.unreadable.len()).unwrap_or(u32::MAX).max(1);
        let rest = (RETRY_INTERVAL / all).max(begin.elapsed() * RETRY_REST);
        self.retry_at = Some(Instant::now() + rest);
        Ok(())
    }

    /// Goes on where the file that was read was deleted or replaced.
    pub(super) async fn find_again(&mut self, id: &BusId, cursor: Cursor) -> Result<()> {
        let bus = self.buses.get_current(id).await?;
        // An editor, or a copy that was put back: the message may still be there.
        let start = Start::Cursor(cursor);
        let (place, lost) = bus.read_with(move |reader| locate_or_oldest(reader, &start)).await?;
        if let Some(reason) = lost {
            let oldest = place.cursor.clone();
            self.frames.push_back(Frame::Gap { bus: id.clone(), reason, oldest });
        }
        self.places.insert(id.clone(), Followed { bus, place });
        self.wait_for_turn(id.clone());
        Ok(())
    }
}

/// Finds the place where to start, or the oldest one with the reason why.
fn locate_or_oldest(reader: Reader<'_>, start: &Start) -> Result<(Place, Option<&'static str>)> {
    match reader.locate(start) {
        Err(error) if is_lost(&error) => {
            let deleted = reader.view.parts.is_empty();
            let reason = if deleted { BUS_DELETED } else { error.reason().as_str() };
            Ok((reader.earliest()?, Some(reason)))
        }
        place => Ok((place?, None)),
    }
}

/// Whether an error says that what a cursor names is not there, or not alone.
fn is_lost(error: &Error) -> bool {
    matches!(
        error.reason(),
        Reason::CursorExpired | Reason::CursorAhead | Reason::CursorUnknown | Reason::AmbiguousId
    )
}
