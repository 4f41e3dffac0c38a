//! Calls over HTTP/2 of which every header and every byte is the test's own.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2;
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::server::DEADLINE;

/// An answer.
pub(super) struct Answer {
    /// What HTTP says of it.
    pub(super) status: StatusCode,
    /// Its headers, and what follows its body.
    pub(super) said: HeaderMap,
}

/// Sends a request over a connection of its own, and takes the whole answer.
///
/// # Errors
/// When the server gives no answer, or breaks it off.
pub(super) async fn send(
    addr: &str,
    request: Request<Full<Bytes>>,
) -> Result<Answer, hyper::Error> {
    let stream = TcpStream::connect(addr).await.expect("the server accepts");
    let (mut calls, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let answer = async {
        let (head, body) = calls.send_request(request).await?.into_parts();
        let body = body.collect().await?;
        let mut said = head.headers;
        said.extend(body.trailers().cloned().unwrap_or_default());
        Ok(Answer { status: head.status, said })
    };
    let answer = timeout(DEADLINE, answer).await.expect("an answer in time");
    connection.abort();
    answer
}
