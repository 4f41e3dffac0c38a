//! Every bound of the service, by name. An error that refuses something for its
//! size names the limit it met.

use std::time::Duration;

/// The body of an appended message, in bytes.
pub const MESSAGE_BODY_BYTES_MAX: usize = 1 << 20;
/// The body of a message that another program wrote. Bounded by what fits into
/// one answer; a longer one is reported as damage.
pub const FOREIGN_BODY_BYTES_MAX: usize = 3 << 20;
/// A record's header, from its opening to its closing delimiter, in bytes.
pub const HEADER_BYTES_MAX: usize = 64 << 10;
/// The type of a message, in bytes.
pub const MESSAGE_TYPE_BYTES_MAX: usize = 64;
/// Parents of one message.
pub const PARENTS_MAX: usize = 256;
/// Links of one message.
pub const LINKS_MAX: usize = 256;
/// Pairs in one meta map.
pub const META_KEYS_MAX: usize = 256;
/// A meta key, in characters.
pub const META_KEY_CHARS_MAX: usize = 128;
/// The id of a new project, task or run, in bytes.
pub const ID_BYTES_MAX: usize = 128;
/// The id of one that exists, in bytes: what file systems take for a name.
pub const NAME_BYTES_MAX: usize = 255;
/// A message or issue id, in bytes.
pub const MSG_ID_BYTES_MAX: usize = 256;
/// A cursor, in bytes.
pub const CURSOR_BYTES_MAX: usize = 1024;
/// A request id, in bytes.
pub const REQUEST_ID_BYTES_MAX: usize = 128;
/// An attachment path, in bytes.
pub const ATTACHMENT_PATH_BYTES_MAX: usize = 1024;

/// Messages in one batch.
pub const BATCH_MESSAGES_MAX: usize = 1000;
/// Bodies in one batch, in bytes.
pub const BATCH_BYTES_MAX: usize = 3 << 20;
/// What one unary answer holds at most, in bytes: default clients receive 4 MiB.
pub const ANSWER_BYTES_MAX: usize = 3 << 20;
/// What the server receives in one request message, in bytes.
pub const REQUEST_BYTES_MAX: usize = 4 << 20;

/// Messages in one answer, unless asked otherwise.
pub const READ_LIMIT_DEFAULT: usize = 100;
/// Messages in one answer.
pub const READ_LIMIT_MAX: usize = 5000;
/// Items on a page, unless asked otherwise.
pub const PAGE_SIZE_DEFAULT: usize = 100;
/// Items on a page.
pub const PAGE_SIZE_MAX: usize = 1000;
/// Types in one filter.
pub const FILTER_TYPES_MAX: usize = 64;

/// How long PollForNew waits, unless asked otherwise.
pub const POLL_TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
/// How long PollForNew waits.
pub const POLL_TIMEOUT_MAX: Duration = Duration::from_secs(300);
/// The silence before a heartbeat, unless asked otherwise.
pub const HEARTBEAT_INTERVAL_DEFAULT: Duration = Duration::from_secs(15);
/// The shortest heartbeat interval.
pub const HEARTBEAT_INTERVAL_MIN: Duration = Duration::from_millis(100);
/// The longest heartbeat interval.
pub const HEARTBEAT_INTERVAL_MAX: Duration = Duration::from_secs(3600);

/// Subscriptions at one time.
pub const SUBSCRIBERS_MAX: usize = 4096;
/// Positions in one Subscribe request.
pub const POSITIONS_MAX: usize = 100_000;
/// What one read for a subscriber takes from a file, in bytes.
pub const SUBSCRIBER_READ_BYTES: usize = 1 << 20;

/// Appends of one stream that may be unanswered at one time.
pub const APPEND_STREAM_IN_FLIGHT: usize = 1024;
/// Appends waiting for one bus, in bytes; more wait in their callers.
pub const BUS_QUEUE_BYTES_MAX: u32 = 64 << 20;
/// What one group commit writes at most, in bytes.
pub const COMMIT_BYTES_MAX: usize = 8 << 20;
/// Threads that write buses.
pub const BUS_WRITERS_MAX: usize = 64;
/// How long a writer thread waits for work before it ends.
pub const BUS_WRITER_IDLE: Duration = Duration::from_secs(10);

/// How long an append waits for the lock of a bus file.
pub const LOCK_BUDGET: Duration = Duration::from_secs(10);
/// How often a held lock is tried again.
pub const LOCK_RETRY_INTERVAL: Duration = Duration::from_millis(2);
/// How often followed buses are looked at without any hint.
pub const FOLLOW_POLL_INTERVAL: Duration = Duration::from_millis(500);
/// How long request ids are remembered at least.
pub const REQUEST_ID_AGE: Duration = Duration::from_secs(3600);
/// How many messages of a bus back request ids are remembered at least.
pub const REQUEST_ID_MESSAGES: u64 = 10_000;

/// How long a shutdown waits for calls in progress.
pub const DRAIN_DEADLINE: Duration = Duration::from_secs(10);
/// Concurrent streams of one connection.
pub const CONNECTION_STREAMS_MAX: u32 = 1024;
/// What a client may send on one stream, or is sent, before the other side has
/// taken it in, in bytes.
pub const STREAM_WINDOW_BYTES: u32 = 65_535;
/// The same for all streams of one connection.
pub const CONNECTION_WINDOW_BYTES: u32 = 16 << 20;
/// Connections at one time.
pub const CONNECTIONS_MAX: usize = 12_000;
/// The headers of one request, in bytes.
pub const REQUEST_HEADER_BYTES_MAX: u32 = 16 << 10;
/// How often a silent connection is pinged.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(60);
/// How long a ping may stay unanswered.
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
