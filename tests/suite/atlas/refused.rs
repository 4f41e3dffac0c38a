//! What is too large for a record, or too odd for other readers of JSON, is refused and
//! changes nothing.

use std::fs;

use callboard::grpc::pb;
use tonic::Code;

use super::{nested, put, step, task_json, text, with_steps, with_task};
use crate::client::assert_refused;
use crate::server::Server;
use crate::storage_client::{new_task, step_result};

fn update() -> pb::UpdateTaskRequest {
    pb::UpdateTaskRequest { project_id: "p".into(), task_id: "t".into(), ..Default::default() }
}

#[tokio::test]
async fn an_update_that_is_too_large_changes_no_document_of_the_task() {
    let (server, mut client) = with_task().await;
    let folder = server.root().join("p/t");
    let small = pb::UpdateTaskRequest {
        prompt: "before".into(),
        depends_on: vec!["before".into()],
        ..update()
    };
    client.update_task(small).await.expect("updated");
    let etag = client.task("p", "t").await.etag;
    fill(&server, (2 << 20) - (32 << 10));
    let documents = ["task.json", "TASK.md", "TASK-CONFIG.yaml"].map(|name| folder.join(name));
    let before = documents.each_ref().map(|path| text(path));
    assert_ne!(client.task("p", "t").await.etag, etag, "it is another record");
    let other = pb::UpdateTaskRequest {
        prompt: "after".into(),
        depends_on: vec!["after".into()],
        ..update()
    };
    let long = "x".repeat(40 << 10);
    for request in [
        pb::UpdateTaskRequest { description: long.clone(), ..other.clone() },
        pb::UpdateTaskRequest { metadata_json: format!("{{\"a\":\"{long}\"}}"), ..other.clone() },
        // What grows leaves room for moves.
        pb::UpdateTaskRequest { metadata_json: "{\"a\":1}".into(), ..other.clone() },
        pb::UpdateTaskRequest { steps: vec![step("one", "ai")], ..other.clone() },
    ] {
        let refused = client.update_task(request).await;
        assert_refused(refused, Code::InvalidArgument, "TOO_LARGE", "DOCUMENT_BYTES_MAX");
        let now = documents.each_ref().map(|path| text(path));
        assert!(now == before, "{:?}", &now[1..]);
    }
    client.update_task(other).await.expect("what is small fits");
    assert_eq!(text(&documents[1]), "after");
}

/// Fills a task's record up to a size with what another program keeps in it.
fn fill(server: &Server, bytes: usize) {
    let path = task_json("p", "t");
    let record = text(&server.root().join(&path));
    let filler = "x".repeat(bytes - record.len());
    put(server.root(), &path, record.replacen('{', &format!("{{\"filler\":\"{filler}\","), 1));
}

#[tokio::test]
async fn a_record_too_full_for_another_result_can_still_be_moved_to_its_end() {
    let (server, mut client) = with_steps(1).await;
    fill(&server, (2 << 20) - (32 << 10));
    let refused = client.step(step_result("p", "t", 0, "completed")).await;
    assert_refused(refused, Code::InvalidArgument, "TOO_LARGE", "DOCUMENT_BYTES_MAX");
    for status in ["running", "interrupted", "running", "abandoned"] {
        let task = client.transition("p", "t", status).await.expect(status);
        assert_eq!(task.status, status);
    }
    assert_eq!(client.task("p", "t").await.transitions.len(), 4);
}

/// Too deep for other readers of JSON, and with half of a character.
fn unreadable() -> [String; 2] {
    [nested(101), "{\"a\":\"\\ud800\"}".to_owned()]
}

#[tokio::test]
async fn metadata_that_other_readers_would_choke_on_is_refused_and_read_when_it_is_anothers() {
    let (server, mut client) = with_steps(1).await;
    let file = server.root().join(task_json("p", "t"));
    let before = text(&file);
    for bad in unreadable() {
        let request = pb::UpdateTaskRequest {
            metadata_json: bad.clone(),
            prompt: "never".into(),
            ..update()
        };
        let refused = client.update_task(request).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "metadata_json");
        let create = pb::CreateTaskRequest { metadata_json: bad.clone(), ..new_task("p", "never") };
        let refused = client.create_task(create).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "metadata_json");
        let mut result = step_result("p", "t", 0, "completed");
        result.step_result.as_mut().expect("a result").metadata_json = bad;
        let refused = client.step(result).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "metadata_json");
        assert_eq!(text(&file), before);
        assert!(!server.root().join("p/t/TASK.md").exists());
        assert!(!server.root().join("p/never").exists());
    }
    let deepest = pb::UpdateTaskRequest { metadata_json: nested(100), ..update() };
    client.update_task(deepest).await.expect("just as deep as is allowed");
    for theirs in unreadable().into_iter().chain([nested(1000)]) {
        let record = format!(
            "{{\"status\":\"running\",\"steps\":[{{\"name\":\"one\",\"type\":\"ai\",\"x\":{theirs}}}],\
             \"step_results\":[{{\"step_index\":0,\"status\":\"failed\",\"metadata\":{theirs}}}],\
             \"metadata\":{theirs}}}"
        );
        fs::write(&file, record).expect("written");
        let task = client.task("p", "t").await;
        assert_eq!((task.status.as_str(), task.problem.as_str()), ("running", ""));
        assert_eq!((&task.metadata_json, &task.step_results[0].metadata_json), (&theirs, &theirs));
        let task = client.step(step_result("p", "t", 0, "completed")).await.expect("saved");
        assert_eq!((&task.metadata_json, &task.step_results[0].metadata_json), (&theirs, &theirs));
        assert_eq!((task.step_results.len(), task.steps[0].status.as_str()), (2, "completed"));
    }
}
