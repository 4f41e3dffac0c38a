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

/// A description, a command line or the summary of an error, in bytes.
pub const TEXT_BYTES_MAX: usize = 64 << 10;
/// A value of a word or two, in bytes: the type or the version of an agent, who
/// looks after a process, a host, a template, a model.
pub const LABEL_BYTES_MAX: usize = 128;
/// A folder or a working directory, in bytes.
pub const PATH_BYTES_MAX: usize = 4096;
/// The prompt of a task or of a run, in bytes.
pub const PROMPT_BYTES_MAX: usize = 1 << 20;
/// The status word of a task's state, in bytes.
pub const STATE_STATUS_BYTES_MAX: usize = 64;
/// The text of a task's state, in bytes.
pub const STATE_MARKDOWN_BYTES_MAX: usize = 1 << 20;
/// Folders in one list of a project's.
pub const FOLDERS_MAX: usize = 256;
/// Tasks that one task waits for.
pub const DEPENDENCIES_MAX: usize = 256;
/// What a file of a run is replaced with, in bytes.
pub const RUN_FILE_BYTES_MAX: usize = 3 << 20;
/// What is appended to a file of a run at once, in bytes.
pub const RUN_OUTPUT_CHUNK_BYTES_MAX: usize = 1 << 20;
/// Lines that reading a file of a run goes back from its end.
pub const TAIL_LINES_MAX: usize = 100_000;

/// What of a document is read where other calls wait for their turn too, in bytes: it is
/// parsed there as well. A longer one is read on the blocking pool.
pub const DOCUMENT_AT_ONCE_BYTES_MAX: usize = 16 << 10;

/// Steps of one task.
pub const STEPS_MAX: usize = 1000;
/// Commands of one step.
pub const COMMANDS_MAX: usize = 256;
/// Files that one step changed.
pub const FILES_CHANGED_MAX: usize = 1000;
/// Further data of a task or of a step's result, as JSON, in bytes.
pub const METADATA_BYTES_MAX: usize = 64 << 10;
/// Objects and lists within each other in JSON that callers give us to keep.
pub const JSON_LEVELS_MAX: usize = 100;
/// An entry of a task's log, in bytes: with its line break it is 64 KiB.
pub const LOG_ENTRY_BYTES_MAX: usize = (64 << 10) - 1;
/// Entries that are appended to a log at once.
pub const LOG_ENTRIES_MAX: usize = 1000;
/// Entries that are appended to a log at once, in bytes.
pub const LOG_BATCH_BYTES_MAX: usize = 3 << 20;
/// The data of an event of a run, as JSON, in bytes.
pub const EVENT_DATA_BYTES_MAX: usize = 60 << 10;
/// The components of a new artifact's name.
pub const ARTIFACT_COMPONENTS_MAX: usize = 8;
/// An artifact that is saved with one message, in bytes.
pub const ARTIFACT_DATA_BYTES_MAX: usize = 1 << 20;
/// An artifact, in bytes.
pub const ARTIFACT_BYTES_MAX: usize = 16 << 30;
/// The highest number of a versioned artifact.
pub const ARTIFACT_VERSIONS_MAX: usize = 10_000;
/// What one page of artifacts reads to compute their hashes, in bytes.
pub const ARTIFACT_HASH_BYTES_MAX: usize = 256 << 20;
/// The title of a fact, in bytes.
pub const FACT_TITLE_BYTES_MAX: usize = 1024;
/// The text of a fact, in bytes.
pub const FACT_BODY_BYTES_MAX: usize = 1 << 20;

/// Messages in one batch.
pub const BATCH_MESSAGES_MAX: usize = 1000;
/// Bodies in one batch, in bytes.
pub const BATCH_BYTES_MAX: usize = 3 << 20;
/// What one unary answer holds at most, in bytes: default clients receive 4 MiB.
pub const ANSWER_BYTES_MAX: usize = 3 << 20;
/// What the server receives in one request message, in bytes.
pub const REQUEST_BYTES_MAX: usize = 4 << 20;

