//! Callers who call again as soon as they have the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tonic::Status;

use super::super::failure::Failure;
use super::latencies::Latencies;
use super::row::Row;
use super::server::{Server, Usage};

/// How long calls are made before they count: until connections are open and pools are filled.
const WARM_UP: Duration = Duration::from_millis(300);

/// Somebody who makes one call after another.
pub(super) trait Caller: Send + 'static {
    /// Makes a call, and waits for its answer. Returns when it began.
    fn call(&mut self) -> impl Future<Output = Result<Instant, Status>> + Send;
}

/// What a load did.
#[derive(Debug)]
pub(super) struct Measured {
    /// Calls a second.
    pub(super) rate: f64,
    pub(super) latencies: Latencies,
    before: Usage,
    after: Usage,
}

impl Measured {
    /// Makes a row of it.
    pub(super) fn row(self, name: &str, in_flight: usize) -> Row {
        let mut row = Row::of_times(name, in_flight, self.rate, self.latencies);
        row.add_usage(self.before, self.after);
        row
    }
}

/// Has all these callers call for a while, and measures what is called and answered within it.
pub(super) async fn measure<C: Caller>(
    server: &Server,
    callers: Vec<C>,
    duration: Duration,
) -> Result<Measured, Failure> {
    let from = Instant::now() + WARM_UP;
    let until = from + duration;
    let over = Arc::new(AtomicBool::new(false));
    // Ended with this, however it ends: what is left behind would go on calling.
    let mut calling: JoinSet<_> =
        callers.into_iter().map(|caller| run(caller, from, until, Arc::clone(&over))).collect();
    tokio::time::sleep_until(from.into()).await;
    let before = server.usage();
    tokio::time::sleep_until(until.into()).await;
    let after = server.usage();
    over.store(true, Ordering::Relaxed);
    let mut latencies = Latencies::default();
    while let Some(ended) = calling.join_next().await {
        let ended = ended.map_err(|error| Failure::own("make calls", &error));
        match ended.and_then(|ended| ended.map_err(|status| server.failure(&status))) {
            Ok(of_one) => latencies.append(of_one),
            Err(failure) => {
                // What they made is cleared away next.
                calling.shutdown().await;
                return Err(failure);
            }
        }
    }
    Ok(Measured {
        rate: latencies.count() as f64 / duration.as_secs_f64(),
        latencies,
        before,
        after,
    })
}

async fn run<C: Caller>(
    mut caller: C,
    from: Instant,
    until: Instant,
    over: Arc<AtomicBool>,
) -> Result<Latencies, Status> {
    let mut latencies = Latencies::default();
    while !over.load(Ordering::Relaxed) {
        let begin = caller.call().await?;
        let end = Instant::now();
        if begin >= from && end <= until {
            latencies.note(end - begin);
        }
    }
    Ok(latencies)
}
