//! How long a message takes that another program appends to the file of a bus, without the
//! server, to whoever follows the bus.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Instant;

use rustix::fs::{FlockOperation, flock};

use crate::domain::BusId;
use crate::layout::paths;

use super::super::failure::Failure;
use super::Bench;
use super::append::request;
use super::arrivals::Arrivals;
use super::deliver::Delivered;
use super::pace::Pace;
use super::site::{BODY_BYTES, Site};

/// How many messages come in a second.
const PER_SECOND: u32 = 100;

/// Measures what a program of others appends, one that respects the lock.
pub(super) async fn run(bench: &mut Bench) -> Result<(), Failure> {
    for _ in 0..bench.runs {
        let site = Site::open_own(bench).await?;
        let (publisher, follower) = (site.client("load").await?, site.client("load").await?);
        let failed = |status: tonic::Status| site.server.failure(&status);
        // The first message makes the bus.
        publisher.bus().append_message(request(&site.message("load"))).await.map_err(failed)?;
        let bus = BusId::parse(&site.project, "load")
            .map_err(|error| Failure::own("name a bus", &error))?;
        let file = site.root()?.join(paths::bus_file(&bus).as_str());

        let count = u128::from(PER_SECOND) * bench.duration.as_millis() / 1000;
        let count = usize::try_from(count).unwrap_or(1);
        let arrivals = Arrivals::follow(&follower, count).await.map_err(failed)?;
        let before = site.server.usage();
        let project = site.project.clone();
        let sent = tokio::task::spawn_blocking(move || append(&file, &project, count)).await;
        let sent = sent.map_err(|error| Failure::own("append to a file", &error))?;
        let sent = sent.map_err(|error| Failure::own("append to the file of a bus", &error))?;
        let delivered = Delivered::of(&sent, &arrivals.all(&site.server).await?);
        let mut row = delivered.row("foreign");
        row.add_usage(before, site.server.usage());
        bench.note(row);
        site.end().await?;
    }
    Ok(())
}

/// Appends records as docs/bus-format.md tells other programs to. Returns when each began.
fn append(path: &Path, project: &str, count: usize) -> io::Result<Vec<Instant>> {
    let mut pace = Pace::new(PER_SECOND);
    let mut sent = Vec::with_capacity(count);
    let body = "x".repeat(BODY_BYTES);
    for number in 0..count {
        std::thread::sleep(pace.wait());
        let record = format!(
            "\n---\nmsg_id: BENCH-{number}\nts: 2026-11-21T00:00:00Z\ntype: INFO\n\
             project_id: {project}\ntask_id: load\nrun_id: \"\"\n---\n{body}\n"
        );
        let begin = pace.begin();
        let mut file: File = OpenOptions::new().append(true).open(path)?;
        flock(&file, FlockOperation::LockExclusive)?;
        file.write_all(record.as_bytes())?;
        drop(file);
        sent.push(begin);
    }
    Ok(sent)
}