/// A document such as a run's record, in bytes; what is larger is not read.
pub const DOCUMENT_BYTES_MAX: usize = 2 << 20;
/// What one chunk of a run's file holds, in bytes.
pub const FILE_CHUNK_BYTES: usize = 256 << 10;
/// Runs that one call looks at for a page: further ones are on the next page.
pub const RUNS_EXAMINED_MAX: usize = 10_000;
/// What a call names of runs, paths or problems; further ones are only counted.
pub const NAMED_MAX: usize = 1000;
/// How long requests that created something are remembered.
pub const CREATE_REQUEST_AGE: Duration = Duration::from_secs(24 * 3600);
/// How many of them are remembered at most: then the older half is forgotten.
pub const CREATE_REQUESTS_MAX: usize = 200_000;
/// How often a document is read again because a program without a lock replaced it.
pub const FOREIGN_WRITE_ATTEMPTS: usize = 4;

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
/// Statuses in one filter.
pub const FILTER_STATUSES_MAX: usize = 64;

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
/// What the last messages of all followed buses take in memory together, in bytes, roughly.
pub const RECENT_BYTES_MAX: usize = 32 << 20;
/// What the names of the runs in long lists take in memory together, in bytes, roughly.
pub const RUN_NAMES_BYTES_MAX: usize = 32 << 20;
/// What one read for a subscriber takes from a file, in bytes: no message begins beyond it. A
/// subscriber has two at most: what is being sent, and what is read meanwhile.
pub const SUBSCRIBER_READ_BYTES: usize = 512 << 10;

/// Appends of one stream that may be unanswered at one time.
pub const APPEND_STREAM_IN_FLIGHT: usize = 1024;
/// Appends waiting for one bus, in bytes; more wait in their callers.
pub const BUS_QUEUE_BYTES_MAX: u32 = 64 << 20;
/// What one group commit writes at most, in bytes.
pub const COMMIT_BYTES_MAX: usize = 8 << 20;
/// Threads that write buses, besides those that wait for locks of other programs.
pub const BUS_WRITERS_MAX: usize = 64;
/// Threads that may wait for such locks before others have to wait with them.
pub const BUS_LOCK_WAITERS_MAX: usize = 1024;
/// How long a writer thread waits for work before it ends.
pub const BUS_WRITER_IDLE: Duration = Duration::from_secs(10);

/// How long an append waits for the lock of a bus file.
pub const LOCK_BUDGET: Duration = Duration::from_secs(10);
/// How often a held lock is tried again; of bus files less often, when more than
/// [`BUS_WRITERS_MAX`] are waited for.
pub const LOCK_RETRY_INTERVAL: Duration = Duration::from_millis(2);
/// How long the output of a run whose process is gone must be silent before nothing
/// more is waited for.
pub const LOST_SILENCE: Duration = Duration::from_secs(5);
/// How often followed buses are looked at without any hint.
pub const FOLLOW_POLL_INTERVAL: Duration = Duration::from_millis(500);
/// How often the free space is looked at while some of it is to stay free.
pub const FREE_SPACE_LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// How often all projects are looked at for their bytes, at most.
pub const USAGE_LOOK_INTERVAL: Duration = Duration::from_secs(10);
/// How long they are looked at after somebody asked for their bytes, without any quota.
pub const USAGE_WANTED: Duration = Duration::from_secs(900);
/// Projects whose bytes are counted each for itself before a look has found them, together
/// with those that it found; further ones share one count until the next look.
pub const PROJECTS_COUNTED_MAX: usize = 100_000;
/// How long request ids are remembered at least.
pub const REQUEST_ID_AGE: Duration = Duration::from_secs(3600);
/// How many messages of a bus back request ids are remembered at least.
pub const REQUEST_ID_MESSAGES: u64 = 10_000;

