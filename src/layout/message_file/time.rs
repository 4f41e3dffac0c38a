//! Times as other programs and people write them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

/// Reads a time: RFC 3339, and what YAML 1.1 calls a timestamp. Laxer than the original
/// reader: parts may have one digit, a date may stand alone, and a time without an offset
/// is UTC.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let mut rest = Digits(text.trim());
    let date = date(&mut rest)?;
    if rest.0.is_empty() {
        return instant(date.to_datetime(Time::midnight()), 0);
    }
    let separator = rest.0.trim_start_matches([' ', '\t']).len();
    if separator == rest.0.len() {
        rest.take(['T', 't'])?;
    } else {
        rest.0 = rest.0.trim_start();
    }
    let time = time(&mut rest)?;
    rest.0 = rest.0.trim_start();
    let offset = offset(&mut rest)?;
    instant(date.to_datetime(time), offset)
}

/// Reads the time of a legacy line: `YYYY-MM-DD HH:MM:SS`, also with a `T` and then with
/// an offset.
pub(super) fn read_legacy(text: &str) -> Option<Timestamp> {
    let shape = text.as_bytes();
    let punctuation = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if shape.len() < 19 || punctuation.iter().any(|&(place, byte)| shape[place] != byte) {
        return None;
    }
    match shape[10] {
        b'T' => read(text),
        b' ' if text[11..].bytes().all(|byte| matches!(byte, b'0'..=b'9' | b':' | b'.' | b',')) => {
            read(text)
        }
        _ => None,
    }
}

/// Tells whether the original reader reads the text as a time, too.
pub(super) fn is_rfc3339(text: &str) -> bool {
    let shape = text.as_bytes();
    shape.len() >= 20 && shape[10] == b'T' && text.parse::<Timestamp>().is_ok()
}

fn date(rest: &mut Digits<'_>) -> Option<Date> {
    let year = rest.number(4, 4)?;
    rest.take(['-'; 2])?;
    let month = rest.number(1, 2)?;
    rest.take(['-'; 2])?;
    let day = rest.number(1, 2)?;
    Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()
}

fn time(rest: &mut Digits<'_>) -> Option<Time> {
    let hour = rest.number(1, 2)?;
    rest.take([':'; 2])?;
    let minute = rest.number(1, 2)?;
    rest.take([':'; 2])?;
    let second = rest.number(1, 2)?;
    let mut nanosecond = 0;
    if rest.take(['.', ',']).is_some() {
        let digits = rest.run();
        if digits.is_empty() {
            return None;
        }
        for place in 0..9 {
            let digit = digits.as_bytes().get(place).map_or(0, |digit| digit - b'0');
            nanosecond = nanosecond * 10 + i32::from(digit);
        }
    }
    Time::new(small(hour)?, small(minute)?, small(second)?, nanosecond).ok()
}

/// Reads `Z`, `+02:00`, `+0200`, `+2`, or nothing: seconds east of UTC.
fn offset(rest: &mut Digits<'_>) -> Option<i32> {
    let sign = match rest.0.as_bytes() {
        [] | b"Z" | b"z" => return Some(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    rest.0 = &rest.0[1..];
    let hours = rest.number(1, 2)?;
    let minutes = match rest.take([':'; 2]) {
        None if rest.0.is_empty() => 0,
        _ => rest.number(2, 2)?,
    };
    if !rest.0.is_empty() || hours > 23 || minutes > 59 {
        return None;
    }
    Some(sign * i32::try_from(hours * 3600 + minutes * 60).ok()?)
}

fn instant(at: DateTime, offset_seconds: i32) -> Option<Timestamp> {
    Offset::from_seconds(offset_seconds).ok()?.to_timestamp(at).ok()
}

fn small(number: u32) -> Option<i8> {
    i8::try_from(number).ok()
}

/// What is left of a text that is read digit by digit.
struct Digits<'a>(&'a str);

impl<'a> Digits<'a> {
    fn run(&mut self) -> &'a str {
        let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (run, rest) = self.0.split_at(length);
        self.0 = rest;
        run
    }

    fn number(&mut self, digits_min: usize, digits_max: usize) -> Option<u32> {
        let length = self.0.bytes().take(digits_max).take_while(u8::is_ascii_digit).count();
        if length < digits_min {
            return None;
        }
        let (run, rest) = self.0.split_at(length);
        self.0 = rest;
        run.parse().ok()
    }

    fn take(&mut self, either: [char; 2]) -> Option<()> {
        self.0 = self.0.strip_prefix(either)?;
        Some(())
    }
}
