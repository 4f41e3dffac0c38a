//! The streams that the service answers with.

use std::pin::Pin;
use std::time::Duration;

use tokio_stream::{Stream, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::error::{Error, Result};
use crate::grpc::status::status;

/// The answers of one stream.
pub(super) type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Turns results into answers.
pub(super) fn answers<T: 'static>(
    results: impl Stream<Item = Result<T>> + Send + 'static,
) -> Answers<T> {
    Box::pin(results.map(|result| result.map_err(|error| status(&error))))
}

/// Ends a stream when the server stops: with SHUTTING_DOWN, so that its client comes
/// again.
pub(super) fn until_shutdown<T: 'static>(
    results: impl Stream<Item = Result<T>> + Send + Unpin + 'static,
    shutdown: CancellationToken,
) -> impl Stream<Item = Result<T>> + Send + 'static {
    futures_util::stream::unfold(Some((results, shutdown)), |open| async {
        let (mut results, shutdown) = open?;
        let next = tokio::select! {
            biased;
            () = shutdown.cancelled() => Some(Err(Error::ShuttingDown)),
            result = results.next() => result,
        };
        match next? {
            Ok(item) => Some((Ok(item), Some((results, shutdown)))),
            Err(error) => Some((Err(error), None)),
        }
    })
}

/// Turns results into answers. What is read to its end may finish when the server stops;
/// what is followed would not.
pub(super) fn answers_of_file<T: 'static>(
    results: impl Stream<Item = Result<T>> + Send + Unpin + 'static,
    follow: bool,
    shutdown: CancellationToken,
) -> Answers<T> {
    if follow { answers(until_shutdown(results, shutdown)) } else { answers(results) }
}

/// Ends what a client sends when nothing came of it for so long: its sender may be gone
/// without a word, and what waits for it is kept open meanwhile. Only the time counts for
/// which somebody waits.
pub(super) fn until_idle<T: 'static>(
    parts: impl Stream<Item = Result<T>> + Send + Unpin + 'static,
    idle: Duration,
) -> impl Stream<Item = Result<T>> + Send + 'static {
    futures_util::stream::unfold(Some(parts), move |open| async move {
        let mut parts = open?;
        match tokio::time::timeout(idle, parts.next()).await {
            Ok(part) => part.map(|part| (part, Some(parts))),
            Err(_) => Some((Err(Error::UploadStalled { idle_seconds: idle.as_secs() }), None)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sender_that_falls_silent_is_given_up() {
        let sent = tokio_stream::iter([Ok(1), Ok(2)]).chain(tokio_stream::pending());
        let mut stream = Box::pin(until_idle(sent, Duration::from_millis(10)));
        assert!(matches!(stream.next().await, Some(Ok(1))));
        assert!(matches!(stream.next().await, Some(Ok(2))));
        assert!(matches!(stream.next().await, Some(Err(Error::UploadStalled { .. }))));
        assert!(stream.next().await.is_none());
        let ends = tokio_stream::iter([Ok(1)]);
        let ended: Vec<_> = until_idle(ends, Duration::from_secs(60)).collect().await;
        assert!(matches!(ended[..], [Ok(1)]));
    }

    #[tokio::test]
    async fn a_stream_that_does_not_end_ends_with_the_server() {
        let shutdown = CancellationToken::new();
        let endless = tokio_stream::iter([Ok(1), Ok(2)]).chain(tokio_stream::pending());
        let mut stream = Box::pin(until_shutdown(endless, shutdown.clone()));
        assert!(matches!(stream.next().await, Some(Ok(1))));
        assert!(matches!(stream.next().await, Some(Ok(2))));
        shutdown.cancel();
        assert!(matches!(stream.next().await, Some(Err(Error::ShuttingDown))));
        assert!(stream.next().await.is_none());
    }

    #[tokio::test]
    async fn a_stream_that_ends_does_so_without_an_error() {
        let mut ended =
            Box::pin(until_shutdown(tokio_stream::iter([Ok(1)]), CancellationToken::new()));
        assert!(matches!(ended.next().await, Some(Ok(1))));
        assert!(ended.next().await.is_none());
    }
}
