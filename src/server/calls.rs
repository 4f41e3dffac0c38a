//! The calls of all connections: bounded in number, and in what their requests and answers
//! take of memory. Nothing here ends a stream that lasts.

use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use futures_util::future::{BoxFuture, Either, Ready, ready};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tower::{Layer, Service};

use crate::config::ServiceLimits;
use crate::error::Error;
use crate::grpc;
use crate::limits;
use crate::meters;

use super::answer_body::AnswerBody;
use super::open_connection::{CallOn, OpenConnection};
use super::outcome::Outcome;
use super::request_body::RequestBody;

const APPEND_STREAM: &str = "/callboard.v1.MessageBus/AppendStream";
const POLL_FOR_NEW: &str = "/callboard.v1.MessageBus/PollForNew";
const UPLOAD_ARTIFACT: &str = "/callboard.v1.Storage/UploadArtifact";
const HEALTH_WATCH: &str = "/grpc.health.v1.Health/Watch";
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const REFLECTION_ALPHA: &str = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

/// Methods that take many messages, with pauses of any length between them.
const TAKE_MANY: &[&str] = &[APPEND_STREAM, UPLOAD_ARTIFACT, REFLECTION, REFLECTION_ALPHA];
/// Methods that answer with many messages.
const ANSWER_MANY: &[&str] = &[
    APPEND_STREAM,
    "/callboard.v1.MessageBus/Subscribe",
    "/callboard.v1.Storage/ReadTaskLog",
    "/callboard.v1.Storage/GetArtifact",
    "/callboard.v1.Storage/ReadRunFile",
    "/callboard.v1.Storage/Watch",
    HEALTH_WATCH,
    REFLECTION,
    REFLECTION_ALPHA,
];
/// Where everybody may call who can connect; reflection as it is set.
const NEED_NO_CALLER: &[&str] = &["/grpc.health.", "/grpc.reflection."];
/// Further methods that may wait for long and have no seat of their own.
const WAITING: &[&str] = &[APPEND_STREAM, POLL_FOR_NEW];

/// Bounds the calls of all servers that it is given to.
#[derive(Clone)]
pub(super) struct CallsLayer(Arc<Room>);

/// What there is room for.
struct Room {
    calls: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// For what needs no caller: it cannot take the places of the others.
    open: Arc<Semaphore>,
    requests: Arc<Semaphore>,
    answers: Arc<Semaphore>,
    limits: ServiceLimits,
    /// Whether every call is logged.
    is_logged: bool,
}

impl CallsLayer {
    /// Makes one with the room that the limits give; every call is logged if it is to be.
    pub(super) fn new(limits: ServiceLimits, is_logged: bool) -> Self {
        let room = |size| Arc::new(Semaphore::new(size));
        Self(Arc::new(Room {
            calls: room(limits.calls_max),
            waiting: room(limits.waiting_calls_max),
            open: room(limits::OPEN_CALLS_MAX),
            requests: room(limits.requests_bytes_max),
            answers: room(limits.answers_bytes_max),
            limits,
            is_logged,
        }))
    }

    /// Returns how many calls there are.
    pub(super) fn in_progress(&self) -> usize {
        self.0.limits.calls_max - self.0.calls.available_permits()
    }
}

impl<S> Layer<S> for CallsLayer {
    type Service = Calls<S>;

    fn layer(&self, inner: S) -> Calls<S> {
        Calls { inner, room: Arc::clone(&self.0) }
    }
}

/// A call, from its beginning until its answer has been taken.
pub(super) struct Call {
    /// Nothing for a connection that nobody knows, as in tests.
    on: Option<CallOn>,
    /// The room of a long answer.
    answer: OnceLock<OwnedSemaphorePermit>,
    _place: OwnedSemaphorePermit,
    _waiting: Option<OwnedSemaphorePermit>,
    outcome: Option<Outcome>,
    _metered: meters::Counted,
}

impl Call {
    /// Notes that its request has come to its end, or that it began before.
    pub(super) fn came(&self) {
        self.on.iter().for_each(CallOn::came);
    }

