//! What is counted of a running server, for Prometheus. The rest of the crate calls the
//! functions here, in words of its own; the names of the metrics stand in `names.rs` and
//! nowhere else.
//!
//! Nothing is counted before [`install`], as in clients and in tests: then each function
//! costs one look at a pointer. Afterwards it costs one or two atomic additions, with handles
//! that were made once. What happens often is counted many at a time: appends per commit,
//! deliveries per reading.
//!
//! It must never wait for anything, or fail.

mod calls;
mod damage;
mod names;
mod recorder;
mod scrape;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use metrics::{Counter, Gauge, Histogram, Label};

use calls::{Calls, Refusals};
use damage::KnownDamage;
use names::Metric;
use recorder::{Recorder, UPKEEP_INTERVAL};
use scrape::{Found, Text};

static INSTALLED: OnceLock<Instruments> = OnceLock::new();

/// The handles of all metrics.
struct Instruments {
    recorder: Recorder,
    appended_messages: Counter,
    appended_bytes: Counter,
    append_duplicates: Counter,
    commit_messages: Histogram,
    commit_sync: Histogram,
    commit_failures: Counter,
    bus_lock_wait: Histogram,
    document_lock_wait: Histogram,
    lock_timeouts: Counter,
    delivered_messages: Counter,
    delivery_lag: Histogram,
    subscribers: Gauge,
    watchers: Gauge,
    connections: Gauge,
    calls_in_progress: Gauge,
    damaged_records: Counter,
    calls: Calls,
    refusals: Refusals,
    /// What was refused before any call: by the metric's name and the reason.
    refused: Mutex<HashMap<(&'static str, &'static str), Counter>>,
    damage: Mutex<KnownDamage>,
    found: Mutex<Found>,
}

impl Instruments {
    /// Counts what was refused before any call. Reasons are words of ours, and so few.
    fn refused(&self, metric: &Metric, reason: &'static str) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = refused.entry((metric.name, reason)).or_insert_with(|| {
            self.recorder.counter(metric, vec![Label::from_static_parts("reason", reason)])
        });
        counter.increment(1);
    }

    fn new() -> Self {
        let recorder = Recorder::new();
        let counter = |metric| recorder.counter(metric, Vec::new());
        let gauge = |metric| recorder.gauge(metric, Vec::new());
        let histogram = |metric| recorder.histogram(metric, Vec::new());
        let lock_wait = |kind| {
            recorder.histogram(&names::LOCK_WAIT, vec![Label::from_static_parts("kind", kind)])
        };
        let version = Label::from_static_parts("version", env!("CARGO_PKG_VERSION"));
        recorder.gauge(&names::BUILD_INFO, vec![version]).set(1);
        Self {
            appended_messages: counter(&names::APPENDED_MESSAGES),
            appended_bytes: counter(&names::APPENDED_BYTES),
            append_duplicates: counter(&names::APPEND_DUPLICATES),
            commit_messages: histogram(&names::COMMIT_MESSAGES),
            commit_sync: histogram(&names::COMMIT_SYNC),
            commit_failures: counter(&names::COMMIT_FAILURES),
            bus_lock_wait: lock_wait("bus"),
            document_lock_wait: lock_wait("document"),
            lock_timeouts: counter(&names::LOCK_TIMEOUTS),
            delivered_messages: counter(&names::DELIVERED_MESSAGES),
            delivery_lag: histogram(&names::DELIVERY_LAG),
            subscribers: gauge(&names::SUBSCRIBERS),
            watchers: gauge(&names::WATCHERS),
            connections: gauge(&names::CONNECTIONS),
            calls_in_progress: gauge(&names::CALLS_IN_PROGRESS),
            damaged_records: counter(&names::DAMAGED_RECORDS),
            calls: Calls::new(),
            refusals: Refusals::new(),
            refused: Mutex::default(),
            damage: Mutex::default(),
            found: Mutex::default(),
            recorder,
        }
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn render(&self) -> String {
        let mut text = Text::default();
        text.add(&self.recorder.render());
        scrape::write_process(&mut text);
        self.found().write(&mut text);
        text.sorted()
    }
}

