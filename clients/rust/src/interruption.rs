//! What happens to streams that outlive their connection.

use crate::Error;

/// A change in a stream that goes on through breaks.
#[derive(Debug)]
#[non_exhaustive]
pub enum Interruption<'a> {
    /// The stream broke, for this reason, and is being opened again. Told once, however many
    /// attempts it takes.
    Began(&'a Error),
    /// The stream is open again and goes on where it was.
    Ended,
}

impl Interruption<'_> {
    /// Logs it, for clients that have no observer.
    pub(crate) fn log(&self) {
        match self {
            Self::Began(error) => tracing::warn!(%error, "a stream broke; connecting again"),
            Self::Ended => tracing::info!("connected again"),
        }
    }
}
