//! Single values of answers.

use jiff::Timestamp;

use crate::domain::Etag;

/// Gives out a time.
pub(in crate::grpc) fn timestamp_out(ts: Timestamp) -> prost_types::Timestamp {
    // Before 1970 jiff counts the fraction back from the second, protobuf forward.
    let (mut seconds, mut nanos) = (ts.as_second(), ts.subsec_nanosecond());
    if nanos < 0 {
        seconds -= 1;
        nanos += 1_000_000_000;
    }
    prost_types::Timestamp { seconds, nanos }
}

/// Gives out a size.
pub(in crate::grpc) fn size_out(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// Gives out how many there are.
pub(in crate::grpc) fn count_out(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Gives out a process or a group. What is no number of one means none.
pub(in crate::grpc) fn pid_out(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(0)
}

/// Gives out a number that other programs wrote, or the nearest that there is.
pub(super) fn number_out(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX })
}

/// Gives out an etag; empty means that there is no document.
pub(super) fn etag_out(etag: Option<Etag>) -> String {
    etag.map(|etag| etag.to_string()).unwrap_or_default()
}
