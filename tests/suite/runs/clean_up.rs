//! Removing runs that ended long ago.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use callboard::clock::{Clock as _, SystemClock};
use callboard::domain::Reach;
use callboard::files::Files;
use callboard::grpc::pb;
use callboard::store::{CleanUp, Part, Upkeep as _};
use tonic::Code;

use super::{Sleeper, ids, put, put_record};
use crate::client::assert_refused;
use crate::faulty_disk::{Faults, FaultyDisk};
use crate::server::Server;
use crate::storage_client::StorageClient;

/// Puts a run that ended so many days ago, with an output of 1000 bytes.
fn put_ended(root: &std::path::Path, run: &str, days: i64) {
    let end = SystemClock.now() - jiff::SignedDuration::from_hours(24 * days);
    put_record(
        root,
        &format!("p/t/runs/{run}"),
        &format!("status: completed\nstart_time: 2020-01-01T00:00:00Z\nend_time: {end}\n"),
    );
    put(root, &format!("p/t/runs/{run}/output.md"), [b'x'; 1000]);
}

fn older_than(days: i64) -> pb::CleanUpRunsRequest {
    let older_than = Some(prost_types::Duration { seconds: days * 86_400, nanos: 0 });
    pb::CleanUpRunsRequest { older_than, ..Default::default() }
}

#[tokio::test]
async fn only_what_ended_long_ago_is_removed_oldest_first_and_a_dry_run_is_the_default() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    put_ended(server.root(), "a-new", 1);
    put_ended(server.root(), "b-old", 30);
    put_ended(server.root(), "c-older", 60);
    let said = client.clean_up_runs(older_than(7)).await.expect("said");
    assert!(said.dry_run && said.free_bytes > 0);
    assert_eq!((said.run_count, ids(&said.runs)), (2, vec!["c-older", "b-old"]));
    assert!((2000..3000).contains(&said.size_bytes), "{}", said.size_bytes);
    assert_eq!(client.runs("p", "t").await.len(), 3, "nothing was removed");
    let wanted = pb::CleanUpRunsRequest { dry_run: Some(false), ..older_than(7) };
    let done = client.clean_up_runs(wanted.clone()).await.expect("done");
    assert!(!done.dry_run && done.problems.is_empty(), "{done:?}");
    assert_eq!((done.run_count, ids(&done.runs)), (2, vec!["c-older", "b-old"]));
    assert_eq!(done.size_bytes, said.size_bytes);
    assert_eq!(ids(&client.runs("p", "t").await), ["a-new"]);
    assert!(!server.root().join("p/t/runs/b-old").exists());
    assert_eq!(client.clean_up_runs(wanted).await.expect("done").run_count, 0);
    let nothing = pb::CleanUpRunsRequest::default();
    let refused = client.clean_up_runs(nothing).await;
    assert_refused(refused, Code::InvalidArgument, "REQUIRED_FIELD", "older_than");
    let nowhere = pb::CleanUpRunsRequest { project_id: "x".into(), ..older_than(7) };
    let refused = client.clean_up_runs(nowhere).await;
    assert_refused(refused, Code::NotFound, "PROJECT_NOT_FOUND", "x");
}

#[tokio::test]
async fn what_runs_is_lost_remote_unknown_or_damaged_is_never_removed() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let process = Sleeper::start();
    let pid = process.pid();
    let old = "start_time: 2020-01-01T00:00:00Z\nend_time: 2020-01-02T00:00:00Z\n";
    let running = format!("status: running\npid: {pid}\npgid: {pid}\n{old}");
    put_record(server.root(), "p/t/runs/alive", &running);
    put_record(server.root(), "p/t/runs/remote", &format!("status: running\n{old}"));
    put_record(server.root(), "p/t/runs/word", &format!("status: paused\n{old}"));
    put_record(server.root(), "p/t/runs/damaged", "pid: many\nstatus: failed\n");
    put(server.root(), "p/t/runs/bare/output.md", "x");
    put_record(server.root(), "p/t/runs/timeless", "status: failed\n");
    put_ended(server.root(), "old", 10);
    let would = client.clean_up_runs(older_than(7)).await.expect("said");
    assert_eq!(ids(&would.runs), ["old"]);
    let wanted = pb::CleanUpRunsRequest { dry_run: Some(false), ..older_than(0) };
    let done = client.clean_up_runs(wanted).await.expect("done");
    // The end of one that names none is when its record was written.
    assert_eq!(ids(&done.runs), ["old", "timeless"]);
    let left = client.runs("p", "t").await;
    assert_eq!(ids(&left), ["alive", "bare", "damaged", "remote", "word"]);
}

#[tokio::test]
async fn with_a_threshold_runs_are_removed_only_while_less_is_free() {
    let folder = tempfile::tempdir().expect("a folder");
    let faults = Arc::new(Faults::default());
    let disk = FaultyDisk::open(folder.path(), &faults);
    let files = Files::open(disk, Arc::new(SystemClock), 1).expect("the root is free");
    for (run, days) in [("a", 40), ("b", 60), ("c", 50)] {
        put_ended(folder.path(), run, days);
    }
    let left = || {
        let runs = std::fs::read_dir(folder.path().join("p/t/runs")).expect("the runs");
        let mut names: Vec<_> =
            runs.map(|run| run.expect("a run").file_name().into_string().expect("text")).collect();
        names.sort();
        names
    };
    let clean = |below, dry_run| {
        files.clean_up_runs(CleanUp {
            part: Part::All(Reach::All),
            older_than: Duration::from_secs(86_400),
            only_if_free_below: below,
            dry_run,
        })
    };
    faults.free_bytes.store(5000, Ordering::SeqCst);
    let done = clean(Some(5000), false).await.expect("done");
    assert_eq!((done.runs.len(), done.free_bytes), (0, 5000), "enough is free");
    assert_eq!(left(), ["a", "b", "c"]);
    // Said of a dry run: after the first two, enough would be free.
    let said = clean(Some(6500), true).await.expect("said");
    let folders: Vec<_> = said.runs.iter().map(|run| run.folder.as_str()).collect();
    assert_eq!(folders, ["b", "c"], "the oldest first, and no more than needed");
    assert_eq!(left(), ["a", "b", "c"]);
    // The disk says that nothing helps: all that may go goes.
    let done = clean(Some(6500), false).await.expect("done");
    assert_eq!((done.runs.len(), left().len()), (3, 0));
}
