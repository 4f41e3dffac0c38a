//! What is read of a run is what its files say now: whoever wrote them, through us or not,
//! and however soon before.

use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

use callboard::clock::SystemClock;
use callboard::disk::{Disk as _, OsDisk};
use callboard::domain::{ProjectId, RunId, RunKey, TaskId, TaskKey, TreePath};
use callboard::files::Files;
use callboard::grpc::pb;
use callboard::store::Runs as _;
use futures_util::FutureExt as _;
use tonic::Code;

use super::{file, put_record};
use crate::client::assert_refused;
use crate::server::Server;
use crate::skip::skip;
use crate::storage_client::StorageClient;

/// How often a record is changed: several changes fall into one tick of the file system's
/// clock, and now and then a tick comes in between.
const CHANGES: usize = 300;
/// How often a run that is in memory is asked for: the system may say at any time that it
/// cannot know.
const ATTEMPTS: usize = 1000;

/// The lines of a record with an agent's version, which is always equally long.
fn lines(change: usize) -> String {
    format!("run_id: r\npid: 0\npgid: 0\nstatus: running\nagent_version: v{change:06}\n")
}

/// A run that another program wrote.
async fn foreign() -> (Server, StorageClient, PathBuf) {
    let server = Server::start();
    let client = StorageClient::connect(&server).await;
    let record = put_record(server.root(), "p/t/runs/r", &lines(0));
    (server, client, record)
}

fn request(project: &str, task: &str) -> pb::GetRunInfoRequest {
    pb::GetRunInfoRequest { project_id: project.into(), task_id: task.into(), run_id: "r".into() }
}

/// Reads the run in both ways, and returns its agent's version.
async fn version(client: &mut StorageClient) -> String {
    let placed = client.get_run_info(request("p", "t")).await.expect("the run").run;
    let found = client.run("r").await;
    assert_eq!(placed.as_ref(), Some(&found));
    found.agent_version
}

/// Changes a record again and again, and demands that each change is seen at once.
async fn changed_by(change: impl Fn(&Path, &str)) {
    let (_server, mut client, record) = foreign().await;
    for nth in 1..=CHANGES {
        change(&record, &format!("version: 1\n{}", lines(nth)));
        assert_eq!(version(&mut client).await, format!("v{nth:06}"));
    }
}

#[tokio::test]
async fn a_record_that_is_edited_in_place_is_read_anew_also_twice_within_one_tick() {
    changed_by(|record, text| fs::write(record, text).expect("edited")).await;
}

#[tokio::test]
async fn a_record_that_is_edited_is_read_anew_though_length_and_time_are_set_back() {
    changed_by(|record, text| {
        let modified = fs::metadata(record).and_then(|data| data.modified()).expect("a time");
        fs::write(record, text).expect("edited");
        let file = File::options().write(true).open(record).expect("the record");
        file.set_times(FileTimes::new().set_modified(modified)).expect("set back");
    })
    .await;
}

#[tokio::test]
async fn a_record_that_another_is_renamed_over_is_read_anew() {
    changed_by(|record, text| {
        let other = record.with_file_name("other");
        fs::write(&other, text).expect("written");
        fs::rename(&other, record).expect("renamed");
    })
    .await;
}

#[tokio::test]
async fn what_one_connection_changes_every_other_reads_at_once() {
    let (server, mut client, _) = foreign().await;
    let mut other = StorageClient::connect(&server).await;
    for nth in 0..100 {
        let update = pb::UpdateRunRequest {
            project_id: "p".into(),
            task_id: "t".into(),
            run_id: "r".into(),
            agent_version: format!("w{nth:06}"),
            update_mask: Some(prost_types::FieldMask { paths: vec!["agent_version".into()] }),
            ..Default::default()
        };
        let updated = client.update_run(update).await.expect("updated").run;
        assert_eq!(other.get_run_info(request("p", "t")).await.expect("the run").run, updated);
        assert_eq!(Some(other.run("r").await), updated);
    }
}

#[tokio::test]
async fn a_run_that_is_gone_is_not_found_at_once_whoever_removed_it() {
    let (server, mut client, record) = foreign().await;
    let mut other = StorageClient::connect(&server).await;
    let folder = record.parent().expect("the run's folder").to_owned();
    let away = server.root().join("away");
    for way in ["through us", "by name", "as a whole"] {
        put_record(server.root(), "p/t/runs/r", &lines(7));
        assert_eq!(version(&mut other).await, "v000007", "{way}");
        match way {
            "through us" => {
                let delete = pb::DeleteRunRequest { run_id: "r".into(), ..Default::default() };
                client.delete_run(delete).await.expect("deleted");
            }
            "by name" => fs::rename(&folder, &away).expect("renamed"),
            _ => fs::remove_dir_all(&folder).expect("removed"),
        }
        for request in [request("p", "t"), request("", "")] {
            let read = other.get_run_info(request).await;
            assert_refused(read, Code::NotFound, "RUN_NOT_FOUND", "r");
        }
    }
    // Without its record it is unknown, not what it was.
    put_record(server.root(), "p/t/runs/r", &lines(8));
    assert_eq!(version(&mut other).await, "v000008");
    fs::remove_file(file(&server, "r", "run-info.yaml")).expect("removed");
    assert_eq!(version(&mut other).await, "");
}

#[test]
fn a_run_in_memory_is_read_though_no_thread_is_free_for_what_blocks() {
    let root = tempfile::tempdir().expect("a folder");
    put_record(root.path(), "p/t/runs/r", &lines(1));
    let disk = Arc::new(OsDisk::open_root(root.path()).expect("the root"));
    let record = TreePath::root().join("p").join("t").join("runs").join("r").join("run-info.yaml");
    disk.read(&record, 1024).expect("reads").expect("the record");
    if (0..ATTEMPTS).all(|_| disk.read_at_once(&record, 1024).is_none()) {
        return skip(
            "nothing is read at once on this system, or in its folder for temporary files",
        );
    }
    let files = Files::open(disk, Arc::new(SystemClock), 1).expect("the root is free");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
        .expect("a runtime");
    let task = TaskKey {
        project: ProjectId::parse("p").expect("a project's id"),
        task: TaskId::parse("t").expect("a task's id"),
    };
    let key = RunKey { task: Some(task), run: RunId::parse("r").expect("a run's id") };
    runtime.block_on(async {
        let (end, ended) = mpsc::channel::<()>();
        let blocked = tokio::task::spawn_blocking(move || ended.recv());
        let mut read = None;
        for _ in 0..ATTEMPTS {
            // What is not read at once waits for the thread.
            read = files.run(key.clone()).now_or_never();
            if read.is_some() {
                break;
            }
        }
        drop(end);
        let _ = blocked.await;
        let run = read.expect("it waits for nobody").expect("the run");
        assert_eq!(run.info.agent_version, "v000001");
    });
}
