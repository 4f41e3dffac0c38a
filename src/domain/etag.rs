//! The version of a document.

use std::fmt;

use crate::error::{Error, Result};

/// The version of a document: a hash of its bytes, so that two equal documents have
/// equal etags, whoever wrote them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Etag(String);

/// How many bytes of the hash an etag shows.
const HASH_BYTES: usize = 16;

impl Etag {
    /// Returns the etag of a document's bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::{Digest as _, Sha256};
        let hash = Sha256::digest(bytes);
        Self(hash[..HASH_BYTES].iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Takes an etag from a caller; empty means none.
    ///
    /// # Errors
    /// INVALID_FIELD for what no etag of ours looks like.
    pub fn parse(text: &str) -> Result<Option<Self>> {
        if text.is_empty() {
            return Ok(None);
        }
        let is_hash =
            text.len() == 2 * HASH_BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hash {
            return Err(Error::InvalidField {
                field: "etag",
                problem: "it is not one that this server gave out".into(),
            });
        }
        Ok(Some(Self(text.to_ascii_lowercase())))
    }

    /// Returns the etag's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Etag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
