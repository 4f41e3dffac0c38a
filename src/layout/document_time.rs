//! Times in documents: RFC 3339 in UTC as we write them, and a little more that other
//! programs may write.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;

/// How the original programs write that there is no time.
pub(super) const ZERO: &str = "0001-01-01T00:00:00Z";

/// [`ZERO`], which is also the first time that clients are sent.
const ZERO_TIME: Timestamp = Timestamp::constant(-62_135_596_800, 0);

/// Writes a time; none as [`ZERO`].
pub(super) fn write(time: Option<Timestamp>) -> String {
    time.map_or_else(|| ZERO.to_owned(), |time| time.to_string())
}

/// Reads a time: RFC 3339, and what the original's YAML library takes for a timestamp. A
/// date may stand alone, parts may have one digit, and after a space the offset may be
/// missing. The inner value is none for the zero time; what is before it is no time.
pub(super) fn read(text: &str) -> Option<Option<Timestamp>> {
    let Some((date, clock)) = text.split_once(['T', 't', ' ']) else {
        return unless_zero(instant(read_date(text)?, Time::midnight(), 0)?);
    };
    let end = clock.find(['Z', 'z', '+', '-']).unwrap_or(clock.len());
    let (time, offset) = clock.split_at(end);
    if offset.is_empty() && !text[date.len()..].starts_with(' ') {
        return None;
    }
    unless_zero(instant(read_date(date)?, read_time(time)?, read_offset(offset)?)?)
}

fn unless_zero(time: Timestamp) -> Option<Option<Timestamp>> {
    (time >= ZERO_TIME).then(|| Some(time).filter(|&time| time != ZERO_TIME))
}

fn instant(date: Date, time: Time, offset_seconds: i32) -> Option<Timestamp> {
    Offset::from_seconds(offset_seconds).ok()?.to_timestamp(date.to_datetime(time)).ok()
}

fn read_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    Date::new(number(year)?, small(month)?, small(day)?).ok()
}

fn read_time(text: &str) -> Option<Time> {
    let mut parts = text.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (second, fraction) = match second.split_once(['.', ',']) {
        Some((second, fraction)) => (second, read_fraction(fraction)?),
        None => (second, 0),
    };
    Time::new(small(hour)?, small(minute)?, small(second)?, fraction).ok()
}

/// Reads the digits after the point: nanoseconds, further digits are dropped.
fn read_fraction(digits: &str) -> Option<i32> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number(&format!("{digits:0<9}")[..9])
}

/// Reads `Z`, `+02:00`, or nothing: seconds east of UTC.
fn read_offset(text: &str) -> Option<i32> {
    let sign = match text.as_bytes() {
        [] | b"Z" | b"z" => return Some(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let (hours, minutes) = text[1..].split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes) = (number::<i32>(hours)?, number::<i32>(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn small(digits: &str) -> Option<i8> {
    if digits.len() > 2 {
        return None;
    }
    number(digits)
}

fn number<T: std::str::FromStr>(digits: &str) -> Option<T> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_written_without_trailing_zeros_and_none_as_zero() {
        for text in [
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:05.12Z",
            "2026-01-02T03:04:05.000000001Z",
            "2026-01-02T03:04:05.0000001Z",
            "0001-01-01T00:00:00.000000001Z",
            ZERO,
        ] {
            assert_eq!(write(read(text).expect("a time")), text);
        }
        assert_eq!(read(ZERO), Some(None));
        assert_eq!(read("0001-01-01T02:00:00+02:00"), Some(None));
    }

    #[test]
    fn the_forms_of_other_programs_are_read() {
        for (text, same) in [
            ("2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05Z"),
            ("2026-01-02T03:04:05-00:30", "2026-01-02T03:34:05Z"),
            ("2026-1-2t3:4:5,5Z", "2026-01-02T03:04:05.5Z"),
            ("2026-01-02 03:04:05.1234567899", "2026-01-02T03:04:05.123456789Z"),
            ("2026-01-02", "2026-01-02T00:00:00Z"),
        ] {
            assert_eq!(write(read(text).expect("a time")), same, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "20",
            "true",
            "yesterday",
            "2026-13-01",
            "2026-01-02T24:00:00Z",
            "2026-01-02T03:04:05",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05+2",
            "2026-01-02T03:04:05Z[UTC]",
            "2026-01-02T03:04:+5Z",
            " 2026-01-02",
            "2026-01-02 03:04:05 +2",
            "é026-01-02T03:04:05Z",
            // What protobuf has no times for.
            "0000-06-01T00:00:00Z",
            "0000-12-31",
            "0000-12-31T23:59:59.999999999Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-00:01",
            "10000-01-01T00:00:00Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_time_comes_back_as_it_was_written(second in -62_135_596_800..253_402_207_200_i64, nano in 0..1_000_000_000) {
            let time = Timestamp::new(second, nano).expect("a time");
            prop_assert_eq!(read(&write(Some(time))), unless_zero(time));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[0-9TtZ:.,+ é-]{0,30}") {
            read(&text);
        }
    }
}
