//! How long a message takes from whoever appends it to whoever follows the bus, when nobody is in
//! a hurry.

use std::time::{Duration, Instant};

use callboard_client::Client;

use crate::grpc::pb::Message;

use super::super::failure::Failure;
use super::append::request;
use super::arrivals::Arrivals;
use super::latencies::Latencies;
use super::pace::Pace;
use super::row::Row;
use super::server::Server;
use super::site::Site;
use super::{Bench, disk_rate, site};

/// How many messages come in a second.
const PER_SECOND: u32 = 200;

/// Measures delivery beside what it is made of: a sync, and a delivery in memory.
pub(super) async fn run(bench: &mut Bench) -> Result<(), Failure> {
    for _ in 0..bench.runs {
        let (rate, syncs) =
            bench.on_disk(|folder, duration| disk_rate::paced(folder, PER_SECOND, duration))?;
        let sync = bench.note(Row::of_times("disk.paced", 1, rate, syncs));

        let server = Server::start_echo().await?;
        let message = site::message("bench", "load");
        let (publisher, follower) = (server.connect().await?, server.connect().await?);
        let echo = paced(&server, publisher, &follower, &message, bench.duration).await?;
        let echo = bench.note(echo.row("echo.deliver"));
        server.end().await?;

        let site = Site::open(bench).await?;
        let (publisher, follower) = (site.client("load").await?, site.client("load").await?);
        let message = site.message("load");
        let before = site.server.usage();
        let delivered = paced(&site.server, publisher, &follower, &message, bench.duration).await?;
        let mut row = delivered.row("deliver");
        row.add_usage(before, site.server.usage());
        let parts = sync.p50_us.zip(echo.p50_us).map(|(sync, echo)| sync + echo);
        row.ratio_to_echo = row.p50_us.zip(parts).map(|(took, parts)| took / parts);
        bench.note(row);
        site.end().await?;
    }
    Ok(())
}

/// Appends at a steady rate, and returns how long each message took to arrive.
pub(super) async fn paced(
    server: &Server,
    publisher: Client,
    follower: &Client,
    message: &Message,
    duration: Duration,
) -> Result<Delivered, Failure> {
    let failed = |status: tonic::Status| server.failure(&status);
    let mut bus = publisher.bus();
    // The first message makes the bus.
    bus.append_message(request(message)).await.map_err(failed)?;
    let count = usize::try_from(duration.as_millis() * u128::from(PER_SECOND) / 1000).unwrap_or(1);
    let arrivals = Arrivals::follow(follower, count).await.map_err(failed)?;
    let mut pace = Pace::new(PER_SECOND);
    let mut sent = Vec::with_capacity(count);
    while sent.len() < count {
        tokio::time::sleep(pace.wait()).await;
        let request = request(message);
        sent.push(pace.begin());
        bus.append_message(request).await.map_err(failed)?;
    }
    Ok(Delivered::of(&sent, &arrivals.all(server).await?))
}

/// Messages that were sent at a steady rate, and arrived.
pub(super) struct Delivered {
    /// How many were sent a second: fewer than asked for when a call took longer than the pause.
    rate: f64,
    took: Latencies,
}

impl Delivered {
    /// Compares when each was sent with when it arrived.
    pub(super) fn of(sent: &[Instant], arrived: &[Instant]) -> Self {
        let mut took = Latencies::default();
        for (sent, arrived) in sent.iter().zip(arrived) {
            took.note(arrived.saturating_duration_since(*sent));
        }
        let lasted = match sent {
            [first, .., last] => last.saturating_duration_since(*first).as_secs_f64(),
            _ => f64::INFINITY,
        };
        Self { rate: sent.len().saturating_sub(1) as f64 / lasted, took }
    }

    /// Makes a row of it.
    pub(super) fn row(self, name: &str) -> Row {
        Row::of_times(name, 1, self.rate, self.took)
    }
}
