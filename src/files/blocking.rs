//! Where what blocks on files runs.

use tokio::task::JoinHandle;

use crate::error::{Error, Result};

/// Runs what blocks on files where blocking is no harm. Goes on when the caller goes
/// away.
pub(in crate::files) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    finished(tokio::task::spawn_blocking(work)).await?
}

/// Waits for what was begun where blocking is no harm.
pub(in crate::files) async fn finished<T>(work: JoinHandle<T>) -> Result<T> {
    match work.await {
        Ok(done) => Ok(done),
        Err(failed) if failed.is_panic() => {
            Err(Error::Bug("a call panicked; the log says where".into()))
        }
        Err(_) => Err(Error::ShuttingDown),
    }
}
