//! The message bus as a backend offers it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio_stream::Stream;

use crate::domain::{BusId, Cursor, Message, MsgId, NewMessage, ProjectId, Reach, RequestId};
use crate::error::Result;

/// Append-only buses of messages.
///
/// Every backend promises:
/// - nothing is acknowledged, and nothing is returned or delivered, before it is
///   durable;
/// - reading, replaying and following see the same messages in the same order;
/// - cursors are strictly-after, without gap and without repetition, across
///   restarts and rotation; one that cannot be honoured is an error;
/// - a request id makes a repeated append return the first answer.
pub trait MessageBus: Send + Sync + 'static {
    /// Queues a batch for its bus. Batches of one bus are appended in the order in
    /// which their `submit` calls returned; dropping the ticket does not take the
    /// batch back.
    ///
    /// # Errors
    /// TOO_LARGE for a header that is. Everything else comes from the ticket.
    fn submit(&self, batch: AppendBatch) -> impl Future<Output = Result<AppendTicket>> + Send;

    /// Appends a batch; returns when it is durable.
    ///
    /// # Errors
    /// INVALID_ID, TOO_LARGE, REQUEST_ID_REUSED, BUS_MOVED, BUS_POISONED,
    /// LOCK_TIMEOUT, NOT_A_REGULAR_FILE, DISK_FULL, IO.
    fn append(&self, batch: AppendBatch) -> impl Future<Output = Result<Appended>> + Send {
        async { self.submit(batch).await?.await }
    }

    /// Reads messages of one bus. A bus that does not exist is empty.
    ///
    /// # Errors
    /// MESSAGE_NOT_FOUND, AMBIGUOUS_ID, CURSOR_EXPIRED, CURSOR_AHEAD,
    /// CURSOR_UNKNOWN, NOT_A_REGULAR_FILE, LOCK_TIMEOUT, BUS_POISONED, IO.
    fn read(&self, query: ReadQuery) -> impl Future<Output = Result<ReadPage>> + Send;

    /// Like `read`, but waits until there is a message, or the timeout.
    ///
    /// # Errors
    /// As `read`, and SHUTTING_DOWN.
    fn poll(
        &self,
        query: ReadQuery,
        timeout: Duration,
    ) -> impl Future<Output = Result<ReadPage>> + Send;

    /// Finds one message; returns it with the cursor after it.
    ///
    /// # Errors
    /// MESSAGE_NOT_FOUND, AMBIGUOUS_ID, NOT_A_REGULAR_FILE, IO.
    fn get(
        &self,
        bus: BusId,
        msg_id: MsgId,
    ) -> impl Future<Output = Result<(Message, Cursor)>> + Send;

    /// Opens a subscription. The stream ends after an error.
    ///
    /// # Errors
    /// SUBSCRIBER_LIMIT; for one bus also what `read` refuses a start for.
    fn subscribe(
        &self,
        subscription: Subscription,
    ) -> impl Future<Output = Result<FrameStream>> + Send;

    /// Lists the buses of a scope in the order of their ids, strictly after `after`.
    ///
    /// # Errors
    /// PROJECT_NOT_FOUND, IO. A bus that cannot be read is listed with its problem.
    fn list(
        &self,
        scope: Scope,
        after: Option<BusId>,
        limit: usize,
    ) -> impl Future<Output = Result<BusPage>> + Send;
}

/// Archives of buses: only backends that keep files have them.
pub trait Archives: Send + Sync + 'static {
    /// Archives a bus's live part now; returns the archive's name.
    ///
    /// # Errors
    /// BUS_NOT_FOUND, BUS_EMPTY, LOCK_TIMEOUT, IO.
    fn rotate(&self, bus: BusId) -> impl Future<Output = Result<String>> + Send;

    /// Removes archives whose last message is older than this, oldest first; with
    /// `dry_run` only tells which.
    ///
    /// # Errors
    /// BUS_NOT_FOUND, IO.
    fn trim(
        &self,
        bus: BusId,
        older_than: Duration,
        dry_run: bool,
    ) -> impl Future<Output = Result<Trimmed>> + Send;
}

/// What to append to one bus, as a whole.
#[derive(Debug, Clone)]
pub struct AppendBatch {
    /// The bus.
    pub bus: BusId,
    /// The messages, at least one.
    pub messages: Vec<NewMessage>,
    /// Makes a repetition safe.
    pub request_id: Option<RequestId>,
    /// Append only if this is the last message of the bus.
    pub expected_last: Option<MsgId>,
}

/// The future answer to a queued batch.
pub type AppendTicket = Pin<Box<dyn Future<Output = Result<Appended>> + Send>>;

/// A durable batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// Id and time of each message, in order.
    pub messages: Vec<(String, Timestamp)>,
    /// The position after the last of them.
    pub cursor: Cursor,
    /// Whether all were there already.
    pub duplicate: bool,
}

/// Which messages to pass on.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// These types; empty means all.
    pub kinds: Vec<String>,
    /// This run; empty means all.
    pub run_id: String,
}

impl Filter {
    /// Whether a message passes.
    pub fn passes(&self, message: &Message) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&message.kind))
            && (self.run_id.is_empty() || self.run_id == message.run_id)
    }
}

