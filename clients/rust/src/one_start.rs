//! That reading starts at one place, not at several.

use crate::Error;

/// Counts the starts that a caller gives.
#[derive(Debug, Clone, Default)]
pub(crate) struct OneStart(u8);

impl OneStart {
    /// Takes note of one more.
    pub(crate) fn add(&mut self) {
        self.0 = self.0.saturating_add(1);
    }

    /// Refuses more than one.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.0 {
            0 | 1 => Ok(()),
            _ => Err(Error::usage("several starts exclude each other: give one")),
        }
    }
}
