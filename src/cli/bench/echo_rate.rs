//! What the service in memory reaches.

use super::super::failure::Failure;
use super::row::Row;
use super::server::Server;
use super::{Bench, append, site, stream};
use crate::grpc::pb::Message;

/// Measures single calls.
pub(super) async fn unary(bench: &mut Bench, in_flight: usize) -> Result<Row, Failure> {
    let server = Server::start_echo().await?;
    let messages = vec![message(); in_flight];
    let row =
        append::appends(&server, messages, bench.duration).await?.row("echo.unary", in_flight);
    server.end().await?;
    Ok(bench.note(row))
}

/// Measures streams of calls.
pub(super) async fn streams(bench: &mut Bench, streams: usize) -> Result<Row, Failure> {
    let server = Server::start_echo().await?;
    let measured = stream::appends(&server, &message(), streams, bench.duration).await?;
    server.end().await?;
    Ok(bench.note(measured.row("echo.stream", streams)))
}

fn message() -> Message {
    site::message("bench", "load")
}
