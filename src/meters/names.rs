//! Every metric by its name, with what it says and its buckets. The names follow the
//! conventions of Prometheus: base units, `_total` for what only grows.

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// What only grows, until the process ends.
    Counter,
    /// What goes up and down.
    Gauge,
    /// How often a value was in which bucket; the upper ends of these.
    Histogram(&'static [f64]),
}

impl Kind {
    /// Returns its word in an exposition.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

/// A metric.
#[derive(Debug)]
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) help: &'static str,
}

/// Times from 50 µs, which a write into memory takes, to 10 s, when callers give up.
const SECONDS: &[f64] = &[
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
    1.0, 2.5, 5.0, 10.0,
];
/// Messages of one group commit.
const MESSAGES: &[f64] =
    &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10_000.0];

macro_rules! metrics {
    ($($constant:ident = $kind:expr, $name:literal, $help:literal;)*) => {
        $(pub(super) const $constant: Metric =
            Metric { name: $name, kind: $kind, help: $help };)*

        /// All of them.
        pub(super) const ALL: &[Metric] = &[$($constant),*];
    };
}

metrics! {
    APPENDED_MESSAGES = Kind::Counter, "callboard_appended_messages_total",
        "Messages that were appended for callers, synced and acknowledged; repetitions are not counted again.";
    APPENDED_BYTES = Kind::Counter, "callboard_appended_bytes_total",
        "What these messages take in the files of their buses, headers included.";
    APPEND_DUPLICATES = Kind::Counter, "callboard_append_duplicates_total",
        "Appends that repeated a request id and were answered as the first time.";
    COMMIT_MESSAGES = Kind::Histogram(MESSAGES), "callboard_commit_messages",
        "Messages of one group commit, which are written and synced together.";
    COMMIT_SYNC = Kind::Histogram(SECONDS), "callboard_commit_sync_seconds",
        "How long the sync of a group commit took, when it succeeded.";
    COMMIT_FAILURES = Kind::Counter, "callboard_commit_failures_total",
        "Group commits that failed, and refused all their appends: a lock, a write or a sync.";
    LOCK_WAIT = Kind::Histogram(SECONDS), "callboard_lock_wait_seconds",
        "How long the lock of a file was waited for, also in vain, and about 0 when it was free; kind is bus or document.";
    LOCK_TIMEOUTS = Kind::Counter, "callboard_lock_timeouts_total",
        "Locks that were given up because another program held them for as long as a call waits.";
    DELIVERED_MESSAGES = Kind::Counter, "callboard_delivered_messages_total",
        "Messages that subscribers took, each as often as it was taken.";
    DELIVERY_LAG = Kind::Histogram(SECONDS), "callboard_delivery_lag_seconds",
        "From the time of a message, of any writer, until it was read for a subscriber that had caught up; of messages that were read together, the oldest.";
    SUBSCRIBERS = Kind::Gauge, "callboard_subscribers",
        "Subscriptions that are open.";
    WATCHERS = Kind::Gauge, "callboard_watchers",
        "Watches of projects, tasks and runs that are open.";
    CONNECTIONS = Kind::Gauge, "callboard_connections",
        "Connections of clients that are open.";
    CALLS_IN_PROGRESS = Kind::Gauge, "callboard_calls_in_progress",
        "Calls whose answer has not been taken to its end.";
    CALLS = Kind::Counter, "callboard_calls_total",
        "Calls that ended, by method and gRPC code; a method that is not known is other.";
    CALL_DURATION = Kind::Histogram(SECONDS), "callboard_call_seconds",
        "How long calls took that have one request and one answer, by method.";
    REFUSED = Kind::Counter, "callboard_refused_total",
        "Calls, and requests for metrics, that were refused, by the reason in their error.";
    REFUSED_CONNECTIONS = Kind::Counter, "callboard_refused_connections_total",
        "Connections that were refused before any call or given up, by reason.";
    REFUSED_REQUESTS = Kind::Counter, "callboard_refused_requests_total",
        "HTTP requests that were refused before they were taken for calls, by reason.";
    DAMAGED_RECORDS = Kind::Counter, "callboard_damaged_records_total",
        "Damaged places that were found in files of buses, each once.";
    PROJECT_BYTES = Kind::Gauge, "callboard_project_bytes",
        "What a project takes on the disk; of many projects the largest, and all others together without a name.";
    DISK_FREE = Kind::Gauge, "callboard_disk_free_bytes",
        "What the file system of the root has free.";
    CERTIFICATE_EXPIRES = Kind::Gauge, "callboard_certificate_expires_timestamp_seconds",
        "When the certificate of the server expires, in seconds since 1970; only with TLS.";
    BUILD_INFO = Kind::Gauge, "callboard_build_info",
        "1, with the version of the server.";
    PROCESS_START = Kind::Gauge, "process_start_time_seconds",
        "When the process began, in seconds since 1970.";
    PROCESS_CPU = Kind::Counter, "process_cpu_seconds_total",
        "How long processors have worked for the process.";
    PROCESS_MEMORY = Kind::Gauge, "process_resident_memory_bytes",
        "What the process has of the memory.";
    PROCESS_DESCRIPTORS = Kind::Gauge, "process_open_fds",
        "Descriptors that the process has open.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Units that Prometheus takes as base ones, and what is counted here.
    const UNITS: &[&str] = &["seconds", "bytes", "info", "fds"];

    #[test]
    fn names_follow_the_conventions() {
        let names: BTreeSet<_> = ALL.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), ALL.len(), "no name is there twice");
        for Metric { name, kind, help } in ALL {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
            assert!(name.bytes().all(plain), "{name}");
            assert!(name.starts_with("callboard_") || name.starts_with("process_"), "{name}");
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            for ending in ["_count", "_sum", "_bucket"] {
                assert!(!name.ends_with(ending), "{name} would be taken for part of a histogram");
            }
            for other in ["milli", "micro", "nano", "minutes", "hours", "kilo", "mega", "_kib"] {
                assert!(!name.contains(other), "{name} has another unit than a base one");
            }
            assert!(help.ends_with('.') && !help.contains(['\\', '\n']), "{name}: {help}");
        }
        let of_the_process = ALL.iter().filter(|metric| metric.name.starts_with("process_"));
        for Metric { name, .. } in of_the_process {
            let name = name.trim_end_matches("_total");
            assert!(UNITS.iter().any(|unit| name.ends_with(unit)), "{name} has no unit");
        }
    }

    #[test]
    fn buckets_increase() {
        for metric in ALL {
            if let Kind::Histogram(buckets) = metric.kind {
                assert!(buckets.len() > 1 && buckets.is_sorted_by(|a, b| a < b), "{}", metric.name);
            }
        }
        assert_eq!((SECONDS[0], SECONDS[SECONDS.len() - 1]), (0.000_05, 10.0));
    }
}
