//! Following buses: replay and live in one, because both go on from a place.
//!
//! A wake-up only says which bus to look at. Everything a client is sent is fetched by the
//! subscription itself, as fast as the client takes it: what is recent from memory, where one
//! copy is there for all who follow, everything else from the file.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::domain::{BusId, Cursor};
use crate::error::{Error, Result};
use crate::files::blocking::finished;
use crate::files::seat::Seat;
use crate::limits::SUBSCRIBER_READ_BYTES;
use crate::meters;
use crate::store::{Delivery, Filter, Frame, FrameStream, Scope, Start, Subscription};

use super::Bus;
use super::hub::Registration;
use super::owner::Refresh;
use super::place::{Advanced, Event, Flow, InMemory, Place};
use super::read::size_in_answer;
use super::registry::Buses;

/// What a report of damage counts in a reading, in bytes.
const DAMAGE_BYTES: usize = 256;

/// One subscription.
pub(super) struct Follower {
    pub(super) buses: Arc<Buses>,
    pub(super) subscription: Subscription,
    mailbox: Registration,
    /// Where each bus is at.
    pub(super) places: BTreeMap<BusId, Followed>,
    /// Buses that could not be taken up yet, and where to start in them.
    pub(super) untaken: BTreeMap<BusId, Start>,
    /// Buses that could not be read the last time; they were reported.
    pub(super) unreadable: BTreeSet<BusId>,
    /// When the next one of these is tried again, however much others bring until then.
    pub(super) retry_at: Option<Instant>,
    /// The last one that was tried again.
    pub(super) retried: Option<BusId>,
    /// Buses to look at.
    waiting: Waiting,
    /// What is being read while the frames before it are taken.
    ahead: Option<(BusId, JoinHandle<Chunk>)>,
    /// Buses of the beginning whose end was not met yet.
    pub(super) replaying: BTreeSet<BusId>,
    caught_up: bool,
    pub(super) frames: VecDeque<Frame>,
    delivered: u64,
    last_frame: Instant,
    /// Set when the stream is to end after the frames that wait.
    ending: Option<Result<()>>,
    taken: meters::Deliveries,
    _metered: meters::Counted,
    _seat: Seat,
}

/// A bus that was taken up.
pub(super) struct Followed {
    pub(super) bus: Arc<Bus>,
    pub(super) place: Place,
}

/// Buses that wait for their turn, each once, in the order of their coming.
#[derive(Default)]
struct Waiting {
    order: VecDeque<BusId>,
    members: HashSet<BusId>,
}

impl Waiting {
    fn push(&mut self, id: BusId) {
        if self.members.insert(id.clone()) {
            self.order.push_back(id);
        }
    }

