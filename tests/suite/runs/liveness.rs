//! Whether a run's process is there: told when it is read, written by nobody who
//! only reads.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use callboard::grpc::pb;
use pb::Liveness;

use super::{Sleeper, file, put, put_record, run_of, text};
use crate::server::Server;
use crate::storage_client::{StorageClient, new_run};

/// What a file is, to see whether anybody has touched it.
fn version(path: &Path) -> (Vec<u8>, SystemTime, u64) {
    use std::os::unix::fs::MetadataExt as _;
    let data = fs::metadata(path).expect("the file");
    (fs::read(path).expect("the file"), data.modified().expect("a time"), data.ino())
}

async fn reconcile(client: &mut StorageClient, dry_run: bool) -> pb::ReconcileRunsResponse {
    let request = pb::ReconcileRunsRequest { project_id: "p".into(), task_id: "t".into(), dry_run };
    client.reconcile_runs(request).await.expect("reconciled")
}

#[tokio::test]
async fn a_run_lives_with_its_process_and_is_lost_with_it_and_looking_changes_no_byte() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let mut process = Sleeper::start();
    client.create_run(run_of("r", &process)).await.expect("a run");
    assert_eq!(client.run("r").await.liveness(), Liveness::Alive);
    let record = file(&server, "r", "run-info.yaml");
    let before = version(&record);
    for reap in [false, true] {
        // Also while nobody has waited for it.
        if reap {
            process.0.wait().expect("it is ours to wait for");
        } else {
            process.kill(false);
        }
        crate::client::eventually("it is lost", async || {
            client.run("r").await.liveness() == Liveness::Lost
        })
        .await;
        let listed = client.runs("p", "t").await.remove(0);
        assert_eq!((listed.liveness(), listed.status.as_str()), (Liveness::Lost, "running"));
        let tree = pb::GetRunTreeRequest { run_id: "r".into(), ..Default::default() };
        let node = client.get_run_tree(tree).await.expect("a tree").nodes.remove(0);
        assert_eq!(node.run.expect("the run").liveness(), Liveness::Lost);
        assert_eq!(version(&record), before, "whoever only reads writes nothing");
    }
    assert_eq!(client.end("r", "failed").await.expect("ended").liveness(), Liveness::Ended);
}

#[tokio::test]
async fn a_run_lives_while_one_of_its_group_does() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let (mut process, group) = (Sleeper::start(), Sleeper::start());
    let request = pb::CreateRunRequest { pgid: group.pid(), ..run_of("r", &process) };
    client.create_run(request).await.expect("a run");
    process.kill(true);
    assert_eq!(client.run("r").await.liveness(), Liveness::Alive);
    drop(group);
    assert_eq!(client.run("r").await.liveness(), Liveness::Lost);
}

#[tokio::test]
async fn the_process_of_another_host_is_not_kept_and_the_run_is_remote() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let process = Sleeper::start();
    let elsewhere = pb::CreateRunRequest { host: "elsewhere".into(), ..run_of("r", &process) };
    let run = client.create_run(elsewhere).await.expect("a run").run.expect("the run");
    assert_eq!((run.pid, run.pgid, run.liveness()), (0, 0, Liveness::Remote));
    let written = text(&file(&server, "r", "run-info.yaml"));
    assert!(written.contains("\npid: 0\npgid: 0\n"), "{written}");
    let update = |host: &str| pb::UpdateRunRequest {
        run_id: "r".into(),
        host: host.into(),
        pid: process.pid(),
        pgid: process.pid(),
        ..Default::default()
    };
    let run = client.update_run(update("elsewhere")).await.expect("an update").run.expect("a run");
    assert_eq!((run.pid, run.liveness()), (0, Liveness::Remote));
    // Named as it calls itself, the server's own host is here.
    let info = client.get_server_info(pb::GetServerInfoRequest {}).await.expect("the server");
    let run = client.update_run(update(&info.host)).await.expect("an update").run.expect("a run");
    assert_eq!((run.pid, run.liveness()), (process.pid(), Liveness::Alive));
    let run = client.update_run(update("elsewhere")).await.expect("an update").run.expect("a run");
    assert_eq!((run.pid, run.liveness()), (0, Liveness::Remote));
    // Reconciling cannot tell, and leaves it.
    let reconciled = reconcile(&mut client, false).await;
    assert_eq!((reconciled.run_count, client.run("r").await.status.as_str()), (0, "running"));
}

#[tokio::test]
async fn a_process_that_began_long_after_its_run_is_another_one() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let process = Sleeper::start();
    let pid = process.pid();
    let lines = format!(
        "agent: a\npid: {pid}\npgid: {pid}\nstart_time: 2020-01-01T00:00:00Z\nstatus: running\n"
    );
    put_record(server.root(), "p/t/runs/r", &lines);
    assert_eq!(client.run("r").await.liveness(), Liveness::Lost);
    let reconciled = reconcile(&mut client, false).await;
    assert_eq!((reconciled.run_count, reconciled.runs[0].status.as_str()), (1, "failed"));
}