/// How long an upload may be silent before it is given up.
pub const UPLOAD_IDLE: Duration = Duration::from_secs(60);
/// How long a shutdown waits for calls in progress.
pub const DRAIN_DEADLINE: Duration = Duration::from_secs(10);
/// How long a stop then waits for what is still at the disk: once for the tasks of the server, and
/// once for the threads that they left behind. What these write was not answered.
pub const STOP_WAIT: Duration = Duration::from_secs(5);
/// Concurrent streams of one connection.
pub const CONNECTION_STREAMS_MAX: u32 = 1024;
/// What a client may send on one stream, or is sent, before the other side has
/// taken it in, in bytes.
pub const STREAM_WINDOW_BYTES: u32 = 65_535;
/// The same for all streams of one connection: as much as they have together, so that those
/// that wait never keep out what another one waits for.
pub const CONNECTION_WINDOW_BYTES: u32 = CONNECTION_STREAMS_MAX * STREAM_WINDOW_BYTES;
/// What one frame of a request holds at most, in bytes.
pub const FRAME_BYTES_MAX: u32 = 16 << 10;
/// Streams of one connection that its client reset before anybody has looked at them; with
/// one more the connection is closed.
pub const PENDING_RESETS_MAX: usize = 20;
/// Streams of one connection that were reset for errors of its client; with one more the
/// connection is closed.
pub const ERROR_RESETS_MAX: usize = 1024;
/// Connections at one time. When there are as many, each further one takes the place of the
/// one that has been without a call for longest.
pub const CONNECTIONS_MAX: usize = 12_000;
/// How long a client that has connected may take for its first words.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Calls in progress at one time, of all connections: what is not answered to its end.
pub const CALLS_MAX: usize = 16_384;
/// Of these, calls that may wait for long without a seat: streams of appends, long polls,
/// watches of the health, reflection.
pub const WAITING_CALLS_MAX: usize = 3072;
/// Calls of one connection from which on it gets no more when half of the places of calls are
/// taken: what is left is for the others.
pub const CALLS_SHARE: usize = 16;
/// Requests over [`STREAM_WINDOW_BYTES`] that are received or carried out at one time, of all
/// connections, in bytes; more wait.
pub const REQUESTS_BYTES_MAX: usize = 256 << 20;
/// How long the message of a request may be on its way, besides the time that
/// [`REQUEST_BYTES_PER_SECOND_MIN`] gives it.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// What of a long message has to come in a second, in bytes.
pub const REQUEST_BYTES_PER_SECOND_MIN: usize = 64 << 10;
/// What is handed to the transport of an answer at once, in bytes.
pub const ANSWER_PIECE_BYTES: usize = 64 << 10;
/// Single answers over [`ANSWER_PIECE_BYTES`] that their clients have not taken, of all
/// connections, in bytes; further ones are refused.
pub const ANSWERS_BYTES_MAX: usize = 512 << 20;
/// How long a client may take nothing of a single answer before its connection is closed.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a call may take that is no stream.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(600);
/// How long a connection may be without a call.
pub const CONNECTION_IDLE_TIMEOUT: Duration = Duration::from_secs(3600);
/// What is kept of a connection of TLS that the system has not taken yet, in bytes.
pub const TLS_BUFFER_BYTES: usize = 16 << 10;
/// Calls at one time of what everybody may call who can connect: the health, and reflection
/// when it is open.
pub const OPEN_CALLS_MAX: usize = 256;
/// How often projects are looked at for their bytes while nothing but the metrics need them.
pub const USAGE_METER_INTERVAL: Duration = Duration::from_secs(300);
/// The longest rest between two looks at the projects while one of them has a quota.
pub const USAGE_REST_MAX: Duration = Duration::from_secs(600);
/// How often the file of tokens is looked at while nobody calls.
pub const TOKENS_LOOK_INTERVAL: Duration = Duration::from_millis(500);
/// How often the connections are looked at for those that met a timeout.
pub const CONNECTION_LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// A certificate, a private key or another such file that the server is given, in bytes.
pub const SECRET_FILE_BYTES_MAX: usize = 1 << 20;
/// How often the files of the certificates are looked at for new ones.
pub const CERTIFICATE_LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// How long before its end a certificate is warned about, and how often.
pub const CERTIFICATE_WARNING_AHEAD: Duration = Duration::from_secs(14 * 24 * 3600);
/// See [`CERTIFICATE_WARNING_AHEAD`].
pub const CERTIFICATE_WARNING_INTERVAL: Duration = Duration::from_secs(24 * 3600);
/// The headers of one request, in bytes.
pub const REQUEST_HEADER_BYTES_MAX: u32 = 16 << 10;
/// How often a silent connection is pinged.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(60);
/// How long a ping may stay unanswered.
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// Projects whose size is shown by name; the size of all others is shown as one.
pub const METERED_PROJECTS_MAX: usize = 500;
/// Connections of the HTTP port at one time; further ones wait.
pub const HTTP_CONNECTIONS_MAX: usize = 64;
/// How long a client of the HTTP port may take for the head of a request, from when it has
/// connected or was answered.
pub const HTTP_HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The head of a request to the HTTP port, in bytes.
pub const HTTP_HEAD_BYTES_MAX: usize = 16 << 10;
/// After how long a connection of the HTTP port takes no further request.
pub const HTTP_CONNECTION_AGE_MAX: Duration = Duration::from_secs(300);
/// How long one answer of the HTTP port may then still be on its way.
pub const HTTP_ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the disk may take to say how it is, before that is the answer.
pub const HTTP_LOOK_TIMEOUT: Duration = Duration::from_secs(2);

