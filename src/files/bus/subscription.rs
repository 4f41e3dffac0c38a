//! Following buses: replay and live in one, because both read the file at a place.
//!
//! A wake-up only says which bus to look at. Everything a client is sent is read
//! from the file by the subscription itself, as fast as the client takes it.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use tokio::time::Instant;

use crate::domain::{BusId, Cursor};
use crate::error::{Error, Reason, Result};
use crate::limits::SUBSCRIBER_READ_BYTES;
use crate::store::{Filter, Frame, FrameStream, Scope, Start, Subscription};

use super::Bus;
use super::hub::Registration;
use super::place::{Advanced, Event, Flow, Place, Reader};
use super::registry::{Buses, Seat, blocking, existing};

/// The reason of a gap when the bus's files are gone.
const BUS_DELETED: &str = "BUS_DELETED";

/// One subscription.
pub(super) struct Follower {
    buses: Arc<Buses>,
    subscription: Subscription,
    mailbox: Registration,
    /// Where each bus is at; a bus is missing here while it is being read.
    places: BTreeMap<BusId, Followed>,
    /// Where to go on in buses that were not taken up yet.
    positions: HashMap<BusId, Cursor>,
    /// Buses to look at, each once.
    waiting: VecDeque<BusId>,
    /// Buses of the beginning whose end was not met yet.
    replaying: BTreeSet<BusId>,
    caught_up: bool,
    frames: VecDeque<Frame>,
    delivered: u64,
    last_frame: Instant,
    /// Set when the stream is to end after the frames that wait.
    ending: Option<Result<()>>,
    _seat: Seat,
}

struct Followed {
    bus: Arc<Bus>,
    place: Place,
}

impl Follower {
    /// Takes up all buses there are.
    pub(super) async fn open(
        buses: Arc<Buses>,
        subscription: Subscription,
        seat: Seat,
    ) -> Result<Self> {
        // Registered before the first look, so that nothing falls in between.
        let mailbox = buses.context.hub.register(subscription.scope.clone());
        let mut follower = Self {
            mailbox,
            places: BTreeMap::new(),
            positions: HashMap::new(),
            waiting: VecDeque::new(),
            replaying: BTreeSet::new(),
            caught_up: false,
            frames: VecDeque::new(),
            delivered: 0,
            last_frame: Instant::now(),
            ending: None,
            _seat: seat,
            buses,
            subscription,
        };
        follower.take_up_existing().await?;
        Ok(follower)
    }

    async fn take_up_existing(&mut self) -> Result<()> {
        if let Scope::Bus(bus) = &self.subscription.scope {
            // The only bus there is to lose: a start it cannot honour ends the call.
            let bus = bus.clone();
            let start = self.subscription.start.clone();
            let opened = self.buses.get_current(&bus).await?;
            let reader = Arc::clone(&opened);
            let place = blocking(move || reader.reader(|reader| reader.locate(&start))).await?;
            self.take_up(opened, place);
            self.replaying.insert(bus);
            return Ok(());
        }
        let scope = self.subscription.scope.clone();
        let context = Arc::clone(&self.buses.context);
        let found = match blocking(move || existing(&*context.disk, &scope)).await {
            // A project that does not exist yet is waited for like a bus.
            Err(Error::ProjectNotFound { .. }) => BTreeSet::new(),
            found => found?,
        };
        let resumed = !self.subscription.positions.is_empty();
        self.positions = self.subscription.positions.drain(..).collect();
        let named: Vec<BusId> = self.positions.keys().cloned().collect();
        for bus in found.into_iter().chain(named).collect::<BTreeSet<_>>() {
            if !self.subscription.scope.covers(&bus) {
                continue;
            }
            let start = match self.positions.remove(&bus) {
                Some(cursor) => Start::Cursor(cursor),
                None if resumed => Start::Earliest,
                None => self.subscription.start.clone(),
            };
            self.take_up_at(&bus, start).await;
            self.replaying.insert(bus);
        }
        Ok(())
    }

    /// Takes up a bus of a wide scope. Whatever is wrong with it must not end the
    /// stream of the others.
    async fn take_up_at(&mut self, id: &BusId, start: Start) {
        let opened = match self.buses.get_current(id).await {
            Ok(opened) => opened,
            Err(error) => return self.report_unreadable(id, &error),
        };
        let reader = Arc::clone(&opened);
        let located = blocking(move || reader.reader(|reader| locate_or_oldest(reader, &start)));
        match located.await {
            Ok((place, lost)) => {
                let oldest = place.cursor.clone();
                self.take_up(opened, place);
                if let Some(reason) = lost {
                    self.frames.push_back(Frame::Gap { bus: id.clone(), reason, oldest });
                }
            }
            Err(error) => self.report_unreadable(id, &error),
        }
    }

    fn take_up(&mut self, bus: Arc<Bus>, place: Place) {
        let id = bus.id.clone();
        self.frames.push_back(Frame::Opened { bus: id.clone(), cursor: place.cursor.clone() });
        self.places.insert(id.clone(), Followed { bus, place });
        self.wait_for_turn(id);
    }

    fn report_unreadable(&mut self, id: &BusId, error: &Error) {
        tracing::warn!(bus = %id, %error, "a followed bus cannot be read");
        self.replaying.remove(id);
        self.frames.push_back(Frame::Damaged {
            bus: id.clone(),
            offset: 0,
            length: 0,
            detail: error.to_string(),
        });
    }

    fn wait_for_turn(&mut self, id: BusId) {
        if !self.waiting.contains(&id) {
            self.waiting.push_back(id);
        }
    }

    /// Turns it into the stream of its frames.
    pub(super) fn into_stream(self) -> FrameStream {
        Box::pin(futures_util::stream::unfold(self, |mut follower| async move {
            let frame = follower.next().await?;
            Some((frame, follower))
        }))
    }

