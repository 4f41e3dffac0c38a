//! SHA-256 as 64 hex digits.

use sha2::{Digest as _, Sha256};

use crate::cli::failure::Failure;
use crate::error::Reason;

/// Reads a hash.
pub(super) fn parse(text: &str) -> Result<String, String> {
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("a SHA-256 has 64 hex digits".to_owned())
    }
}

/// Returns the hash of what was taken in.
pub(super) fn finish(hash: Sha256) -> String {
    format!("{:x}", hash.finalize())
}

/// Returns the hash of some bytes.
pub(super) fn of(bytes: &[u8]) -> String {
    finish(Sha256::new_with_prefix(bytes))
}

/// Says that something has another hash than it must have.
pub(super) fn mismatch(what: &str, actual: &str, expected: &str, hint: &str) -> Failure {
    let sentence = format!("{what} has the SHA-256 {actual}, not {expected}");
    Failure::refused(sentence, Reason::ChecksumMismatch).with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_64_lowercase_hex_digits() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(of(b""), empty);
        assert_eq!(parse(&empty.to_uppercase()).as_deref(), Ok(empty));
        parse(&empty[1..]).expect_err("63 digits");
        parse(&empty.replace('e', "g")).expect_err("no digit");
    }
}
