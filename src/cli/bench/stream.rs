//! Streams of appends: how many a second, by how many streams there are.

use std::time::Duration;

use crate::grpc::pb::Message;

use super::super::failure::Failure;
use super::load::{self, Measured};
use super::server::Server;
use super::site::Site;
use super::stream_load::StreamCaller;
use super::{Bench, echo_rate};

/// How many streams there are.
const STREAMS: [usize; 2] = [1, 4];
/// How many appends of a stream are on their way at once.
const WINDOW: usize = 256;

/// Measures streams that append to one bus.
pub(super) async fn run(bench: &mut Bench) -> Result<(), Failure> {
    for _ in 0..bench.runs {
        for streams in STREAMS {
            let echo = echo_rate::streams(bench, streams).await?;
            let site = Site::open(bench).await?;
            let l = bench.disk_rate()?;
            let message = site.message("load");
            let measured = appends(&site.server, &message, streams, bench.duration).await?;
            let mut row = measured.row("stream", streams);
            row.compare_with_disk(l);
            row.ratio_to_echo = Some(row.rate / echo.rate);
            bench.note(row);
            site.end().await?;
        }
    }
    Ok(())
}

/// Has a message appended by so many streams, each on a connection of its own.
pub(super) async fn appends(
    server: &Server,
    message: &Message,
    streams: usize,
    duration: Duration,
) -> Result<Measured, Failure> {
    let mut callers = Vec::with_capacity(streams);
    for client in server.connections(streams).await? {
        let opened = StreamCaller::open(&client, message.clone(), WINDOW, usize::MAX).await;
        callers.push(opened.map_err(|status| server.failure(&status))?);
    }
    load::measure(server, callers, duration).await
}
