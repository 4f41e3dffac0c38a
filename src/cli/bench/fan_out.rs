//! One who appends and many who follow: how many deliveries a second there are.

use std::time::Instant;

use callboard_client::Client;

use crate::grpc::pb::Message;

use super::super::failure::Failure;
use super::arrivals::Arrivals;
use super::row::Row;
use super::server::Server;
use super::site::Site;
use super::stream_load::StreamCaller;
use super::{Bench, latencies::Latencies, site};

/// How many follow.
const SUBSCRIBERS: usize = 100;
/// How many connections they share.
const CONNECTIONS: usize = 4;
/// How many messages each of them is to get.
const MESSAGES: usize = 10_000;
/// How many appends are on their way at once.
const WINDOW: usize = 256;

/// Measures the service beside the one in memory.
pub(super) async fn run(bench: &mut Bench) -> Result<(), Failure> {
    for _ in 0..bench.runs {
        let server = Server::start_echo().await?;
        let message = site::message("bench", "load");
        let followers = server.connections(CONNECTIONS).await?;
        let echo = fan_out("echo.fan-out", &server, &followers, &message).await?;
        let echo = bench.note(echo);
        server.end().await?;

        let site = Site::open(bench).await?;
        let mut followers = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            followers.push(site.client("load").await?);
        }
        let mut row = fan_out("fan-out", &site.server, &followers, &site.message("load")).await?;
        row.ratio_to_echo = Some(row.rate / echo.rate);
        bench.note(row);
        site.end().await?;
    }
    Ok(())
}

async fn fan_out(
    name: &str,
    server: &Server,
    followers: &[Client],
    message: &Message,
) -> Result<Row, Failure> {
    let failed = |status: tonic::Status| server.failure(&status);
    let mut all = Vec::with_capacity(SUBSCRIBERS);
    for client in followers.iter().cycle().take(SUBSCRIBERS) {
        all.push(Arrivals::follow(client, MESSAGES).await.map_err(failed)?);
    }
    let publisher = server.connect().await?;
    let before = server.usage();
    let begin = Instant::now();
    let appends = StreamCaller::open(&publisher, message.clone(), WINDOW, MESSAGES).await;
    let mut appends = appends.map_err(failed)?;
    while appends.next().await.map_err(failed)?.is_some() {}
    for arrivals in all {
        arrivals.all(server).await?;
    }
    let took = begin.elapsed().as_secs_f64();
    let mut row = Row::of_times(name, SUBSCRIBERS, 0.0, Latencies::default());
    row.rate = (SUBSCRIBERS * MESSAGES) as f64 / took;
    row.add_usage(before, server.usage());
    Ok(row)
}
