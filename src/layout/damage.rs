//! Why a document cannot be read.

use std::fmt;

/// Why a document cannot be read: a lowercase sentence that names the line, and the
/// column when it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage(String);

impl Damage {
    /// Makes one of a sentence.
    pub fn new(detail: impl Into<String>) -> Self {
        Self(detail.into())
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Damage {}

impl From<Damage> for String {
    fn from(damage: Damage) -> Self {
        damage.0
    }
}
