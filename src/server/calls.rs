//! The calls of all connections: bounded in number, and in what their requests and answers
//! take of memory. Nothing here ends a stream that lasts.

use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::{BoxFuture, Either, Ready, ready};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tower::{Layer, Service};

use crate::error::Error;
use crate::grpc;
use crate::limits;

use super::answer_body::AnswerBody;
use super::open_connection::{CallOn, OpenConnection};
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
/// Methods that may wait for long and have no seat of their own.
const WAITING: &[&str] = &[APPEND_STREAM, POLL_FOR_NEW, HEALTH_WATCH, REFLECTION, REFLECTION_ALPHA];

/// Bounds the calls of all servers that it is given to.
#[derive(Clone)]
pub(super) struct CallsLayer(Arc<Room>);

/// What there is room for.
struct Room {
    calls: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    requests: Arc<Semaphore>,
    answers: Arc<Semaphore>,
}

impl CallsLayer {
    /// Makes one with the room that `limits` gives.
    pub(super) fn new() -> Self {
        let room = |size| Arc::new(Semaphore::new(size));
        Self(Arc::new(Room {
            calls: room(limits::CALLS_MAX),
            waiting: room(limits::WAITING_CALLS_MAX),
            requests: room(limits::REQUESTS_BYTES_MAX),
            answers: room(limits::ANSWERS_BYTES_MAX),
        }))
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
    pub(super) on: Option<CallOn>,
    _place: OwnedSemaphorePermit,
    _waiting: Option<OwnedSemaphorePermit>,
}

impl Room {
    fn enter(&self, path: &str, on: Option<&Arc<OpenConnection>>) -> Result<Call, Error> {
        let take = |room: &Arc<Semaphore>, what, limit_name, limit| {
            let busy = |_| Error::Busy { what, limit_name, limit };
            Arc::clone(room).try_acquire_owned().map_err(busy)
        };
        let place = take(&self.calls, "calls", "CALLS_MAX", limits::CALLS_MAX)?;
        let waiting = WAITING.contains(&path).then(|| {
            let limit = limits::WAITING_CALLS_MAX;
            take(&self.waiting, "calls that wait", "WAITING_CALLS_MAX", limit)
        });
        let on = on.map(|connection| CallOn::new(Arc::clone(connection)));
        Ok(Call { on, _place: place, _waiting: waiting.transpose()? })
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
        let call = match self.room.enter(path, request.extensions().get()) {
            Ok(call) => call,
            Err(error) => return Either::Left(ready(Ok(grpc::status(&error).into_http()))),
        };
        let (takes_many, answers_many) = (TAKE_MANY.contains(&path), ANSWER_MANY.contains(&path));
        let (parts, body) = request.into_parts();
        let requests = Arc::clone(&self.room.requests);
        let (body, held) = RequestBody::new(body, takes_many, requests, limits::REQUEST_TIMEOUT);
        let answer = self.inner.call(Request::from_parts(parts, Body::new(body)));
        let answers = (!answers_many).then(|| Arc::clone(&self.room.answers));
        Either::Right(Box::pin(async move {
            let answer = answer.await?;
            // What came was carried out.
            drop(held);
            Ok(answer.map(|body| Body::new(AnswerBody::new(body, answers, call))))
        }))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeSet;

    use prost_reflect::DescriptorPool;

    use super::*;

    /// A call of a connection that nobody knows.
    pub(in crate::server) fn a_call() -> Call {
        let CallsLayer(room) = CallsLayer::new();
        room.enter("/callboard.v1.MessageBus/ReadMessages", None).ok().expect("a place")
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
    fn a_call_too_many_is_refused_and_those_that_wait_leave_places_to_the_others() {
        let CallsLayer(room) = CallsLayer::new();
        let enter = |path: &str| room.enter(path, None);
        let refused = |path| enter(path).err().map(|error| error.to_string()).unwrap_or_default();
        let waiting: Vec<Call> = (0..limits::WAITING_CALLS_MAX)
            .map(|_| enter(APPEND_STREAM).ok().expect("a place to wait"))
            .collect();
        assert!(refused(POLL_FOR_NEW).contains("WAITING_CALLS_MAX"));
        let others: Vec<Call> = (waiting.len()..limits::CALLS_MAX)
            .map(|_| enter("/callboard.v1.MessageBus/AppendMessage").ok().expect("a place"))
            .collect();
        assert!(refused(UPLOAD_ARTIFACT).contains("CALLS_MAX"));
        drop((waiting, others));
        assert_eq!(refused(APPEND_STREAM), "", "what ended made room");
        assert_eq!(room.calls.available_permits(), limits::CALLS_MAX);
    }
}
