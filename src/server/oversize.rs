//! Gives a request that is too large for the transport the reason that every other
//! refusal has: the transport itself only says OUT_OF_RANGE.

use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use tonic::Status;
use tonic::codegen::http::{Request, Response};
use tower::{Layer, Service};

use crate::grpc;

/// Adds the reason to every answer of a server.
#[derive(Debug, Clone, Copy)]
pub(super) struct OversizeLayer;

impl<S> Layer<S> for OversizeLayer {
    type Service = Oversize<S>;

    fn layer(&self, inner: S) -> Oversize<S> {
        Oversize { inner }
    }
}

/// A service whose answers are looked at.
#[derive(Debug, Clone)]
pub(super) struct Oversize<S> {
    inner: S,
}

impl<S, In, Out> Service<Request<In>> for Oversize<S>
where
    S: Service<Request<In>, Response = Response<Out>>,
    S::Future: Send + 'static,
    Out: Default + Send,
{
    type Response = Response<Out>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<In>) -> Self::Future {
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            let refused = Status::from_header_map(answer.headers());
            let Some(error) = refused.as_ref().and_then(grpc::oversize) else { return Ok(answer) };
            Ok(grpc::status(&error).into_http())
        })
    }
}