    async fn next(&mut self) -> Option<Result<Frame>> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                self.last_frame = Instant::now();
                if matches!(frame, Frame::Message { .. }) {
                    self.delivered += 1;
                    if self.subscription.limit.is_some_and(|limit| self.delivered >= limit) {
                        self.frames.clear();
                        self.ending = Some(Ok(()));
                    }
                }
                return Some(Ok(frame));
            }
            if let Some(ending) = self.ending.take() {
                // Whatever is polled after an error finds the end.
                self.ending = Some(Ok(()));
                return ending.err().map(Err);
            }
            if let Err(error) = self.work().await {
                self.ending = Some(Err(error));
            }
        }
    }

    /// Does one thing that may bring frames.
    async fn work(&mut self) -> Result<()> {
        if self.buses.shutdown.is_cancelled() {
            self.frames.push_back(Frame::Closing { positions: self.all_positions() });
            self.ending = Some(Err(Error::ShuttingDown));
            return Ok(());
        }
        for id in self.mailbox.take() {
            if self.places.contains_key(&id) {
                self.wait_for_turn(id);
            } else {
                // It appeared later: all of it is new.
                self.take_up_at(&id, Start::Earliest).await;
            }
        }
        if !self.caught_up && self.replaying.is_empty() {
            self.caught_up = true;
            self.frames.push_back(Frame::CaughtUp);
            if self.subscription.stop_at_tail {
                self.ending = Some(Ok(()));
            }
            return Ok(());
        }
        if let Some(id) = self.waiting.pop_front() {
            return self.read_some(&id).await;
        }
        if !self.frames.is_empty() {
            return Ok(());
        }
        let heartbeat = self.last_frame + self.subscription.heartbeat_interval;
        tokio::select! {
            () = self.mailbox.changed() => {}
            () = self.buses.shutdown.cancelled() => {}
            () = tokio::time::sleep_until(heartbeat) => self.frames.push_back(Frame::Heartbeat),
        }
        Ok(())
    }

    /// Reads on in one bus, up to a bounded number of bytes.
    async fn read_some(&mut self, id: &BusId) -> Result<()> {
        let Some(Followed { bus, place }) = self.places.remove(id) else {
            return Ok(());
        };
        let filter = self.subscription.filter.clone();
        let reading = Arc::clone(&bus);
        let Some(chunk) = blocking(move || Ok(Some(read_chunk(&reading, place, &filter)))).await?
        else {
            return Ok(());
        };
        let Chunk { place, frames, advanced } = chunk;
        self.frames.extend(frames);
        let oldest_read = place.cursor.clone();
        self.places.insert(id.clone(), Followed { bus, place });
        match advanced {
            Ok(Advanced::Stopped) => self.wait_for_turn(id.clone()),
            Ok(Advanced::AtEnd) => drop(self.replaying.remove(id)),
            Ok(Advanced::Lost) => self.find_again(id, oldest_read).await?,
            Err(error) if matches!(self.subscription.scope, Scope::Bus(_)) => return Err(error),
            Err(error) => self.report_unreadable(id, &error),
        }
        // A heartbeat is due also while a filter passes over much.
        if self.frames.is_empty()
            && self.last_frame.elapsed() >= self.subscription.heartbeat_interval
        {
            self.frames.push_back(Frame::Heartbeat);
        }
        Ok(())
    }

    /// Goes on where the file that was read was deleted or replaced.
    async fn find_again(&mut self, id: &BusId, cursor: Cursor) -> Result<()> {
        let bus = self.buses.get_current(id).await?;
        let reader = Arc::clone(&bus);
        // An editor, or a copy that was put back: the message may still be there.
        let start = Start::Cursor(cursor);
        let located = blocking(move || reader.reader(|reader| locate_or_oldest(reader, &start)));
        let (place, lost) = located.await?;
        if let Some(reason) = lost {
            self.frames.push_back(Frame::Gap {
                bus: id.clone(),
                reason,
                oldest: place.cursor.clone(),
            });
        }
        self.places.insert(id.clone(), Followed { bus, place });
        self.wait_for_turn(id.clone());
        Ok(())
    }

    fn all_positions(&self) -> Vec<(BusId, Cursor)> {
        self.places
            .iter()
            .map(|(id, followed)| (id.clone(), followed.place.cursor.clone()))
            .collect()
    }
}

/// What one reading brought.
struct Chunk {
    place: Place,
    frames: Vec<Frame>,
    advanced: Result<Advanced>,
}

fn read_chunk(bus: &Bus, mut place: Place, filter: &Filter) -> Chunk {
    let mut frames = Vec::new();
    let mut looked_at = 0;
    let advanced = bus.reader(|reader| {
        place.advance(reader, &mut |event, cursor| {
            if looked_at >= SUBSCRIBER_READ_BYTES {
                return Flow::PutBack;
            }
            match event {
                Event::Message(message) => {
                    // The header counts as well, roughly.
                    looked_at += message.body.len() + 256;
                    if filter.passes(&message) {
                        frames.push(Frame::Message {
                            bus: bus.id.clone(),
                            message,
                            cursor: cursor.clone(),
                        });
                    }
                }
                Event::Damage(damage) => frames.push(Frame::Damaged {
                    bus: bus.id.clone(),
                    offset: damage.offset,
                    length: damage.length,
                    detail: damage.detail.to_string(),
                }),
            }
            Flow::Continue
        })
    });
    Chunk { place, frames, advanced }
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

/// Whether an error says that a cursor's past or future is not there.
fn is_lost(error: &Error) -> bool {
    matches!(error.reason(), Reason::CursorExpired | Reason::CursorAhead | Reason::CursorUnknown)
}
