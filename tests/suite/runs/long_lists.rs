//! A page of a long list of runs lists no folder anew that is as it was, and shows all the same
//! what others made and removed.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use callboard::clock::SystemClock;
use callboard::domain::{ProjectId, TaskId, TaskKey};
use callboard::files::Files;
use callboard::store::{Part, RunQuery, Runs as _};

use super::put_record;
use crate::faulty_disk::{Faults, FaultyDisk};

/// More than are listed each time.
const RUNS: usize = 600;
/// How often something is made and removed: several times in one tick of the file system's clock.
const CHANGES: usize = 100;
/// Longer than the tick of a file system's clock: what stood still for so long is kept.
const STANDS_STILL: Duration = Duration::from_millis(150);

async fn listed(files: &Files) -> Vec<String> {
    let task = TaskKey {
        project: ProjectId::parse("p").expect("a project's id"),
        task: TaskId::parse("t").expect("a task's id"),
    };
    let mut folders = Vec::new();
    let mut after = None;
    loop {
        let query = RunQuery {
            part: Part::Task(task.clone()),
            statuses: Vec::new(),
            with_meta: false,
            limit: 250,
            after,
        };
        let page = files.list_runs(query).await.expect("a list");
        folders.extend(page.runs.into_iter().map(|run| run.folder));
        after = page.next;
        if after.is_none() {
            return folders;
        }
    }
}

#[tokio::test]
async fn a_long_list_shows_at_once_what_others_make_and_remove() {
    let root = tempfile::tempdir().expect("a folder");
    let put = |name: &str| {
        let record = format!("run_id: {name}\nproject_id: p\ntask_id: t\n");
        put_record(root.path(), &format!("p/t/runs/{name}"), &record)
    };
    for number in 0..RUNS {
        put(&format!("r{number:04}"));
    }
    let faults = Arc::new(Faults::default());
    let disk = FaultyDisk::open(root.path(), &faults);
    let files = Files::open(disk, Arc::new(SystemClock), 1).expect("the root is free");
    let begin = Instant::now();
    while begin.elapsed() < STANDS_STILL {
        assert_eq!(listed(&files).await.len(), RUNS);
    }
    let before = faults.listed.load(Ordering::SeqCst);
    assert_eq!(listed(&files).await.len(), RUNS);
    assert_eq!(faults.listed.load(Ordering::SeqCst), before, "a folder is listed anew");
    for change in 0..CHANGES {
        let name = format!("r{change:04}-new");
        let record = put(&name);
        let folders = listed(&files).await;
        assert_eq!(folders.len(), RUNS + 1);
        assert!(folders.is_sorted() && folders.contains(&name), "{name} is missing");
        fs::remove_dir_all(record.parent().expect("its folder")).expect("removed");
        assert_eq!(listed(&files).await.len(), RUNS, "{name} is still there");
    }
}
