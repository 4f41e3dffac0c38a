//! Points in time as people write them: a time, a day, or how long ago.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::duration;
use super::failure::Failure;

/// A day, as it is written.
const DAY: &str = "2026-11-21";

/// A point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// At this time.
    At(Timestamp),
    /// So long before now.
    Ago(Duration),
}

/// Reads `2026-11-21T08:14:30Z`, `2026-11-21` (its beginning in UTC), `now`, or as in
/// `2h` or `2h ago` how long ago it was.
pub(super) fn parse(text: &str) -> Result<Moment, String> {
    let text = text.trim();
    if text == "now" {
        return Ok(Moment::Ago(Duration::ZERO));
    }
    let ago = text.strip_suffix("ago").map_or(text, str::trim_end);
    if let Ok(duration) = duration::parse(ago) {
        return Ok(Moment::Ago(duration));
    }
    if let Ok(time) = text.parse() {
        return Ok(Moment::At(time));
    }
    // A day with a time but no zone would be taken for its beginning.
    let day = if text.len() == DAY.len() { text.parse::<Date>().ok() } else { None };
    let midnight = day.and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    midnight.map(|midnight| Moment::At(midnight.timestamp())).ok_or_else(|| {
        format!(
            "write a time such as {DAY}T08:14:30Z, a day such as {DAY}, or how long ago it was, \
             as in 2h"
        )
    })
}

impl Moment {
    /// Returns the time that it means at `now`.
    ///
    /// # Errors
    /// When there is no such time.
    pub(super) fn timestamp(self, now: Timestamp) -> Result<prost_types::Timestamp, Failure> {
        let time = match self {
            Self::At(time) => time,
            Self::Ago(duration) => now
                .checked_sub(duration)
                .map_err(|error| Failure::usage(format!("there is no such time: {error}")))?,
        };
        let nanos = time.subsec_nanosecond();
        let seconds = time.as_second();
        // Of what is before 1970, jiff counts the rest downwards, protobuf upwards.
        Ok(if nanos < 0 {
            prost_types::Timestamp { seconds: seconds - 1, nanos: nanos + 1_000_000_000 }
        } else {
            prost_types::Timestamp { seconds, nanos }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> prost_types::Timestamp {
        let now = "2026-11-21T08:14:30Z".parse().expect("a time");
        parse(text).expect(text).timestamp(now).expect(text)
    }

    #[test]
    fn times_days_and_ages_are_taken() {
        for (text, seconds) in [
            ("2026-11-21T08:14:30Z", 1_795_248_870),
            ("2026-11-21T09:14:30+01:00", 1_795_248_870),
            ("2026-11-21", 1_795_219_200),
            ("2h", 1_795_248_870 - 7200),
            ("1h30m ago", 1_795_248_870 - 5400),
            ("now", 1_795_248_870),
        ] {
            assert_eq!(at(text), prost_types::Timestamp { seconds, nanos: 0 }, "{text}");
        }
        assert_eq!(
            at("1969-12-31T23:59:59.25Z"),
            prost_types::Timestamp { seconds: -1, nanos: 250_000_000 }
        );
        for text in ["", "yesterday", "2026-11-21T08:14:30", "5", "2026-13-01", "ago"] {
            parse(text).expect_err(text);
        }
    }

    #[test]
    fn a_time_before_all_times_is_refused() {
        let moment = parse("9999w").expect("an age");
        assert!(moment.timestamp(Timestamp::MIN).is_err());
    }
}
