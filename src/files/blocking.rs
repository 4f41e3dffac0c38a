//! Where what blocks on files runs.

use crate::error::{Error, Result};

/// Runs what blocks on files where blocking is no harm. Goes on when the caller goes
/// away.
pub(in crate::files) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(failed) if failed.is_panic() => {
            Err(Error::Bug("a call panicked; the log says where".into()))
        }
        Err(_) => Err(Error::ShuttingDown),
    }
}
