//! Whether somebody who was let in still is.

use std::fmt;
use std::sync::Arc;

use super::Denial;

/// Tells whether somebody who was let in by a grant still is: for what lasts, and would go on
/// when the grant is taken back.
#[derive(Clone)]
pub struct Standing(Arc<dyn Fn() -> Result<(), Denial> + Send + Sync>);

impl Standing {
    /// Makes one that asks this. It is asked for each of many requests, and must not wait.
    pub fn new(ask: impl Fn() -> Result<(), Denial> + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }

    /// Refuses who is let in no more.
    ///
    /// # Errors
    /// TOKEN_INVALID.
    pub fn check(&self) -> Result<(), Denial> {
        (self.0)()
    }
}

impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Standing")
    }
}