/// A place to start from in one bus.
#[derive(Debug, Clone)]
pub enum Start {
    /// At the first message.
    Earliest,
    /// After the last message.
    Latest,
    /// After the message with this id.
    SinceId(MsgId),
    /// After this position.
    Cursor(Cursor),
    /// At the first message in file order that is later than this.
    SinceTime(Timestamp),
}

/// Where `read` starts.
#[derive(Debug, Clone)]
pub enum ReadStart {
    /// From a place on.
    From(Start),
    /// At the last n messages that pass the filter.
    Tail(usize),
}

/// What to read.
#[derive(Debug, Clone)]
pub struct ReadQuery {
    /// The bus.
    pub bus: BusId,
    /// Where to start.
    pub start: ReadStart,
    /// At most this many messages.
    pub limit: usize,
    /// Which messages.
    pub filter: Filter,
}

/// An answer of `read`.
#[derive(Debug, Clone)]
pub struct ReadPage {
    /// Oldest first.
    pub messages: Vec<Message>,
    /// After the last message looked at, whether it passed the filter or not.
    pub cursor: Cursor,
    /// Whether nothing further was there.
    pub end_of_bus: bool,
}

/// What a subscription covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// One bus.
    Bus(BusId),
    /// A project's bus and those of its tasks.
    Project(ProjectId),
    /// Every bus of the projects that the caller reaches.
    All(Reach),
}

impl Scope {
    /// Whether a bus belongs to it.
    pub fn covers(&self, bus: &BusId) -> bool {
        match self {
            Self::Bus(only) => only == bus,
            Self::Project(project) => *project == bus.project,
            Self::All(reach) => reach.covers(&bus.project),
        }
    }
}

/// What to follow.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// Which buses.
    pub scope: Scope,
    /// Where to start in buses that `positions` does not name. With positions, a
    /// bus that is not named starts at its beginning whatever is said here.
    pub start: Start,
    /// Where to go on, bus by bus.
    pub positions: Vec<(BusId, Cursor)>,
    /// Which messages.
    pub filter: Filter,
    /// End where replay meets the end.
    pub stop_at_tail: bool,
    /// End after this many messages.
    pub limit: Option<u64>,
    /// How long the stream may be silent.
    pub heartbeat_interval: Duration,
}

/// A message of a bus, as everybody gets it who follows the bus.
#[derive(Debug)]
pub struct Delivery {
    /// The bus.
    pub bus: BusId,
    /// The message.
    pub message: Message,
    /// The position after it.
    pub cursor: Cursor,
    encoded: OnceLock<Bytes>,
}

impl Delivery {
    /// Makes one that nobody has sent yet.
    pub fn new(bus: BusId, message: Message, cursor: Cursor) -> Self {
        Self { bus, message, cursor, encoded: OnceLock::new() }
    }

    /// Returns it as it is sent. Whoever is the first encodes it, for all others.
    pub fn encoded(&self, encode: impl FnOnce(&Self) -> Bytes) -> &Bytes {
        self.encoded.get_or_init(|| encode(self))
    }
}

/// The frames of a subscription.
pub type FrameStream = Pin<Box<dyn Stream<Item = Result<Frame>> + Send>>;

/// One frame of a subscription.
#[derive(Debug, Clone)]
pub enum Frame {
    /// A bus was taken up after this position.
    Opened {
        /// The bus.
        bus: BusId,
        /// Where reading starts.
        cursor: Cursor,
    },
    /// A message of a bus; all who follow the bus may share one.
    Message(Arc<Delivery>),
    /// Replay has met the end of every bus.
    CaughtUp,
    /// Nothing happened for a while.
    Heartbeat,
    /// A bus lost what a cursor had promised.
    Gap {
        /// The bus.
        bus: BusId,
        /// An error reason, or BUS_DELETED.
        reason: &'static str,
        /// Where the stream goes on.
        oldest: Cursor,
    },
    /// Bytes that are no message and should be.
    Damaged {
        /// The bus.
        bus: BusId,
        /// Where in its file, in bytes.
        offset: u64,
        /// How long, in bytes.
        length: u64,
        /// What is wrong.
        detail: String,
    },
    /// The server stops; the stream's positions.
    Closing {
        /// How far it has come in each bus.
        positions: Vec<(BusId, Cursor)>,
    },
}

/// A page of buses.
#[derive(Debug, Clone, Default)]
pub struct BusPage {
    /// The buses.
    pub buses: Vec<BusSummary>,
    /// Whether there are more.
    pub more: bool,
}

/// What a list tells of a bus.
#[derive(Debug, Clone)]
pub struct BusSummary {
    /// The bus.
    pub bus: BusId,
    /// Its file, relative to the root.
    pub path: String,
    /// Live file and archives, in bytes.
    pub size_bytes: u64,
    /// The last message's id and time.
    pub last: Option<(String, Option<Timestamp>)>,
    /// How many archives.
    pub archive_count: usize,
    /// How many damaged places in the live file.
    pub damage_count: usize,
    /// Why it cannot be read.
    pub problem: Option<String>,
}

/// What `trim` removed, or would.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trimmed {
    /// The archives, oldest first.
    pub archives: Vec<String>,
    /// Their size together, in bytes.
    pub size_bytes: u64,
}
