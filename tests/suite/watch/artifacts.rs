//! Artifacts and attachments, whoever writes them.

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use callboard::clock::SystemClock;
use callboard::domain::Reach;
use callboard::files::Files;
use callboard::grpc::pb;
use callboard::store::{Change, Part, Watching as _};
use pb::WatchKind;
use pb::watch_response::Frame;
use tokio::sync::mpsc::unbounded_channel;
use tokio_stream::StreamExt as _;

use super::{Watch, names, replace};
use crate::server::{DEADLINE, Server};
use crate::storage_client::{StorageClient, new_artifact};
use crate::storage_faults::step_disk::{Call, StepDisk, Steps};

fn of(project: &str, task: &str, kinds: &[WatchKind]) -> pb::WatchRequest {
    pb::WatchRequest {
        project_id: project.into(),
        task_id: task.into(),
        kinds: kinds.iter().map(|kind| (*kind).into()).collect(),
        heartbeat_interval: None,
    }
}

async fn snapshot(client: &mut StorageClient, request: pb::WatchRequest) -> Vec<Frame> {
    Watch::open(client, request).await.snapshot().await
}

fn attachment(task: &str, name: &str) -> pb::SaveArtifactRequest {
    pb::SaveArtifactRequest { attachment: true, ..new_artifact("p", task, name, "x") }
}

#[tokio::test]
async fn a_watch_begins_with_the_artifacts_in_its_scope_without_their_hashes() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    for task in ["t", "u"] {
        client.new_task("p", task).await;
    }
    client.new_task("q", "t").await;
    let a = client.save(new_artifact("p", "t", "sub/deep/a.txt", "a")).await.expect("saved");
    let b = client.save(attachment("t", "b.png")).await.expect("saved");
    client.save(new_artifact("p", "u", "c.txt", "c")).await.expect("saved");
    client.save(new_artifact("q", "t", "d.txt", "d")).await.expect("saved");
    let frames = snapshot(&mut client, of("p", "t", &[WatchKind::Artifact])).await;
    let mut expected = vec![a.clone(), b.clone()];
    expected.iter_mut().for_each(|artifact| artifact.sha256.clear());
    let mut shown: Vec<_> = frames
        .into_iter()
        .map(|frame| match frame {
            Frame::Artifact(artifact) => artifact,
            frame => panic!("{frame:?}"),
        })
        .collect();
    shown.sort_by_key(|artifact| std::cmp::Reverse(artifact.path.clone()));
    assert_eq!(shown, expected);
    let b = format!("p/t/{}", b.path);
    let cases = [
        (
            of("", "", &[WatchKind::Artifact]),
            vec![&*b, "p/t/artifacts/sub/deep/a.txt", "p/u/artifacts/c.txt", "q/t/artifacts/d.txt"],
        ),
        (
            of("p", "", &[WatchKind::Artifact]),
            vec![&b, "p/t/artifacts/sub/deep/a.txt", "p/u/artifacts/c.txt"],
        ),
        (of("p", "", &[WatchKind::Task]), vec!["p/t", "p/u"]),
        (of("q", "", &[WatchKind::Task, WatchKind::Artifact]), vec!["q/t", "q/t/artifacts/d.txt"]),
        (of("p", "t", &[]), vec!["p/t", &b, "p/t/artifacts/sub/deep/a.txt"]),
        (of("p", "t", &[WatchKind::Run, WatchKind::Fact]), vec![]),
    ];
    for (request, expected) in cases {
        let mut shown = names(&snapshot(&mut client, request.clone()).await);
        shown.sort();
        assert_eq!(shown, expected, "{request:?}");
    }
}

