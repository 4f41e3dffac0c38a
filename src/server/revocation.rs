//! Ends calls whose caller is let in no more: a token that is revoked, or expires, ends the
//! streams that were begun with it as well.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http_body::{Body as HttpBody, Frame, SizeHint};
use jiff::Timestamp;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Response};

use crate::access::{Denial, Grant, Grants, Standing};
use crate::clock::Clock;
use crate::error::Error;
use crate::grpc;

use super::tokens::Tokens;

/// How long is waited at most before the clock is looked at again: it may be set.
const CLOCK_LOOK_INTERVAL: Duration = Duration::from_secs(60);

/// What a caller was let in by.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) tokens: Arc<Tokens>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) grant: Arc<Grant>,
    /// When the certificate expires that it is granted to; none for a token.
    pub(super) expires: Option<Timestamp>,
}

impl Held {
    /// Refuses it when it holds no more.
    fn check(&self, grants: &Grants, now: Timestamp) -> Result<(), Denial> {
        let problem = if !grants.still_hold(&self.grant, now) {
            format!("{} was revoked, changed or has expired", self.grant.name)
        } else if self.expires.is_some_and(|at| at <= now) {
            format!("the certificate that {} is granted to has expired", self.grant.name)
        } else {
            return Ok(());
        };
        Err(Denial::TokenInvalid { problem })
    }

    /// Tells whether it holds, by what is known of the tokens: the file is not looked at.
    pub(super) fn standing(&self) -> Standing {
        let held = self.clone();
        Standing::new(move || held.check(&held.tokens.known(), held.clock.now()))
    }

    /// Waits until it holds no more, and says why.
    pub(super) fn until_revoked(self) -> BoxFuture<'static, Status> {
        // Before the first look: what changes meanwhile is looked at again. The file was looked
        // at for this call, and is from time to time.
        let mut changes = self.tokens.changes();
        Box::pin(async move {
            loop {
                let now = self.clock.now();
                if let Err(denial) = self.check(&self.tokens.known(), now) {
                    return grpc::status(&Error::Denied(denial));
                }
                let ends = [self.grant.expires_at, self.expires].into_iter().flatten().min();
                let wait = ends.map_or(CLOCK_LOOK_INTERVAL, |at| until(at, now));
                tokio::select! {
                    _ = changes.changed() => {}
                    () = tokio::time::sleep(wait.min(CLOCK_LOOK_INTERVAL)) => {}
                }
            }
        })
    }
}

fn until(at: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(at.duration_since(now)).unwrap_or_default().max(Duration::from_millis(1))
}

/// The body of an answer that ends when its caller is let in no more.
pub(super) struct UntilRevoked {
    body: Body,
    /// Nothing when it has ended so.
    revoked: Option<BoxFuture<'static, Status>>,
}

impl UntilRevoked {
    /// Makes a call as long as its caller is let in.
    pub(super) async fn call<E>(
        answer: impl Future<Output = Result<Response<Body>, E>>,
        mut revoked: BoxFuture<'static, Status>,
    ) -> Result<Response<Body>, E> {
        let answer = tokio::select! {
            biased;
            answer = answer => answer?,
            status = &mut revoked => return Ok(status.into_http()),
        };
        // What has an end already needs no watching.
        if answer.body().is_end_stream() {
            return Ok(answer);
        }
        Ok(answer.map(|body| Body::new(Self { body, revoked: Some(revoked) })))
    }
}

impl HttpBody for UntilRevoked {
    type Data = <Body as HttpBody>::Data;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        let Some(revoked) = &mut self.revoked else { return Poll::Ready(None) };
        if let Poll::Ready(status) = revoked.as_mut().poll(cx) {
            self.revoked = None;
            let mut trailers = HeaderMap::new();
            return Poll::Ready(Some(
                status.add_header(&mut trailers).map(|()| Frame::trailers(trailers)),
            ));
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.revoked.is_none() || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // What is cut off is shorter.
        SizeHint::default()
    }
}
