//! Ends the endless streams of services that are not ours, health and reflection,
//! when the server drains: their clients may keep them open for ever.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http_body::{Body as HttpBody, Frame};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tower::{Layer, Service};

/// The paths of our own methods: they end by themselves, with a reason.
const OWN_PATHS: &str = "/callboard.";

/// Cuts answers off when a token is cancelled.
#[derive(Debug, Clone)]
pub(super) struct DrainingLayer(pub(super) CancellationToken);

impl<S> Layer<S> for DrainingLayer {
    type Service = Draining<S>;

    fn layer(&self, inner: S) -> Draining<S> {
        Draining { inner, token: self.0.clone() }
    }
}

/// A service whose answers are cut off.
#[derive(Debug, Clone)]
pub(super) struct Draining<S> {
    inner: S,
    token: CancellationToken,
}

impl<S, In> Service<Request<In>> for Draining<S>
where
    S: Service<Request<In>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<In>) -> Self::Future {
        let own = request.uri().path().starts_with(OWN_PATHS);
        let cancelled = self.token.clone().cancelled_owned();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            if own {
                return Ok(answer);
            }
            Ok(answer
                .map(|body| Body::new(UntilCancelled { body, cancelled: Box::pin(cancelled) })))
        })
    }
}

/// A body that ends with an error when a token is cancelled.
struct UntilCancelled {
    body: Body,
    cancelled: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl HttpBody for UntilCancelled {
    type Data = <Body as HttpBody>::Data;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        // What is there is sent: an answer that is complete ends as one.
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Pending => self.cancelled.as_mut().poll(cx).map(|()| {
                Some(Err(Status::unavailable(
                    "the server is shutting down; connect again in a moment",
                )))
            }),
            frame => frame,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}