#[tokio::test]
async fn artifacts_that_the_service_saves_replaces_and_deletes_arrive() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_task("p", "t").await;
    let mut watch = Watch::open(&mut client, of("", "", &[])).await;
    watch.snapshot().await;
    let began = Instant::now();
    for n in 1..=5 {
        let saved =
            client.save(new_artifact("p", "t", "a.txt", "x".repeat(n))).await.expect("saved");
        let shown = watch.artifact("artifacts/a.txt", |it| it.size == saved.size).await;
        assert_eq!(shown, pb::Artifact { sha256: String::new(), ..saved });
        let versioned =
            pb::SaveArtifactRequest { versioned: true, ..new_artifact("p", "t", "sub/v.md", "v") };
        let saved = client.save(versioned).await.expect("saved");
        let shown = watch.artifact(&saved.path, |_| true).await;
        assert_eq!(usize::try_from(shown.version), Ok(n));
        let saved = client.save(attachment("t", "shot.png")).await.expect("saved");
        assert!(watch.artifact(&saved.path, |_| true).await.attachment);
    }
    let took = began.elapsed();
    assert!(took < Duration::from_secs(6), "without waiting for a look: {took:?}");
    let delete = pb::DeleteArtifactRequest {
        project_id: "p".into(),
        task_id: "t".into(),
        name: "sub/v.3.md".into(),
        ..Default::default()
    };
    client.delete_artifact(delete).await.expect("deleted");
    let gone = watch.gone(&["p/t/artifacts/sub/v.3.md"]).await;
    let gone = &gone["p/t/artifacts/sub/v.3.md"];
    assert_eq!((gone.kind(), gone.run_path.as_str()), (WatchKind::Artifact, ""));
    assert_eq!((gone.project_id.as_str(), gone.task_id.as_str()), ("p", "t"));
    // A task goes with all that it holds.
    let delete =
        pb::DeleteTaskRequest { project_id: "p".into(), task_id: "t".into(), ..Default::default() };
    client.delete_task(delete).await.expect("deleted");
    let all =
        ["p/t", "p/t/artifacts/a.txt", "p/t/artifacts/sub/v.1.md", "p/t/artifacts/sub/v.5.md"];
    let gone = watch.gone(&all).await;
    assert_eq!(gone["p/t"].kind(), WatchKind::Task);
}

#[tokio::test]
async fn artifacts_that_other_programs_write_and_remove_arrive_also_in_subfolders() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_task("p", "t").await;
    let folder = server.root().join("p/t/artifacts");
    let mut watch = Watch::open(&mut client, of("p", "t", &[WatchKind::Artifact])).await;
    assert_eq!(watch.snapshot().await, Vec::new());
    // A folder that was not there when the watch began, and one in it.
    fs::create_dir_all(folder.join("sub/deeper")).expect("folders");
    fs::write(folder.join("sub/a.txt"), "theirs").expect("written");
    let shown = watch.artifact("artifacts/sub/a.txt", |it| it.size == 6).await;
    assert_eq!((shown.name.as_str(), shown.attachment), ("sub/a.txt", false));
    fs::write(folder.join("sub/deeper/report.4.md"), "v").expect("written");
    let shown = watch.artifact("artifacts/sub/deeper/report.4.md", |_| true).await;
    assert_eq!(shown.version, 4);
    let began = Instant::now();
    for n in 1..=10 {
        replace(&folder.join("sub/a.txt"), &"y".repeat(n));
        watch.artifact("artifacts/sub/a.txt", |it| it.size == i64::try_from(n).expect("it")).await;
    }
    let took = began.elapsed();
    assert!(took < Duration::from_secs(4), "without waiting for a look: {took:?}");
    fs::write(server.root().join("p/t/ATTACH-20260101-000000-x.png"), "png").expect("written");
    watch.artifact("ATTACH-20260101-000000-x.png", |it| it.attachment).await;
    fs::remove_file(folder.join("sub/a.txt")).expect("removed");
    watch.gone(&["p/t/artifacts/sub/a.txt"]).await;
    fs::rename(folder.join("sub/deeper"), folder.join("moved")).expect("renamed");
    let mut came = false;
    let mut went = false;
    let moved = |frame: &Frame| {
        came |= matches!(frame, Frame::Artifact(it) if it.name == "moved/report.4.md");
        went |= matches!(frame, Frame::Deleted(it) if it.artifact_path == "artifacts/sub/deeper/report.4.md");
        came && went
    };
    watch.until("a folder that is moved", moved).await;
    fs::remove_dir_all(&folder).expect("removed");
    watch.gone(&["p/t/artifacts/moved/report.4.md"]).await;
    let left = names(&snapshot(&mut client, of("p", "t", &[WatchKind::Artifact])).await);
    assert_eq!(left, ["p/t/ATTACH-20260101-000000-x.png"]);
}

