//! Runs that other and older programs have left, and runs in two places.

use std::fs;

use callboard::grpc::pb;
use tonic::Code;

use super::{ids, put, put_record, text};
use crate::client::assert_refused;
use crate::server::Server;
use crate::storage_client::StorageClient;

#[tokio::test]
async fn a_folder_named_by_id_and_stamp_is_found_by_the_id_inside() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let folder = "p/t/runs/run-7-20260205-115154";
    let record = put_record(
        server.root(),
        folder,
        "run_id: run-7\nagent_type: codex\nstatus: running\nextra: kept\n",
    );
    let run = client.run("run-7").await;
    assert_eq!((run.run_path.as_str(), run.agent_type.as_str()), (folder, "codex"));
    assert_eq!(ids(&client.runs("p", "t").await), ["run-7"]);
    let placed = |run: &str| pb::GetRunInfoRequest {
        project_id: "p".into(),
        task_id: "t".into(),
        run_id: run.into(),
    };
    assert_eq!(client.get_run_info(placed("run-7")).await.expect("the run").run, Some(run));
    // The folder's name is not its id.
    let by_folder = client.get_run_info(placed("run-7-20260205-115154")).await;
    assert_refused(by_folder, Code::NotFound, "RUN_NOT_FOUND", "run-7-2026");
    client.end("run-7", "completed").await.expect("ended");
    let written = text(&record);
    assert!(written.contains("run_id: run-7\n") && written.contains("extra: kept"), "{written}");
    assert_eq!(fs::read_dir(server.root().join("p/t/runs")).expect("the runs").count(), 1);
}

#[tokio::test]
async fn a_folder_with_only_small_files_is_read_from_them() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    put(server.root(), "p/t/runs/small/agent-type", "gemini\n");
    put(server.root(), "p/t/runs/small/parent-run-id", "q\n");
    let old = "RUN_ID=named-inside\nCWD=/old\nAGENT=claude\nCMD=claude -p\nPID=5\nEXIT_CODE=2\n";
    put(server.root(), "p/t/runs/old/cwd.txt", old);
    put(server.root(), "p/t/runs/newer/cwd", "RUN_ID=newer\nCWD=/new\nAGENT=claude\n");

    let small = client.run("small").await;
    assert_eq!((small.agent_type.as_str(), small.parent_run_id.as_str()), ("gemini", "q"));
    assert_eq!((small.status.as_str(), small.etag.as_str()), ("unknown", ""));
    let old = client.run("named-inside").await;
    assert_eq!((old.cwd.as_str(), old.status.as_str(), old.exit_code), ("/old", "failed", 2));
    assert_eq!(old.run_path, "p/t/runs/old");
    assert_eq!(client.run("newer").await.cwd, "/new");
    assert_eq!(ids(&client.runs("p", "t").await), ["newer", "named-inside", "small"]);
    // Listing has made no record; an update makes one of what is known.
    assert!(!server.root().join("p/t/runs/small/run-info.yaml").exists());
    let update =
        pb::UpdateRunRequest { run_id: "small".into(), cwd: "/x".into(), ..Default::default() };
    let updated = client.update_run(update).await.expect("an update").run.expect("the run");
    assert_eq!((updated.agent_type.as_str(), updated.parent_run_id.as_str()), ("gemini", "q"));
    assert!(text(&server.root().join("p/t/runs/small/run-info.yaml")).contains("agent: gemini"));
}

#[tokio::test]
async fn a_run_that_comes_moves_or_goes_without_us_is_found_where_it_is() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_run("p", "t", "ours").await;
    assert_refused(client.try_run("late").await, Code::NotFound, "RUN_NOT_FOUND", "late");
    put_record(server.root(), "q/u/runs/late", "run_id: late\nstatus: running\n");
    assert_eq!(client.run("late").await.run_path, "q/u/runs/late");
    fs::create_dir_all(server.root().join("q/v/runs")).expect("folders");
    fs::rename(server.root().join("q/u/runs/late"), server.root().join("q/v/runs/late"))
        .expect("moved");
    assert_eq!(client.run("late").await.run_path, "q/v/runs/late");
    fs::remove_dir_all(server.root().join("q")).expect("removed");
    assert_refused(client.try_run("late").await, Code::NotFound, "RUN_NOT_FOUND", "late");
}

#[tokio::test]
async fn an_id_in_two_places_is_ambiguous_until_its_place_is_named() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_run("p", "t", "twin").await;
    client.new_run("p", "u", "twin").await;
    client.new_run("p", "t", "single").await;
    let refused = client.try_run("twin").await;
    assert_refused(refused, Code::FailedPrecondition, "RUN_AMBIGUOUS", "p/u/runs/twin");
    let refused = client.end("twin", "failed").await;
    assert_refused(refused, Code::FailedPrecondition, "RUN_AMBIGUOUS", "p/t/runs/twin");
    let delete = pb::DeleteRunRequest { run_id: "twin".into(), ..Default::default() };
    let refused = client.delete_run(delete.clone()).await;
    assert_refused(refused, Code::FailedPrecondition, "RUN_AMBIGUOUS", "twin");
    client.run("single").await;
    for task in ["t", "u"] {
        let placed = pb::GetRunInfoRequest {
            project_id: "p".into(),
            task_id: task.into(),
            run_id: "twin".into(),
        };
        let run = client.get_run_info(placed).await.expect("the run").run.expect("the run");
        assert_eq!((run.task_id.as_str(), run.status.as_str()), (task, "running"));
    }
    let one = pb::DeleteRunRequest { project_id: "p".into(), task_id: "t".into(), ..delete };
    client.delete_run(one).await.expect("deleted");
    assert_eq!(client.run("twin").await.task_id, "u", "one of them is left");
}

#[tokio::test]
async fn a_symlink_in_place_of_a_run_or_its_record_is_shown_refused_and_never_followed() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_run("p", "t", "whole").await;
    let outside = tempfile::tempdir().expect("a folder");
    let record = put_record(outside.path(), "run", "run_id: secret\nagent: spy\n");
    let runs = server.root().join("p/t/runs");
    std::os::unix::fs::symlink(outside.path().join("run"), runs.join("link")).expect("a link");
    fs::create_dir(runs.join("inner")).expect("a folder");
    std::os::unix::fs::symlink(&record, runs.join("inner/run-info.yaml")).expect("a link");
    // A folder in place of a record is no better.
    fs::create_dir_all(runs.join("nested/run-info.yaml")).expect("folders");

    let listed = client.runs("p", "t").await;
    let shown: Vec<(&str, &str, bool)> = listed
        .iter()
        .map(|run| (run.run_id.as_str(), run.status.as_str(), run.problem.is_empty()))
        .collect();
    let expected = [
        ("inner", "damaged", false),
        ("link", "damaged", false),
        ("nested", "damaged", false),
        ("whole", "running", true),
    ];
    assert_eq!(shown, expected);
    for run in ["inner", "link", "nested"] {
        let refused = client.try_run(run).await;
        assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", run);
        let refused = client.end(run, "failed").await;
        assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", run);
    }
    assert_refused(client.try_run("secret").await, Code::NotFound, "RUN_NOT_FOUND", "secret");
    assert_eq!(text(&record), "version: 1\nrun_id: secret\nagent: spy\n");
    assert_eq!(fs::read_dir(outside.path().join("run")).expect("the run").count(), 1);
    // Removing the link leaves what it points to.
    let delete = pb::DeleteRunRequest { run_id: "link".into(), ..Default::default() };
    client.delete_run(delete).await.expect("deleted");
    assert!(record.exists() && !runs.join("link").is_symlink());
}