    /// Notes that there is a single answer to be taken, or that some of it was.
    pub(super) fn moved(&self) {
        self.on.iter().for_each(CallOn::moved);
    }

    /// Notes how it ended, if these say so: the headers of its answer, or what follows that.
    pub(super) fn note_outcome(&self, said: &HeaderMap) {
        self.outcome.iter().for_each(|outcome| outcome.note(said));
    }

    /// Keeps the room of its answer.
    pub(super) fn hold(&self, room: OwnedSemaphorePermit) {
        // A single answer takes room once.
        let _ = self.answer.set(room);
    }
}

impl Room {
    fn enter(&self, path: &str, on: Option<&Arc<OpenConnection>>) -> Result<Call, Error> {
        let take = |room: &Arc<Semaphore>, what, limit_name, limit| {
            let busy = Error::Busy { what, limit_name, limit };
            // One client alone must not take all there is.
            let is_scarce = room.available_permits() < limit / 2;
            if is_scarce && on.is_some_and(|on| on.calls_in_progress() >= limits::CALLS_SHARE) {
                return Err(busy);
            }
            Arc::clone(room).try_acquire_owned().map_err(|_| busy)
        };
        let place = take(&self.calls, "calls", "CALLS_MAX", self.limits.calls_max)?;
        let waiting = if NEED_NO_CALLER.iter().any(|open| path.starts_with(open)) {
            let limit = limits::OPEN_CALLS_MAX;
            Some(take(&self.open, "calls of the health", "OPEN_CALLS_MAX", limit)?)
        } else if WAITING.contains(&path) {
            let limit = self.limits.waiting_calls_max;
            Some(take(&self.waiting, "calls that wait", "WAITING_CALLS_MAX", limit)?)
        } else {
            None
        };
        let on = on.map(|connection| CallOn::new(Arc::clone(connection)));
        let (answer, metered) = (OnceLock::new(), meters::call_in_progress());
        let outcome = Outcome::of(path, self.is_logged);
        Ok(Call { on, answer, _place: place, _waiting: waiting, outcome, _metered: metered })
    }
}

/// A service whose calls are bounded.
#[derive(Clone)]
pub(super) struct Calls<S> {
    inner: S,
    room: Arc<Room>,
}