/// A record that changes says so once, and an artifact says nothing of its task.
#[tokio::test]
async fn a_checkpoint_is_shown_as_its_task_without_what_grows_with_it() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let step = pb::Step { name: "one".into(), r#type: "ai".into(), ..Default::default() };
    let create =
        pb::CreateTaskRequest { steps: vec![step], ..crate::storage_client::new_task("p", "t") };
    client.create_task(create).await.expect("a task");
    let mut watch = Watch::open(&mut client, of("p", "", &[WatchKind::Task])).await;
    watch.snapshot().await;
    client.transition("p", "t", "running").await.expect("a move");
    watch.task("t", |task| task.status == "running").await;
    let request = pb::SaveStepResultRequest {
        current_step: Some(1),
        to_status: "validating".into(),
        ..crate::storage_client::step_result("p", "t", 0, "completed")
    };
    let saved = client.step(request).await.expect("saved");
    let shown = watch.task("t", |task| task.current_step == 1).await;
    assert_eq!((shown.status.as_str(), &shown.etag), ("validating", &saved.etag), "all at once");
    assert_eq!(shown.step_count, 1);
    let grown = (shown.steps.len(), shown.step_results.len(), shown.transitions.len());
    assert_eq!(grown, (0, 0, 0));
}

#[tokio::test]
async fn a_subfolder_that_cannot_be_listed_for_a_moment_makes_nothing_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let artifacts = folder.path().join("p/t/artifacts");
    fs::create_dir_all(artifacts.join("sub/deeper")).expect("folders");
    for name in ["top.txt", "sub/a.txt", "sub/deeper/b.txt"] {
        fs::write(artifacts.join(name), "x").expect("written");
    }
    fs::write(folder.path().join("p/t/TASK.md"), "a task").expect("written");
    let steps = Arc::<Steps>::default();
    let disk = StepDisk::open(folder.path(), &steps);
    let files = Files::open(disk, Arc::new(SystemClock), 1).expect("the root is free");
    let wanted = callboard::store::Watch {
        part: Part::All(Reach::All),
        projects: false,
        tasks: false,
        runs: false,
        artifacts: true,
        facts: false,
        heartbeat_interval: DEADLINE,
    };
    let mut changes = files.watch(wanted).await.expect("a watch");
    let mut next = async || {
        let change = tokio::time::timeout(DEADLINE, changes.next()).await.expect("more in time");
        change.expect("a watch does not end").expect("a change")
    };
    let test = async {
        let mut count = 0;
        while next().await != Change::Synced {
            count += 1;
        }
        assert_eq!(count, 3);
        for failing in ["p/t/artifacts/sub", "p/t/artifacts/sub/deeper", "p/t/artifacts"] {
            let (fails, mut failed) = unbounded_channel();
            let armed = AtomicBool::new(true);
            steps.before_call(move |call, at| {
                if call == Call::List
                    && at.as_str() == failing
                    && armed.swap(false, Ordering::SeqCst)
                {
                    fails.send(()).expect("the test listens");
                    return Err(io::Error::other("a broken disk"));
                }
                Ok(())
            });
            failed.recv().await.expect("a look that fails");
            // What comes is seen by a later look.
            let new = format!("after-{}.txt", failing.replace('/', "-"));
            fs::write(artifacts.join(&new), "x").expect("written");
            loop {
                match next().await {
                    Change::Artifact(artifact) if artifact.id.name() == new => break,
                    Change::Artifact(artifact) => {
                        assert!(artifact.id.name().starts_with("after-"), "{artifact:?}");
                    }
                    change => panic!("{failing}: {change:?}"),
                }
            }
        }
        // What is gone in truth is told, and first of all nothing else.
        fs::remove_file(artifacts.join("sub/deeper/b.txt")).expect("removed");
        match next().await {
            Change::ArtifactGone(_, id) => assert_eq!(id.name(), "sub/deeper/b.txt"),
            change => panic!("{change:?}"),
        }
    };
    tokio::select! {
        () = files.follow_others() => panic!("it ends with the shutdown only"),
        () = test => {}
    }
}
