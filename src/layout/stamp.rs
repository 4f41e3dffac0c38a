//! Stamps in file names: `YYYYMMDD-HHMMSSffff-PID-SEQ`, UTC, ffff in 1/10000 s.

use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Returns a stamp that no other stamp of this process equals.
pub fn stamp(now: Timestamp, pid: u32) -> String {
    static SEQUENCE: AtomicU32 = AtomicU32::new(0);
    let sequence = SEQUENCE.fetch_add(1, Ordering::Relaxed);
    let time = now.to_zoned(TimeZone::UTC);
    let fraction = time.subsec_nanosecond() / 100_000;
    format!("{}{fraction:04}-{pid}-{sequence}", time.strftime("%Y%m%d-%H%M%S"))
}

/// Reads the time that a text begins with, `YYYYMMDD-HHMMSS`, UTC.
pub fn time_at_beginning(text: &str) -> Option<Timestamp> {
    let time = DateTime::strptime("%Y%m%d-%H%M%S", text.get(..15)?).ok()?;
    // Clients are sent no earlier times.
    let time = Some(time).filter(|time| time.year() > 0)?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_has_the_form_of_the_layout() {
        let now: Timestamp = "2026-02-23T20:48:58.1234567Z".parse().expect("a time");
        let stamp = stamp(now, 66789);
        assert!(stamp.starts_with("20260223-2048581234-66789-"), "{stamp}");
    }
}