#[tokio::test]
async fn a_dry_run_of_reconciling_says_what_would_be_done_and_does_nothing() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let mut process = Sleeper::start();
    client.create_run(run_of("r", &process)).await.expect("a run");
    process.kill(true);
    fs::remove_file(file(&server, "r", "agent-type")).expect("removed");
    put(server.root(), "p/t/TASK_STATE.md", b"\xff");
    let before = version(&file(&server, "r", "run-info.yaml"));
    let said = reconcile(&mut client, true).await;
    assert_eq!((said.run_count, said.runs.len()), (1, 1));
    assert_eq!(said.runs[0].status, "failed");
    assert!(said.repaired_paths.contains(&"p/t/runs/r/agent-type".to_owned()), "{said:?}");
    assert!(said.repaired_paths.contains(&"p/t/TASK_STATE.md".to_owned()), "{said:?}");
    assert_eq!(version(&file(&server, "r", "run-info.yaml")), before);
    assert!(!file(&server, "r", "agent-type").exists());
    assert_eq!(fs::read(server.root().join("p/t/TASK_STATE.md")).expect("the file"), b"\xff");
    assert_eq!(client.run("r").await.liveness(), Liveness::Lost);
}

#[tokio::test]
async fn reconciling_marks_lost_runs_failed_and_leaves_all_others() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let (mut gone, living) = (Sleeper::start(), Sleeper::start());
    client.create_run(run_of("gone", &gone)).await.expect("a run");
    client.create_run(run_of("living", &living)).await.expect("a run");
    client.create_run(new_run("p", "t", "remote")).await.expect("a run");
    client.create_run(run_of("ended", &gone)).await.expect("a run");
    client.end("ended", "completed").await.expect("ended");
    fs::create_dir(server.root().join("p/t/runs/unknown")).expect("a folder");
    put(server.root(), "p/t/runs/damaged/run-info.yaml", "- a\n");
    gone.kill(true);
    let untouched = ["living", "remote", "ended"].map(|run| file(&server, run, "run-info.yaml"));
    let before = untouched.each_ref().map(|path| version(path));

    let done = reconcile(&mut client, false).await;
    assert_eq!((done.run_count, super::ids(&done.runs)), (1, vec!["gone"]));
    let run = client.run("gone").await;
    assert_eq!(done.runs[0], run);
    assert_eq!(
        (run.status.as_str(), run.exit_code, run.liveness()),
        ("failed", -1, Liveness::Ended)
    );
    assert!(run.end_time.is_some() && run.error_summary.contains("gone"), "{run:?}");
    assert!(text(&file(&server, "gone", "cwd")).ends_with("EXIT_CODE=-1\n"));
    assert_eq!(untouched.each_ref().map(|path| version(path)), before);
    assert!(done.problems.len() == 1 && done.problems[0].contains("damaged"), "{done:?}");
    assert!(!file(&server, "unknown", "run-info.yaml").exists());
    assert_eq!(reconcile(&mut client, false).await.run_count, 0, "once is enough");
}

#[tokio::test]
async fn reconciling_marks_lost_runs_of_a_task_that_is_done_completed() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let mut process = Sleeper::start();
    client.create_run(run_of("r", &process)).await.expect("a run");
    let done = pb::MarkTaskDoneRequest { project_id: "p".into(), task_id: "t".into() };
    assert!(client.mark_task_done(done).await.expect("done").changed);
    process.kill(true);
    let marked = reconcile(&mut client, false).await;
    assert_eq!((marked.run_count, marked.runs[0].status.as_str()), (1, "completed"));
    let run = client.run("r").await;
    assert_eq!((run.status.as_str(), run.exit_code), ("completed", 0));
    assert_eq!(run.error_summary, "");
}

#[tokio::test]
async fn derived_files_are_recreated_by_reconciling_and_by_the_next_write() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let request = pb::CreateRunRequest {
        parent_run_id: "q".into(),
        cwd: "/here".into(),
        ..new_run("p", "t", "r")
    };
    client.create_run(request).await.expect("a run");
    let derived = ["agent-type", "cwd", "parent-run-id"].map(|name| file(&server, "r", name));
    let contents = derived.each_ref().map(|path| text(path));
    for by_writing in [false, true] {
        derived.iter().for_each(|path| fs::remove_file(path).expect("removed"));
        if by_writing {
            client.end("r", "completed").await.expect("ended");
        } else {
            let repaired = reconcile(&mut client, false).await.repaired_paths;
            let names = ["agent-type", "cwd", "parent-run-id"];
            let mut repaired: Vec<_> =
                repaired.iter().map(|path| path.rsplit('/').next().expect("a name")).collect();
            repaired.sort_unstable();
            assert_eq!(repaired, names);
        }
        for (path, content) in derived.iter().zip(&contents) {
            let end = if by_writing && path.ends_with("cwd") { "EXIT_CODE=0\n" } else { "" };
            assert_eq!(text(path), format!("{content}{end}"), "{}", path.display());
        }
    }
    // One that says something else is no better than none.
    fs::write(&derived[0], "other\n").expect("written");
    assert_eq!(reconcile(&mut client, false).await.repaired_paths, ["p/t/runs/r/agent-type"]);
    assert_eq!(text(&derived[0]), "claude\n");
}

/// That the process is gone is a guess of ours; how it ended is known to whoever
/// waited for it.
#[tokio::test]
async fn whoever_knows_how_a_lost_run_ended_may_say_so_after_it_was_reconciled() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let mut process = Sleeper::start();
    client.create_run(run_of("r", &process)).await.expect("a run");
    process.kill(true);
    assert_eq!(reconcile(&mut client, false).await.run_count, 1);
    assert_eq!(client.run("r").await.status, "failed");
    let ended = client.end("r", "completed").await.expect("ended by whoever knows");
    assert_eq!((ended.status.as_str(), ended.exit_code), ("completed", 0));
    assert_eq!(ended.error_summary, "");
    // Once it is known it stays.
    let refused = client.end("r", "failed").await.expect_err("it is known");
    assert_eq!(crate::client::reason(&refused), "INVALID_TRANSITION");
}
