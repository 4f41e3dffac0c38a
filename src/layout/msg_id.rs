//! Message ids as we make them: `MSG-YYYYMMDD-HHMMSS-<9-digit ns>-PID<5>-<4-digit seq>`.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Returns the id of a message written at `ts` by the process `pid`.
pub fn format(ts: Timestamp, pid: u32, sequence: u32) -> String {
    let time = ts.to_zoned(TimeZone::UTC);
    format!(
        "MSG-{:04}{:02}{:02}-{:02}{:02}{:02}-{:09}-PID{:05}-{:04}",
        time.year(),
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.subsec_nanosecond(),
        pid % 100_000,
        sequence % 10_000
    )
}

/// Reads the time out of an id of this form; none for any other id. Other
/// programs use the same form, so this says nothing about who wrote it.
pub fn time_of(msg_id: &str) -> Option<Timestamp> {
    let mut parts = msg_id.strip_prefix("MSG-")?.split('-');
    let date = digits(parts.next()?, 8)?;
    let time = digits(parts.next()?, 6)?;
    let nanosecond = digits(parts.next()?, 9)?;
    digits(parts.next()?.strip_prefix("PID")?, 5)?;
    digits(parts.next()?, 4)?;
    if parts.next().is_some() {
        return None;
    }
    let two = |number: i32, power: i32| i8::try_from(number / power % 100).ok();
    DateTime::new(
        i16::try_from(date / 10_000).ok()?,
        two(date, 100)?,
        two(date, 1)?,
        two(time, 10_000)?,
        two(time, 100)?,
        two(time, 1)?,
        nanosecond,
    )
    .ok()?
    .to_zoned(TimeZone::UTC)
    .ok()
    .map(|zoned| zoned.timestamp())
}

fn digits(text: &str, length: usize) -> Option<i32> {
    (text.len() == length && text.bytes().all(|c| c.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_the_form_of_the_layout_and_keeps_its_time() {
        let ts: Timestamp = "2026-02-23T19:17:10.184887001Z".parse().expect("a time");
        let id = format(ts, 167_946, 10_001);
        assert_eq!(id, "MSG-20260223-191710-184887001-PID67946-0001");
        assert_eq!(time_of(&id), Some(ts));
    }

    #[test]
    fn other_ids_have_no_time() {
        for id in [
            "",
            "MSG-1",
            "MSG-20260202-223212-codex-impl-1-a1b2",
            "MSG-20261302-223212-000000000-PID00001-0001",
        ] {
            assert_eq!(time_of(id), None, "{id}");
        }
    }
}
