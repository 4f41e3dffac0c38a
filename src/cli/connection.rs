//! The connection of a client command to its server.

use std::time::Duration;

use clap::Args;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Response, Status};
use tower::service_fn;

use crate::grpc::pb::message_bus_client::MessageBusClient;
use crate::grpc::pb::storage_client::StorageClient;
use crate::limits;

use super::address::{self, Address};
use super::failure::{self, Failure};

/// How long making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one call may take. The server answers or gives up long before.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a silent connection is checked, so that a server that vanished
/// without a word is noticed.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// What is received in one message at most: the server's answers stay below
/// `ANSWER_BYTES_MAX`, a single foreign message may be a little larger.
const ANSWER_BYTES_MAX: usize = 2 * limits::REQUEST_BYTES_MAX;

/// The flags that say where the server is.
#[derive(Debug, Clone, Args)]
pub(super) struct Connection {
    /// The server: HOST:PORT, http://HOST:PORT or unix:PATH
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "CALLBOARD_ADDR",
        default_value = address::DEFAULT,
        hide_env_values = true,
        help_heading = "Connection"
    )]
    addr: Address,
}

impl Connection {
    /// Returns where the server is.
    pub(super) fn address(&self) -> &Address {
        &self.addr
    }

    /// Connects to the message buses of the server.
    pub(super) async fn message_bus(&self) -> Result<MessageBusClient<Channel>, Failure> {
        let client = MessageBusClient::new(self.channel().await?);
        Ok(client.max_decoding_message_size(ANSWER_BYTES_MAX))
    }

    /// Connects to the storage of the server.
    pub(super) async fn storage(&self) -> Result<StorageClient<Channel>, Failure> {
        let client = StorageClient::new(self.channel().await?);
        Ok(client.max_decoding_message_size(ANSWER_BYTES_MAX))
    }

    async fn channel(&self) -> Result<Channel, Failure> {
        let unreachable = |error| Failure::unreachable(&self.addr, &failure::detail(&error));
        self.connect().await.map_err(unreachable)
    }

    async fn connect(&self) -> Result<Channel, tonic::transport::Error> {
        match &self.addr {
            Address::Tcp(host_and_port) => {
                endpoint(format!("http://{host_and_port}"))?.tcp_nodelay(true).connect().await
            }
            Address::Unix(path) => {
                let path = path.clone();
                let connector = service_fn(move |_: Uri| {
                    let path = path.clone();
                    async move { UnixStream::connect(path).await.map(TokioIo::new) }
                });
                endpoint("http://localhost".to_owned())?.connect_with_connector(connector).await
            }
        }
    }

    /// Waits for the answer of a unary call, though not for ever.
    pub(super) async fn answer<T>(
        &self,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, Failure> {
        match self.try_answer(call).await {
            Ok(answer) => answer.map_err(|status| Failure::of_status(&self.addr, &status)),
            Err(failure) => Err(failure),
        }
    }

    /// As [`Connection::answer`], for a call that may take as long as it needs: a server that
    /// is gone is noticed by the connection itself.
    pub(super) async fn long_answer<T>(
        &self,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, Failure> {
        let answer = call.await.map_err(|status| Failure::of_status(&self.addr, &status))?;
        Ok(answer.into_inner())
    }

    /// As [`Connection::answer`], but hands the server's refusal to the caller.
    pub(super) async fn try_answer<T>(
        &self,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<Result<T, Status>, Failure> {
        match tokio::time::timeout(CALL_TIMEOUT, call).await {
            Ok(answer) => Ok(answer.map(Response::into_inner)),
            Err(_) => Err(Failure::timed_out(format!(
                "the server at {} did not answer within {} s",
                self.addr,
                CALL_TIMEOUT.as_secs()
            ))),
        }
    }
}

fn endpoint(uri: String) -> Result<Endpoint, tonic::transport::Error> {
    Ok(Endpoint::from_shared(uri)?
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .keep_alive_while_idle(true))
}
