//! TASK_STATE.md and DONE: facts beside the record.

use std::fs;

use callboard::grpc::pb;
use tonic::Code;

use super::{names, put, text};
use crate::client::assert_refused;
use crate::server::Server;
use crate::storage_client::StorageClient;

fn set(status: &str, markdown: &str, etag: &str) -> pb::SetTaskStateRequest {
    pb::SetTaskStateRequest {
        project_id: "p".into(),
        task_id: "t".into(),
        state_status: status.into(),
        markdown: markdown.into(),
        etag: etag.into(),
    }
}

async fn state(client: &mut StorageClient) -> pb::GetTaskStateResponse {
    let request = pb::GetTaskStateRequest { project_id: "p".into(), task_id: "t".into() };
    client.get_task_state(request).await.expect("the state")
}

#[tokio::test]
async fn a_state_is_replaced_as_a_whole_and_only_with_its_etag() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let created = client.new_task("p", "t").await;
    assert_eq!(state(&mut client).await, pb::GetTaskStateResponse::default());
    let file = server.root().join("p/t/TASK_STATE.md");
    let first = client.set_task_state(set("working", "- one\n- two", "")).await.expect("set").etag;
    assert_eq!(text(&file), "status: working\n\n- one\n- two\n");
    let read = state(&mut client).await;
    assert_eq!((read.state_status.as_str(), read.markdown.as_str()), ("working", "- one\n- two"));
    assert_eq!(read.etag, first);
    client.set_task_state(set("blocked", "", &first)).await.expect("set");
    assert_eq!(text(&file), "status: blocked\n");
    let refused = client.set_task_state(set("lost", "", &first)).await;
    assert_refused(refused, Code::Aborted, "ETAG_MISMATCH", "TASK_STATE.md");
    for word in ["", "two words", "a\nb"] {
        let refused = client.set_task_state(set(word, "", "")).await;
        let reason = if word.is_empty() { "REQUIRED_FIELD" } else { "INVALID_FIELD" };
        assert_refused(refused, Code::InvalidArgument, reason, "state_status");
    }
    assert_eq!(text(&file), "status: blocked\n");
    // Three facts, never mixed.
    let task = client.task("p", "t").await;
    let facts = (task.status.as_str(), task.state_status.as_str(), task.done);
    assert_eq!(facts, ("pending", "blocked", false));
    assert_eq!(task.etag, created.etag, "the etag covers task.json");
}

#[tokio::test]
async fn a_state_that_cannot_be_read_is_unknown_and_its_bytes_are_kept_beside_the_next() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let folder = server.root().join("p/t");
    let by_other_means = pb::UpdateTaskRequest {
        project_id: "p".into(),
        task_id: "t".into(),
        description: "new".into(),
        ..Default::default()
    };
    client.new_task("p", "t").await;
    client.new_run("p", "t", "r").await;
    for (round, corrupt) in
        [&b"status: a\n\xff\xfe"[..], b"# No status\n", b"", b"status: two words\n"]
            .iter()
            .enumerate()
    {
        put(server.root(), "p/t/TASK_STATE.md", corrupt);
        assert_eq!(client.task("p", "t").await.state_status, "unknown");
        let read = state(&mut client).await;
        assert_eq!(read.state_status, "unknown");
        assert_eq!(read.markdown, String::from_utf8_lossy(corrupt));
        assert_eq!(fs::read(folder.join("TASK_STATE.md")).expect("the file"), *corrupt);
        assert!(!names(&folder).iter().any(|name| name.ends_with(".torn")), "a read only reports");
        // Each write to the task or to one of its runs rewrites it.
        let expected = match round {
            0 => {
                client.set_task_state(set("fine", "", "")).await.expect("set");
                "fine"
            }
            1 => {
                client.update_task(by_other_means.clone()).await.expect("an update");
                "unknown"
            }
            2 => {
                client.end("r", "completed").await.expect("ended");
                "unknown"
            }
            _ => {
                let all = pb::ReconcileRunsRequest::default();
                client.reconcile_runs(all).await.expect("reconciled");
                "unknown"
            }
        };
        let written = text(&folder.join("TASK_STATE.md"));
        assert!(written.starts_with(&format!("status: {expected}\n")), "{round}: {written:?}");
        let torn: Vec<String> =
            names(&folder).into_iter().filter(|name| name.ends_with(".torn")).collect();
        assert_eq!(torn.len(), 1, "{round}: {torn:?}");
        assert!(torn[0].starts_with("TASK_STATE.md."), "{torn:?}");
        assert_eq!(fs::read(folder.join(&torn[0])).expect("kept"), *corrupt);
        fs::remove_file(folder.join(&torn[0])).expect("removed");
    }
}

#[tokio::test]
async fn done_is_a_file_and_marking_it_again_is_fine() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_task("p", "t").await;
    let file = server.root().join("p/t/DONE");
    let mark = pb::MarkTaskDoneRequest { project_id: "p".into(), task_id: "t".into() };
    let clear = pb::ClearTaskDoneRequest { project_id: "p".into(), task_id: "t".into() };
    for changed in [true, false] {
        assert_eq!(client.mark_task_done(mark.clone()).await.expect("marked").changed, changed);
        assert_eq!(fs::read(&file).expect("DONE"), b"");
        assert!(client.task("p", "t").await.done);
    }
    for changed in [true, false] {
        assert_eq!(client.clear_task_done(clear.clone()).await.expect("cleared").changed, changed);
        assert!(!file.exists() && !client.task("p", "t").await.done);
    }
    // Whoever touches the file says it as well.
    fs::write(&file, "by hand").expect("written");
    assert!(client.task("p", "t").await.done);
    assert!(!client.mark_task_done(mark.clone()).await.expect("marked").changed);
    assert_eq!(text(&file), "by hand");
    let missing = pb::MarkTaskDoneRequest { task_id: "x".into(), ..mark };
    assert_refused(client.mark_task_done(missing).await, Code::NotFound, "TASK_NOT_FOUND", "p/x");
    assert!(!server.root().join("p/x").exists());
}

#[tokio::test]
async fn a_symlink_or_a_folder_in_place_of_done_is_refused_and_left() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_task("p", "t").await;
    let outside = tempfile::tempdir().expect("a folder");
    let target = put(outside.path(), "target", "keep");
    let file = server.root().join("p/t/DONE");
    let mark = pb::MarkTaskDoneRequest { project_id: "p".into(), task_id: "t".into() };
    let clear = pb::ClearTaskDoneRequest { project_id: "p".into(), task_id: "t".into() };
    std::os::unix::fs::symlink(&target, &file).expect("a link");
    let refused = client.mark_task_done(mark.clone()).await;
    assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", "DONE");
    let refused = client.clear_task_done(clear.clone()).await;
    assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", "DONE");
    assert!(file.is_symlink());
    fs::remove_file(&file).expect("removed");
    fs::create_dir(&file).expect("a folder");
    let refused = client.clear_task_done(clear).await;
    assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", "DONE");
    assert!(file.is_dir());
    assert_eq!(text(&target), "keep");
}