impl<S> Service<Request<Body>> for Calls<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<
        Ready<Result<Self::Response, S::Error>>,
        BoxFuture<'static, Result<Self::Response, S::Error>>,
    >;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path();
        let (takes_many, answers_many) = (TAKE_MANY.contains(&path), ANSWER_MANY.contains(&path));
        let lasts = takes_many || answers_many || WAITING.contains(&path);
        let timeout = (!lasts).then_some(self.room.limits.call_timeout);
        let call = match self.room.enter(path, request.extensions().get()) {
            Ok(call) => Arc::new(call),
            Err(error) => {
                let refusal = grpc::status(&error).into_http();
                if let Some(outcome) = Outcome::of(path, self.room.is_logged) {
                    outcome.note(refusal.headers());
                }
                return Either::Left(ready(Ok(refusal)));
            }
        };
        let (mut parts, body) = request.into_parts();
        let requests = Arc::clone(&self.room.requests);
        let limits = self.room.limits;
        let (body, held) = RequestBody::new(body, takes_many, requests, &limits, Arc::clone(&call));
        if takes_many {
            parts.extensions.insert(held.clone());
        }
        if let Some(called_by) = call.outcome.as_ref().and_then(Outcome::called_by) {
            parts.extensions.insert(called_by.clone());
        }
        let answer = self.inner.call(Request::from_parts(parts, Body::new(body)));
        let answers =
            (!answers_many).then(|| (Arc::clone(&self.room.answers), limits.answers_bytes_max));
        Either::Right(Box::pin(async move {
            let answer = match timeout {
                None => answer.await?,
                Some(timeout) => match tokio::time::timeout(timeout, answer).await {
                    Ok(answer) => answer?,
                    Err(_) => {
                        let error = Error::CallTimedOut { seconds: timeout.as_secs() };
                        grpc::status(&error).into_http()
                    }
                },
            };
            // What came was carried out.
            held.give_back();
            call.note_outcome(answer.headers());
            Ok(answer.map(|body| Body::new(AnswerBody::new(body, answers, call))))
        }))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeSet;

    use prost_reflect::DescriptorPool;

    use super::*;
    use crate::server::peer::Peer;

    /// A call of a connection that nobody knows.
    pub(in crate::server) fn a_call() -> Call {
        let CallsLayer(room) = CallsLayer::new(ServiceLimits::default(), false);
        room.enter("/callboard.v1.MessageBus/ReadMessages", None).expect("a place")
    }

    #[test]
    fn the_methods_with_streams_are_those_of_the_proto() {
        let mut pool = DescriptorPool::new();
        for set in [
            grpc::DESCRIPTORS,
            tonic_health::pb::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
        ] {
            pool.decode_file_descriptor_set(set).expect("a descriptor set");
        }
        let (mut take, mut answer) = (BTreeSet::new(), BTreeSet::new());
        for service in pool.services() {
            for method in service.methods() {
                let path = format!("/{}/{}", service.full_name(), method.name());
                if method.is_client_streaming() {
                    take.insert(path.clone());
                }
                if method.is_server_streaming() {
                    answer.insert(path);
                }
            }
        }
        let set = |paths: &[&str]| paths.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        assert_eq!(set(TAKE_MANY), take);
        assert_eq!(set(ANSWER_MANY), answer);
    }

    #[test]
    fn when_places_are_scarce_a_connection_with_many_calls_gets_no_more() {
        let CallsLayer(room) = CallsLayer::new(ServiceLimits::default(), false);
        let connections: [_; 2] =
            std::array::from_fn(|_| Arc::new(OpenConnection::new(Arc::default(), Peer::Unknown)));
        let enter = |nth: usize| room.enter(POLL_FOR_NEW, Some(&connections[nth]));
        let mut calls = Vec::new();
        while let Ok(call) = enter(0) {
            calls.push(call);
        }
        assert_eq!(calls.len(), limits::WAITING_CALLS_MAX / 2 + 1);
        let few: Vec<Call> = std::iter::from_fn(|| enter(1).ok()).collect();
        assert_eq!(few.len(), limits::CALLS_SHARE);
        calls.clear();
        assert!(enter(0).is_ok() && enter(1).is_ok());
    }

    #[test]
    fn what_needs_no_caller_takes_no_place_of_those_that_do() {
        let CallsLayer(room) = CallsLayer::new(ServiceLimits::default(), false);
        let watches: Vec<Call> =
            std::iter::from_fn(|| room.enter(HEALTH_WATCH, None).ok()).collect();
        assert_eq!(watches.len(), limits::OPEN_CALLS_MAX);
        assert!(room.enter(REFLECTION, None).is_err());
        assert!(room.enter(POLL_FOR_NEW, None).is_ok());
    }

    #[test]
    fn a_call_too_many_is_refused_and_those_that_wait_leave_places_to_the_others() {
        let CallsLayer(room) = CallsLayer::new(ServiceLimits::default(), false);
        let enter = |path: &str| room.enter(path, None);
        let refused = |path| enter(path).err().map(|error| error.to_string()).unwrap_or_default();
        let waiting: Vec<Call> = (0..limits::WAITING_CALLS_MAX)
            .map(|_| enter(APPEND_STREAM).expect("a place to wait"))
            .collect();
        assert!(refused(POLL_FOR_NEW).contains("WAITING_CALLS_MAX"));
        let others: Vec<Call> = (waiting.len()..limits::CALLS_MAX)
            .map(|_| enter("/callboard.v1.MessageBus/AppendMessage").expect("a place"))
            .collect();
        assert!(refused(UPLOAD_ARTIFACT).contains("CALLS_MAX"));
        drop((waiting, others));
        assert_eq!(refused(APPEND_STREAM), "", "what ended made room");
        assert_eq!(room.calls.available_permits(), limits::CALLS_MAX);
    }
}