    fn pop(&mut self) -> Option<BusId> {
        let id = self.order.pop_front()?;
        self.members.remove(&id);
        Some(id)
    }
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
            untaken: BTreeMap::new(),
            unreadable: BTreeSet::new(),
            retry_at: None,
            retried: None,
            waiting: Waiting::default(),
            ahead: None,
            replaying: BTreeSet::new(),
            caught_up: false,
            frames: VecDeque::new(),
            delivered: 0,
            last_frame: Instant::now(),
            ending: None,
            taken: meters::Deliveries::default(),
            _metered: meters::subscriber(),
            _seat: seat,
            buses,
            subscription,
        };
        follower.take_up_existing().await?;
        Ok(follower)
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
                if matches!(frame, Frame::Message(_)) {
                    self.delivered += 1;
                    self.taken.note();
                    if self.subscription.limit.is_some_and(|limit| self.delivered >= limit) {
                        self.frames.clear();
                        self.ending = Some(Ok(()));
                    }
                }
                if self.frames.is_empty() {
                    self.taken.count();
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
                self.take_up_new(&id).await;
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
        self.retry_when_due().await?;
        if let Some(id) = self.waiting.pop() {
            // What is in memory is taken without ever waiting, and others need the thread, too.
            tokio::task::consume_budget().await;
            self.read_some(&id).await?;
            // A heartbeat is due also while a filter passes over much.
            if self.frames.is_empty()
                && self.last_frame.elapsed() >= self.subscription.heartbeat_interval
            {
                self.frames.push_back(Frame::Heartbeat);
            }
            return Ok(());
        }
        if !self.frames.is_empty() {
            return Ok(());
        }
        let heartbeat = self.last_frame + self.subscription.heartbeat_interval;
        let retry = self.retry_at.unwrap_or(heartbeat);
        tokio::select! {
            () = self.mailbox.changed() => {}
            () = self.buses.shutdown.cancelled() => {}
            () = tokio::time::sleep_until(heartbeat) => self.frames.push_back(Frame::Heartbeat),
            () = tokio::time::sleep_until(retry), if self.retry_at.is_some() => {}
        }
        Ok(())
    }

    /// Gives a bus its turn.
    pub(super) fn wait_for_turn(&mut self, id: BusId) {
        self.waiting.push(id);
    }

    /// Reads on in one bus, up to a bounded number of bytes.
    pub(super) async fn read_some(&mut self, id: &BusId) -> Result<()> {
        let ahead = self.ahead.take_if(|(ahead, _)| ahead == id);
        let was_ahead = ahead.is_some();
        if ahead.is_none() && self.take_recent(id) {
            return Ok(());
        }
        let Some(Followed { bus, .. }) = self.places.get(id) else {
            return Ok(());
        };
        let bus = Arc::clone(bus);
        let Some(reading) = ahead.map(|(_, reading)| reading).or_else(|| self.begin_to_read(id))
        else {
            return Ok(());
        };
        let Chunk { place, frames, advanced } = finished(reading).await?;
        let before = self.frames.len();
        self.frames.extend(frames);
        self.count_lag(before);
        let cursor = place.cursor.clone();
        self.places.insert(id.clone(), Followed { bus: Arc::clone(&bus), place });
        let followed_on = match advanced {
            Ok(Advanced::Stopped) => {
                self.wait_for_turn(id.clone());
                if self.ahead.is_none() {
                    self.ahead = self.begin_to_read(id).map(|reading| (id.clone(), reading));
                }
                Ok(())
            }
            // It was the end when that was read; since then a wake-up may have been taken for this.
            Ok(Advanced::AtEnd) if was_ahead => {
                self.wait_for_turn(id.clone());
                Ok(())
            }
            Ok(Advanced::AtEnd) => {
                self.replaying.remove(id);
                Ok(())
            }
            Ok(Advanced::Lost) => self.find_again(id, cursor).await,
            Err(Error::ArchiveGone { .. }) => {
                self.wait_for_turn(id.clone());
                bus.look(Refresh { patient: false, relist: true }).await
            }
            Err(error) => Err(error),
        };
        match followed_on {
            Ok(()) => drop(self.unreadable.remove(id)),
            Err(error) if matches!(self.subscription.scope, Scope::Bus(_)) => return Err(error),
            Err(error) => self.report_unreadable(id, &error),
        }
        Ok(())
    }

    /// Begins to read on in one bus. Its place stays as it is until that is done.
    fn begin_to_read(&self, id: &BusId) -> Option<JoinHandle<Chunk>> {
        let Followed { bus, place } = self.places.get(id)?;
        let (bus, place) = (Arc::clone(bus), place.clone());
        let filter = self.subscription.filter.clone();
        Some(tokio::task::spawn_blocking(move || read_chunk(&bus, place, &filter)))
    }

    /// Goes on in one bus with what is at hand in memory. Whoever is up to date needs nothing
    /// else: no file, and no other thread.
    fn take_recent(&mut self, id: &BusId) -> bool {
        let Some(Followed { bus, place }) = self.places.get_mut(id) else {
            return false;
        };
        let Some(InMemory { deliveries, is_at_end }) = place.advance_in_memory(&bus.view()) else {
            return false;
        };
        let filter = &self.subscription.filter;
        let passing = deliveries.into_iter().filter(|delivery| filter.passes(&delivery.message));
        let before = self.frames.len();
        self.frames.extend(passing.map(Frame::Message));
        self.count_lag(before);
        self.unreadable.remove(id);
        if is_at_end {
            self.replaying.remove(id);
        } else {
            self.wait_for_turn(id.clone());
        }
        true
    }

    /// Counts how late the oldest message comes of those that wait behind the first so many
    /// frames. Of what is replayed it would say nothing.
    fn count_lag(&self, before: usize) {
        let ts = self.frames.range(before..).find_map(|frame| match frame {
            Frame::Message(delivery) => delivery.message.ts,
            _ => None,
        });
        if let Some(ts) = ts.filter(|_| self.caught_up) {
            meters::delivery_lagged(ts, || self.buses.context.clock.now());
        }
    }

    /// How far it has come in each bus, also in those it could not read yet.
    fn all_positions(&self) -> Vec<(BusId, Cursor)> {
        let taken =
            self.places.iter().map(|(id, followed)| (id.clone(), followed.place.cursor.clone()));
        let untaken = self.untaken.iter().filter_map(|(id, start)| match start {
            Start::Cursor(cursor) => Some((id.clone(), cursor.clone())),
            _ => None,
        });
        taken.chain(untaken).collect()
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
                    looked_at += size_in_answer(&message);
                    if filter.passes(&message) {
                        let delivery = Delivery::new(bus.id.clone(), *message, cursor.clone());
                        frames.push(Frame::Message(Arc::new(delivery)));
                    }
                }
                Event::Damage(damage) => {
                    looked_at += DAMAGE_BYTES;
                    frames.push(Frame::Damaged {
                        bus: bus.id.clone(),
                        offset: damage.offset,
                        length: damage.length,
                        detail: damage.detail.to_string(),
                    });
                }
            }
            Flow::Continue
        })
    });
    Chunk { place, frames, advanced }
}
