//! Tokens: what a caller shows to be let in. The server keeps only their hashes.
//!
//! A token is `cbt_ID_SECRET`: the id, 8 hexadecimal digits, finds its grant and may be shown;
//! the secret is 64 of them, 256 random bits, so that a plain SHA-256 of the whole is all that
//! has to be kept (there is nothing to guess that a slow hash would make slower).

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

const PREFIX: &str = "cbt_";
const ID_CHARS: usize = 8;
const SECRET_CHARS: usize = 64;

/// A token. Nothing shows its secret but [`Token::reveal`].
#[derive(Clone)]
pub struct Token {
    id: String,
    text: String,
}

/// The hash of a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash([u8; 32]);

impl Token {
    /// Makes a token of random bytes.
    pub fn new(id: [u8; ID_CHARS / 2], secret: [u8; SECRET_CHARS / 2]) -> Self {
        let id = hex(&id);
        let text = format!("{PREFIX}{id}_{}", hex(&secret));
        Self { id, text }
    }

    /// Takes what a caller sent; none when no token looks like that.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let is_hex = |text: &str| text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
        let fits = id.len() == ID_CHARS && secret.len() == SECRET_CHARS;
        (fits && is_hex(id) && is_hex(secret))
            .then(|| Self { id: id.to_owned(), text: text.to_owned() })
    }

    /// Whether a text can be the part of a token that is no secret.
    pub fn is_id(text: &str) -> bool {
        text.len() == ID_CHARS && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
    }

    /// Returns the part that is no secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the whole, for the one who is to have it.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// Returns what is kept of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.text.as_bytes()).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({})", self.id)
    }
}

impl TokenHash {
    /// Takes a hash as it is written: 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        let mut hash = [0; 32];
        if digits.len() != 2 * hash.len() || !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        for (index, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
        }
        Some(Self(hash))
    }

    /// Whether it is that of a token. Takes as long whether it is or not, and wherever they
    /// differ.
    pub fn fits(&self, token: &Token) -> bool {
        self.0.ct_eq(&token.hash().0).into()
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token {
        Token::new([0x0a, 0x1b, 0x2c, 0x3d], [7; 32])
    }

    #[test]
    fn a_token_is_read_as_it_is_written_and_nothing_else_is_one() {
        let text = token().reveal().to_owned();
        assert_eq!(text, format!("cbt_0a1b2c3d_{}", "07".repeat(32)));
        assert_eq!(Token::parse(&text).expect("a token").id(), "0a1b2c3d");
        let bad = ["", "cbt_", "cbt_0a1b2c3d", "cbt__", &text[1..], &text[..text.len() - 1]];
        for bad in bad.into_iter().chain([
            &*format!("{text}0"),
            &*text.to_uppercase(),
            &*format!(" {text}"),
        ]) {
            assert!(Token::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_hash_fits_its_token_alone_and_comes_back_from_its_text() {
        let hash = token().hash();
        assert_eq!(TokenHash::parse(&hash.to_string()), Some(hash));
        assert!(hash.fits(&token()));
        let mut secret = [7; 32];
        secret[31] = 8;
        assert!(!hash.fits(&Token::new([0x0a, 0x1b, 0x2c, 0x3d], secret)));
        for bad in ["", "00", &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(TokenHash::parse(bad), None);
        }
    }

    #[test]
    fn no_secret_is_shown() {
        let shown = format!("{:?} {:?}", token(), token().hash());
        assert!(!shown.contains("0707"), "{shown}");
    }
}
