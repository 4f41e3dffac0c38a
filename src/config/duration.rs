//! Durations as people write them: `250ms`, `30s`, `1h30m`, `30d`.

use std::time::Duration;

const HELP: &str = "write a number with a unit (ms, s, m, h, d, w), as in 30s, 5m or 1h30m";

/// Reads a duration. A number without a unit is refused, because it could mean
/// anything.
pub fn parse(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(HELP.to_owned());
    }
    let mut total_ms: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at(letters);
        let number: u64 = number.parse().map_err(|_| HELP.to_owned())?;
        let unit_ms: u64 = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60 * 1000,
            "h" => 3600 * 1000,
            "d" => 24 * 3600 * 1000,
            "w" => 7 * 24 * 3600 * 1000,
            _ => return Err(HELP.to_owned()),
        };
        let part = number.checked_mul(unit_ms);
        total_ms = part
            .and_then(|part| total_ms.checked_add(part))
            .filter(|&total| total <= LONGEST_MS)
            .ok_or_else(|| "longer than 10000 years".to_owned())?;
        rest = after;
    }
    Ok(Duration::from_millis(total_ms))
}

/// Returns the duration as [`parse`] takes it, in the units from days down.
pub fn text(duration: Duration) -> String {
    const UNITS: [(&str, u128); 5] =
        [("d", 24 * 3600 * 1000), ("h", 3600 * 1000), ("m", 60 * 1000), ("s", 1000), ("ms", 1)];
    let mut rest = duration.as_millis();
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, unit_ms) in UNITS {
        if rest >= unit_ms {
            text.push_str(&format!("{}{unit}", rest / unit_ms));
            rest %= unit_ms;
        }
    }
    text
}

/// Returns about how long it is, in its two largest units: `350ms`, `12.3s`, `5m12s`,
/// `3h05m`, `2d04h`.
pub fn short(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600, seconds / 60);
    if seconds == 0 {
        format!("{}ms", duration.as_millis())
    } else if minutes == 0 {
        format!("{seconds}.{}s", duration.subsec_millis() / 100)
    } else if hours == 0 {
        format!("{minutes}m{:02}s", seconds % 60)
    } else if days == 0 {
        format!("{hours}h{:02}m", minutes % 60)
    } else {
        format!("{days}d{:02}h", hours % 24)
    }
}

/// What `google.protobuf.Duration` can hold.
const LONGEST_MS: u64 = 315_576_000_000 * 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_units_are_read_and_added_up() {
        for (text, ms) in [
            ("0s", 0),
            ("250ms", 250),
            ("30s", 30_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("30d", 2_592_000_000),
            ("2w", 1_209_600_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn durations_are_shown_as_they_are_written() {
        for shown in ["0s", "250ms", "30s", "5m", "1h30m", "30d", "1d1h1m1s1ms"] {
            assert_eq!(text(parse(shown).expect(shown)), shown);
        }
        assert_eq!(text(Duration::from_millis(90_500)), "1m30s500ms");
    }

    #[test]
    fn the_two_largest_units_are_enough_for_a_table() {
        for (ms, shown) in [
            (0, "0ms"),
            (999, "999ms"),
            (12_399, "12.3s"),
            (312_000, "5m12s"),
            (3 * 3_600_000 + 5 * 60_000, "3h05m"),
            (52 * 3_600_000, "2d04h"),
        ] {
            assert_eq!(short(Duration::from_millis(ms)), shown);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "30",
            "s",
            "-5s",
            "1.5h",
            "5 m",
            "5y",
            "99999999999999999999s",
            "99999999w99999999999w",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
