//! What must not cost more as a bus or a task grows: an append, a delivery, a read, a page of a
//! list.

use std::time::Instant;

use super::super::failure::Failure;
use super::Bench;
use super::append::AppendCaller;
use super::big_bus::{PlaceInBus, fill, read};
use super::deliver::paced;
use super::documents::Task;
use super::latencies::Latencies;
use super::load::Caller as _;
use super::row::Row;
use super::site::Site;

/// How many messages the buses have.
const BUSES: [usize; 3] = [1000, 100_000, 1_000_000];
/// How many runs the tasks have.
const TASKS: [usize; 3] = [100, 10_000, 100_000];
/// How many appends and pages are measured: few, so that little grows by it.
const APPENDS: usize = 300;
const PAGES: usize = 50;
/// How many runs are listed in a page.
const PAGE: i32 = 100;

/// Measures all of them, the sizes in turn.
pub(super) async fn run(bench: &mut Bench) -> Result<(), Failure> {
    let site = Site::open_own(bench).await?;
    let mut buses = Vec::with_capacity(BUSES.len());
    for messages in BUSES {
        buses.push(Bus::fill(&site, messages, "").await?);
    }
    let mut tasks = Vec::with_capacity(TASKS.len());
    for runs in TASKS {
        let task = Task::create(&site, &format!("runs-{runs}")).await?;
        task.create_runs(&site.server, runs).await?;
        tasks.push((runs, task));
    }
    for run in 0..bench.runs {
        // The smallest would grow by being measured.
        buses[0] = Bus::fill(&site, BUSES[0], &format!("-{run}")).await?;
        for bus in &buses {
            bus.measure(bench, &site).await?;
        }
        for (runs, task) in &tasks {
            let mut pages = Latencies::default();
            for _ in 0..PAGES {
                pages.note(task.list(&site.server, PAGE).await?);
            }
            bench.note(Row::of_calls(&format!("growth.list.{runs}"), pages));
        }
    }
    site.end().await
}

/// A bus of a size.
struct Bus {
    messages: usize,
    task: String,
    places: Vec<PlaceInBus>,
}

impl Bus {
    async fn fill(site: &Site, messages: usize, suffix: &str) -> Result<Self, Failure> {
        let task = format!("bus-{messages}{suffix}");
        let places = fill(site, &task, messages).await?;
        Ok(Self { messages, task, places })
    }

    async fn measure(&self, bench: &mut Bench, site: &Site) -> Result<(), Failure> {
        let client = site.client(&self.task).await?;
        let mut reads = Latencies::default();
        for place in &self.places {
            reads.note(read(&site.server, &client, place.cursor()).await?);
        }
        bench.note(Row::of_calls(&format!("growth.since.{}", self.messages), reads));

        let message = site.message(&self.task);
        let mut caller = AppendCaller::new(&client, message.clone());
        let mut appends = Latencies::default();
        for _ in 0..APPENDS {
            let begin = caller.call().await.map_err(|status| site.server.failure(&status))?;
            appends.note(Instant::now() - begin);
        }
        bench.note(Row::of_calls(&format!("growth.append.{}", self.messages), appends));

        let follower = site.client(&self.task).await?;
        let delivered = paced(&site.server, client, &follower, &message, bench.duration).await?;
        bench.note(delivered.row(&format!("growth.deliver.{}", self.messages)));
        Ok(())
    }
}