/// The metrics of this process.
#[derive(Clone, Copy)]
pub struct Meters(&'static Instruments);

/// Begins to count. What was counted stays when it is called again.
///
/// A thread of its own sorts what histograms were given into their buckets every second,
/// whether or not anybody asks: else it would fill the memory.
pub fn install() -> Meters {
    static UPKEEP: OnceLock<()> = OnceLock::new();
    let meters = Meters(INSTALLED.get_or_init(Instruments::new));
    UPKEEP.get_or_init(|| {
        let upkeep = move || loop {
            thread::sleep(UPKEEP_INTERVAL);
            meters.0.recorder.keep_up();
        };
        if let Err(error) = thread::Builder::new().name("meters".into()).spawn(upkeep) {
            tracing::error!(%error, "cannot start the thread that keeps the metrics in order");
        }
    });
    meters
}

/// Whether anything is counted.
pub fn is_installed() -> bool {
    INSTALLED.get().is_some()
}

impl Meters {
    /// Returns all metrics in the text format of Prometheus, in the order of their names.
    /// Reads `/proc`.
    pub fn render(self) -> String {
        self.0.render()
    }
}

/// What a gauge counts, for as long as this is kept.
#[must_use = "it is counted only while this is kept"]
pub struct Counted(Option<&'static Gauge>);

impl Counted {
    fn by(gauge: impl FnOnce(&'static Instruments) -> &'static Gauge) -> Self {
        let gauge = INSTALLED.get().map(gauge);
        gauge.inspect(|gauge| gauge.increment(1));
        Self(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.inspect(|gauge| gauge.decrement(1));
    }
}

/// Counts a subscription.
pub fn subscriber() -> Counted {
    Counted::by(|meters| &meters.subscribers)
}

/// Counts a watch.
pub fn watcher() -> Counted {
    Counted::by(|meters| &meters.watchers)
}

/// Counts a connection.
pub fn connection() -> Counted {
    Counted::by(|meters| &meters.connections)
}

/// Counts a call in progress.
pub fn call_in_progress() -> Counted {
    Counted::by(|meters| &meters.calls_in_progress)
}

/// Counts a group commit that is durable: so many new messages, which take so many bytes in
/// the file, and how long its sync took. One without new messages, because all of its appends
/// were repetitions, only has a sync.
pub fn committed(messages: usize, bytes: usize, sync: Duration) {
    if let Some(meters) = INSTALLED.get() {
        meters.commit_sync.record(sync);
        if messages > 0 {
            meters.appended_messages.increment(messages as u64);
            meters.appended_bytes.increment(bytes as u64);
            meters.commit_messages.record(messages as f64);
        }
    }
}

/// Counts appends that were answered as the first time.
pub fn repeated(appends: usize) {
    if let Some(meters) = INSTALLED.get() {
        meters.append_duplicates.increment(appends as u64);
    }
}

/// Counts a group commit that failed and refused all its appends.
pub fn commit_failed() {
    if let Some(meters) = INSTALLED.get() {
        meters.commit_failures.increment(1);
    }
}

/// Counts how long the lock of a bus file was waited for, also in vain; zero when it was free.
pub fn bus_lock_waited(wait: Duration) {
    if let Some(meters) = INSTALLED.get() {
        meters.bus_lock_wait.record(wait);
    }
}

/// Counts how long the lock of a document was waited for, as [`bus_lock_waited`] does.
pub fn document_lock_waited(wait: Duration) {
    if let Some(meters) = INSTALLED.get() {
        meters.document_lock_wait.record(wait);
    }
}

/// Counts a lock that a call waited for in vain.
pub fn lock_timed_out() {
    if let Some(meters) = INSTALLED.get() {
        meters.lock_timeouts.increment(1);
    }
}

/// Counts how old a message is when it is read for a subscriber that has caught up. One from
/// the future, by the clock of another writer, counts as new.
pub fn delivery_lagged(written: Timestamp, now: impl FnOnce() -> Timestamp) {
    if let Some(meters) = INSTALLED.get() {
        meters.delivery_lag.record(lag(written, now()));
    }
}

fn lag(written: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(written)).unwrap_or_default()
}

/// Counts damaged places in a file of a bus, of which `places` are known by now. Those that
/// were known before, also by the file's former names, are not counted again.
pub fn damage_known(device: u64, inode: u64, places: usize) {
    // Hardly a file has any.
    if places > 0
        && let Some(meters) = INSTALLED.get()
    {
        let mut known = meters.damage.lock().unwrap_or_else(PoisonError::into_inner);
        meters.damaged_records.increment(known.learn((device, inode), places) as u64);
    }
}

/// Counts a call that ended: its path, `/SERVICE/METHOD`, the number of its gRPC code, and
/// how long it took. Whatever path a client makes up counts as one.
pub fn call(path: &str, code: i32, took: Duration) {
    if let Some(meters) = INSTALLED.get() {
        meters.calls.ended(&meters.recorder, path, code, took);
    }
}

/// Counts a call that was refused, by the reason in its error. Reasons that do not exist
/// count as one.
pub fn refused(reason: &str) {
    if let Some(meters) = INSTALLED.get() {
        meters.refusals.add(&meters.recorder, reason);
    }
}

/// Counts a connection that was refused before any call, or closed for want of one.
pub fn refused_connection(reason: &'static str) {
    if let Some(meters) = INSTALLED.get() {
        meters.refused(&names::REFUSED_CONNECTIONS, reason);
    }
}

/// Counts an HTTP request that was refused before it was taken for a call.
pub fn refused_request(reason: &'static str) {
    if let Some(meters) = INSTALLED.get() {
        meters.refused(&names::REFUSED_REQUESTS, reason);
    }
}

/// Shows how many bytes each project takes, and forgets all projects that are not among
/// these. At most [`METERED_PROJECTS_MAX`](crate::limits::METERED_PROJECTS_MAX) are shown, the
/// largest; all others are one without a name.
pub fn project_bytes(projects: &[(String, u64)]) {
    if let Some(meters) = INSTALLED.get() {
        meters.found().set_projects(projects);
    }
}

/// Shows when the certificate of the server expires.
pub fn certificate_expires(at: Timestamp) {
    if let Some(meters) = INSTALLED.get() {
        meters.found().set_certificate_expires(at);
    }
}

/// Shows how many bytes the file system of the root has free.
pub fn disk_free(bytes: u64) {
    if let Some(meters) = INSTALLED.get() {
        meters.found().set_disk_free(bytes);
    }
}

/// The messages that one subscriber took: noted one by one, and counted many at a time.
#[derive(Default)]
pub struct Deliveries {
    uncounted: u64,
}

impl Deliveries {
    /// Notes one.
    pub fn note(&mut self) {
        self.uncounted += 1;
    }

    /// Counts those that were noted.
    pub fn count(&mut self) {
        let noted = std::mem::take(&mut self.uncounted);
        if let Some(meters) = INSTALLED.get().filter(|_| noted > 0) {
            meters.delivered_messages.increment(noted);
        }
    }
}

impl Drop for Deliveries {
    fn drop(&mut self) {
        self.count();
    }
}

#[cfg(test)]
mod tests {
    use super::names::{ALL, Kind};
    use super::*;

    /// Makes something happen of each kind.
    fn all_kinds() -> Vec<Counted> {
        committed(3, 400, Duration::from_millis(1));
        repeated(1);
        bus_lock_waited(Duration::ZERO);
        call("/callboard.v1.MessageBus/AppendMessage", 0, Duration::from_millis(1));
        refused("LOCK_TIMEOUT");
        refused_connection("handshake");
        refused_request("page");
        damage_known(u64::MAX, u64::MAX, 2);
        project_bytes(&[("demo".into(), 1)]);
        disk_free(1);
        certificate_expires(Timestamp::UNIX_EPOCH);
        vec![subscriber(), watcher(), connection(), call_in_progress()]
    }

    // What is counted in one process is counted together: the numbers are not those of this
    // test alone.
    #[test]
    fn every_metric_is_shown_with_its_help_and_its_type_once() {
        let meters = install();
        let kept = all_kinds();
        let text = meters.render();
        for metric in ALL {
            let name = metric.name;
            let help = format!("# HELP {name} {}\n", metric.help);
            let kind = format!("# TYPE {name} {}\n", metric.kind.as_str());
            assert_eq!(text.matches(&help).count(), 1, "{name}:\n{text}");
            assert_eq!(text.matches(&kind).count(), 1, "{name}:\n{text}");
            let value = match metric.kind {
                Kind::Histogram(_) => format!("\n{name}_bucket{{"),
                Kind::Counter | Kind::Gauge => format!("\n{name}"),
            };
            assert!(text.contains(&value), "{name} has no value:\n{text}");
        }
        assert_eq!(text.matches("# TYPE ").count(), ALL.len(), "{text}");
        let version =
            format!("callboard_build_info{{version=\"{}\"}} 1\n", env!("CARGO_PKG_VERSION"));
        assert!(text.contains(&version), "{text}");
        drop(kept);
    }

    #[test]
    fn a_message_from_the_future_is_not_late() {
        let at = |millis| Timestamp::from_millisecond(millis).expect("a time");
        assert_eq!(lag(at(1000), at(1250)), Duration::from_millis(250));
        assert_eq!(lag(at(1250), at(1000)), Duration::ZERO);
    }

    #[test]
    fn to_install_twice_counts_on() {
        let first = install();
        repeated(1);
        assert!(std::ptr::eq(first.0, install().0));
    }

    #[test]
    fn a_gauge_goes_down_when_what_it_counts_is_dropped() {
        static GAUGE: OnceLock<Gauge> = OnceLock::new();
        let recorder = Recorder::new();
        let gauge = GAUGE.get_or_init(|| recorder.gauge(&names::SUBSCRIBERS, Vec::new()));
        install();
        let shown = |count| recorder.render().contains(&format!("callboard_subscribers {count}\n"));
        let (one, two) = (Counted::by(|_| gauge), Counted::by(|_| gauge));
        assert!(shown(2));
        drop(one);
        assert!(shown(1));
        drop(two);
        assert!(shown(0));
    }

    #[test]
    fn the_times_of_a_histogram_are_in_its_buckets_and_in_its_sum() {
        let instruments = Instruments::new();
        for millis in [0, 3, 3, 20_000] {
            instruments.commit_sync.record(Duration::from_millis(millis));
        }
        instruments.recorder.keep_up();
        let text = instruments.render();
        for line in [
            "callboard_commit_sync_seconds_bucket{le=\"0.00005\"} 1\n",
            "callboard_commit_sync_seconds_bucket{le=\"0.0025\"} 1\n",
            "callboard_commit_sync_seconds_bucket{le=\"0.005\"} 3\n",
            "callboard_commit_sync_seconds_bucket{le=\"10\"} 3\n",
            "callboard_commit_sync_seconds_bucket{le=\"+Inf\"} 4\n",
            "callboard_commit_sync_seconds_sum 20.006\n",
            "callboard_commit_sync_seconds_count 4\n",
        ] {
            assert!(text.contains(line), "{line}:\n{text}");
        }
    }
}