// Calls that may last are fewer than the connections: they cannot take every place.
const _: () = assert!(2 * SUBSCRIBERS_MAX + WAITING_CALLS_MAX < CONNECTIONS_MAX);
const _: () = assert!(2 * SUBSCRIBERS_MAX + WAITING_CALLS_MAX < CALLS_MAX);

macro_rules! by_name {
    ($($name:ident),* $(,)?) => { &[$((stringify!($name), $name as i64)),*] };
}

/// The numbers among the bounds that a client may meet and that cannot be set, by name: what
/// the server tells of itself, with those of its settings. Times stand in the comments of the
/// proto.
pub const ANNOUNCED: &[(&str, i64)] = by_name![
    FOREIGN_BODY_BYTES_MAX,
    HEADER_BYTES_MAX,
    MESSAGE_TYPE_BYTES_MAX,
    PARENTS_MAX,
    LINKS_MAX,
    META_KEYS_MAX,
    META_KEY_CHARS_MAX,
    ID_BYTES_MAX,
    NAME_BYTES_MAX,
    MSG_ID_BYTES_MAX,
    CURSOR_BYTES_MAX,
    REQUEST_ID_BYTES_MAX,
    ATTACHMENT_PATH_BYTES_MAX,
    TEXT_BYTES_MAX,
    LABEL_BYTES_MAX,
    PATH_BYTES_MAX,
    PROMPT_BYTES_MAX,
    STATE_STATUS_BYTES_MAX,
    STATE_MARKDOWN_BYTES_MAX,
    FOLDERS_MAX,
    DEPENDENCIES_MAX,
    RUN_FILE_BYTES_MAX,
    RUN_OUTPUT_CHUNK_BYTES_MAX,
    TAIL_LINES_MAX,
    STEPS_MAX,
    COMMANDS_MAX,
    FILES_CHANGED_MAX,
    METADATA_BYTES_MAX,
    JSON_LEVELS_MAX,
    LOG_ENTRY_BYTES_MAX,
    LOG_ENTRIES_MAX,
    LOG_BATCH_BYTES_MAX,
    EVENT_DATA_BYTES_MAX,
    ARTIFACT_COMPONENTS_MAX,
    ARTIFACT_DATA_BYTES_MAX,
    ARTIFACT_BYTES_MAX,
    ARTIFACT_VERSIONS_MAX,
    ARTIFACT_HASH_BYTES_MAX,
    FACT_TITLE_BYTES_MAX,
    FACT_BODY_BYTES_MAX,
    BATCH_MESSAGES_MAX,
    BATCH_BYTES_MAX,
    ANSWER_BYTES_MAX,
    DOCUMENT_BYTES_MAX,
    FILE_CHUNK_BYTES,
    CREATE_REQUESTS_MAX,
    RUNS_EXAMINED_MAX,
    NAMED_MAX,
    READ_LIMIT_DEFAULT,
    READ_LIMIT_MAX,
    PAGE_SIZE_DEFAULT,
    PAGE_SIZE_MAX,
    FILTER_TYPES_MAX,
    FILTER_STATUSES_MAX,
    POSITIONS_MAX,
    BUS_QUEUE_BYTES_MAX,
    REQUEST_ID_MESSAGES,
];
