//! The service in memory: the same calls over the same library as that is set by default, with
//! nothing stored. What it reaches says what calls cost on this machine.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tokio_stream::{Stream, StreamExt as _};
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, ServerStreamingService, StreamingService, UnaryService};
use tonic::{Request, Response, Status, Streaming, body::Body};
use tonic_prost::ProstCodec;

use crate::grpc::pb::subscribe_response::{Delivery, Frame};
use crate::grpc::pb::{
    AppendMessageRequest, AppendMessageResponse, AppendStreamRequest, AppendStreamResponse,
    Message, SubscribeRequest, SubscribeResponse,
};

use super::super::failure::Failure;

/// What stands before the address in the line that says that it is ready.
pub(super) const READY: &str = "echo listening on ";

/// How many messages may wait for a slow subscriber before whoever publishes waits for it.
const WAITING_MAX: usize = 1024;

/// Serves until the process is ended.
pub(super) async fn serve() -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::own("serve in memory", error);
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|error| failed(&error))?;
    let address = listener.local_addr().map_err(|error| failed(&error))?;
    println!("{READY}{address}");
    let incoming = TcpListenerStream::new(listener).map(|accepted| {
        accepted.inspect(|connection| {
            let _ = connection.set_nodelay(true);
        })
    });
    let server = tonic::transport::Server::builder().add_service(Echo::default());
    server.serve_with_incoming(incoming).await.map_err(|error| failed(&error))
}

/// Where the frames of somebody who follows go.
type Subscriber = mpsc::Sender<Result<SubscribeResponse, Status>>;

/// The methods that are measured.
#[derive(Clone, Default)]
struct Echo {
    subscribers: Arc<Mutex<Vec<Subscriber>>>,
}

impl Echo {
    /// Hands a message to all who follow; waits for those who are behind.
    async fn publish(&self, message: Option<Message>, cursor: &str) {
        let subscribers = self.subscribers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if subscribers.is_empty() {
            return;
        }
        let message = message.unwrap_or_default();
        let (project_id, task_id) = (message.project_id.clone(), message.task_id.clone());
        let delivery =
            Delivery { message: Some(message), cursor: cursor.to_owned(), project_id, task_id };
        let frame = SubscribeResponse { frame: Some(Frame::Message(delivery)) };
        for subscriber in subscribers {
            // Who is gone is not missed.
            let _ = subscriber.send(Ok(frame.clone())).await;
        }
    }

    /// As long as those of a real answer.
    fn names() -> (String, String) {
        let msg_id = "MSG-20261121-053431-323615015-PID01634-0000".to_owned();
        let cursor = "c1.123456789.MSG-20261121-053431-323615015-PID01634-0000".to_owned();
        (msg_id, cursor)
    }
}

impl UnaryService<AppendMessageRequest> for Echo {
    type Response = AppendMessageResponse;
    type Future = BoxFuture<Response<AppendMessageResponse>, Status>;

    fn call(&mut self, request: Request<AppendMessageRequest>) -> Self::Future {
        let echo = self.clone();
        Box::pin(async move {
            let (msg_id, cursor) = Self::names();
            echo.publish(request.into_inner().message, &cursor).await;
            let ts = Some(prost_types::Timestamp::default());
            Ok(Response::new(AppendMessageResponse { msg_id, ts, cursor, duplicate: false }))
        })
    }
}

impl StreamingService<AppendStreamRequest> for Echo {
    type Response = AppendStreamResponse;
    type ResponseStream =
        std::pin::Pin<Box<dyn Stream<Item = Result<AppendStreamResponse, Status>> + Send>>;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(&mut self, request: Request<Streaming<AppendStreamRequest>>) -> Self::Future {
        let echo = self.clone();
        let answers = request.into_inner().then(move |request| {
            let echo = echo.clone();
            async move {
                let (msg_id, cursor) = Self::names();
                echo.publish(request?.message, &cursor).await;
                let ts = Some(prost_types::Timestamp::default());
                Ok(AppendStreamResponse { msg_id, ts, cursor, duplicate: false })
            }
        });
        Box::pin(async move { Ok(Response::new(Box::pin(answers) as Self::ResponseStream)) })
    }
}

impl ServerStreamingService<SubscribeRequest> for Echo {
    type Response = SubscribeResponse;
    type ResponseStream = ReceiverStream<Result<SubscribeResponse, Status>>;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(&mut self, _: Request<SubscribeRequest>) -> Self::Future {
        let (subscriber, frames) = mpsc::channel(WAITING_MAX);
        let caught_up = SubscribeResponse { frame: Some(Frame::CaughtUp(Default::default())) };
        // It is empty: there is room.
        let _ = subscriber.try_send(Ok(caught_up));
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner).push(subscriber);
        Box::pin(async move { Ok(Response::new(ReceiverStream::new(frames))) })
    }
}

impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let echo = self.clone();
        Box::pin(async move {
            Ok(match request.uri().path() {
                "/callboard.v1.MessageBus/AppendMessage" => {
                    Grpc::new(ProstCodec::default()).unary(echo, request).await
                }
                "/callboard.v1.MessageBus/AppendStream" => {
                    Grpc::new(ProstCodec::default()).streaming(echo, request).await
                }
                "/callboard.v1.MessageBus/Subscribe" => {
                    Grpc::new(ProstCodec::default()).server_streaming(echo, request).await
                }
                other => Status::unimplemented(other.to_owned()).into_http(),
            })
        })
    }
}

impl NamedService for Echo {
    const NAME: &'static str = "callboard.v1.MessageBus";
}
