//! SHA-256 as 64 hex digits.

/// Reads a hash.
pub(super) fn parse(text: &str) -> Result<String, String> {
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("a SHA-256 has 64 hex digits".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_64_lowercase_hex_digits() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(parse(&empty.to_uppercase()).as_deref(), Ok(empty));
        parse(&empty[1..]).expect_err("63 digits");
        parse(&empty.replace('e', "g")).expect_err("no digit");
    }
}
