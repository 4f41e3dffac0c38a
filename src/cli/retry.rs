//! Calls that are repeated while the server cannot take them for the moment.

use std::time::{Duration, Instant};

use tonic::{Response, Status};

use super::backoff::Backoff;
use super::connection::Connection;
use super::failure::{self, Failure};

/// How long a call is repeated.
const RETRY_FOR: Duration = Duration::from_secs(5);

/// Calls, and tries again for a while when the server was there and cannot take the
/// call for the moment. Only for calls that a request id makes safe to repeat.
pub(super) async fn until_taken<T>(
    connection: &Connection,
    mut call: impl AsyncFnMut() -> Result<Response<T>, Status>,
) -> Result<T, Failure> {
    repeated(connection, async || connection.try_answer(call()).await).await
}

/// As [`until_taken`], for a call that may take as long as it needs.
pub(super) async fn repeated<T>(
    connection: &Connection,
    mut call: impl AsyncFnMut() -> Result<Result<T, Status>, Failure>,
) -> Result<T, Failure> {
    let started = Instant::now();
    let mut backoff = Backoff::new();
    loop {
        let status = match call().await? {
            Ok(answer) => return Ok(answer),
            Err(status) => status,
        };
        let delay = backoff.next_delay();
        if !failure::is_passing(&status) || started.elapsed() + delay > RETRY_FOR {
            return Err(Failure::of_status(connection.address(), &status));
        }
        tokio::time::sleep(delay).await;
    }
}
