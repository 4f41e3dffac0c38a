//! Sizes in bytes as people read them.

/// Returns `512 B`, `1.5 KiB`, `2.0 MiB` …
#[allow(clippy::cast_precision_loss, reason = "one decimal is shown")]
pub fn text(bytes: i64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    // What would round to 1024.0 is shown in the next unit.
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// Reads a number of bytes: `1000`, `500M`, `10G` or `10GiB`. The units are powers of
/// 1024, as [`text`] shows them.
pub fn parse(text: &str) -> Result<i64, String> {
    const HELP: &str = "write a number of bytes, or one with a unit (K, M, G, T), as in 10G";
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: i64 = number.parse().map_err(|_| HELP.to_owned())?;
    let power = match unit.to_ascii_uppercase().trim_end_matches("IB").trim_end_matches('B') {
        "" => 0,
        "K" => 1,
        "M" => 2,
        "G" => 3,
        "T" => 4,
        _ => return Err(HELP.to_owned()),
    };
    number.checked_mul(1 << (10 * power)).ok_or_else(|| "more than there can be".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_in_the_largest_unit_that_fits() {
        assert_eq!(text(0), "0 B");
        assert_eq!(text(1023), "1023 B");
        assert_eq!(text(1536), "1.5 KiB");
        assert_eq!(text((1 << 20) - 1), "1.0 MiB");
        assert_eq!(text(5 << 40), "5.0 TiB");
        assert_eq!(text(i64::MAX), "8388608.0 TiB");
    }
    #[test]
    fn sizes_are_read_as_they_are_shown() {
        for (text, bytes) in [
            ("0", 0),
            ("1000", 1000),
            ("512B", 512),
            ("3k", 3072),
            ("10G", 10 << 30),
            ("2GiB", 2 << 30),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for text in ["", "G", "-1", "1.5G", "10 G", "10X", "9999999999T"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
