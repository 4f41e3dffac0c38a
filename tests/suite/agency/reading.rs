//! What is read of a meta.json, whoever wrote it.

use callboard::grpc::pb;
use tonic::Code;

use super::{file, least, put, text, with_meta, with_run};
use crate::client::assert_refused;
use crate::server::Server;
use crate::storage_client::StorageClient;

const WRITTEN: &str = r#"{"schema_version":"1.0","created_at":"2026-01-02T03:04:05Z","title":"x"}"#;

#[tokio::test]
async fn a_run_that_is_missing_and_one_of_which_nothing_is_kept_are_not_found() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_run("p", "t", "r").await;
    assert_refused(client.meta("r").await, Code::NotFound, "RUN_NOT_FOUND", "meta.json");
    assert_refused(client.meta("s").await, Code::NotFound, "RUN_NOT_FOUND", "s");
    let at = |project: &str, task: &str| pb::GetRunMetaRequest {
        project_id: project.into(),
        task_id: task.into(),
        run_id: "r".into(),
    };
    for (project, task) in [("q", "t"), ("p", "u")] {
        let refused = client.get_run_meta(at(project, task)).await;
        assert_refused(refused, Code::NotFound, "RUN_NOT_FOUND", "r");
    }
}

#[tokio::test]
async fn a_damaged_file_is_told_of_with_its_place_and_hides_nothing_else() {
    let (server, mut client) = with_run().await;
    let damaged = [
        ("binary", &b"\x7fELF\0"[..]),
        ("empty", b""),
        ("half", b"{\"schema_version\": \"1.0\", \"created"),
        ("kind", b"{\"schema_version\":\"1.0\",\"created_at\":\"2026-01-02T03:04:05Z\",\"pr_number\":\"x\"}"),
        ("list", b"[]"),
        ("no-time", b"{\"schema_version\":\"1.0\",\"title\":\"x\"}"),
        ("no-version", b"{\"created_at\":\"2026-01-02T03:04:05Z\"}"),
        ("not-json", b"name: x\n"),
        ("utf-16", b"\xff\xfe{\0}\0"),
    ];
    for (run, bytes) in damaged {
        client.new_run("p", "t", run).await;
        put(&server, run, "meta.json", bytes);
    }
    let listed = client.runs_with_meta().await;
    assert_eq!(listed.len(), damaged.len() + 1);
    for run in listed {
        assert_eq!((run.status.as_str(), run.problem.as_str()), ("running", ""), "{run:?}");
        let meta = run.meta.unwrap_or_else(|| panic!("{} has one", run.run_id));
        assert_eq!(meta.run_id, run.run_id);
        let path = format!("{}/meta.json", run.run_path);
        assert_eq!(meta.problem.contains(&path), run.run_id != "r", "{}", meta.problem);
    }
    for (run, bytes) in damaged {
        let refused = client.meta(run).await;
        assert_refused(refused, Code::DataLoss, "CORRUPT_DOCUMENT", &format!("{run}/meta.json"));
        // Nor is it written over.
        let refused = client.set_meta(run, least(), &[]).await;
        assert_refused(refused, Code::DataLoss, "CORRUPT_DOCUMENT", &format!("{run}/meta.json"));
        assert_eq!(std::fs::read(file(&server, run, "meta.json")).expect("the file"), bytes);
        // The run itself goes on.
        client.run(run).await;
        client.event(run, "seen", "").await.expect("an event");
        client.end(run, "completed").await.expect("ended");
    }
}

#[tokio::test]
async fn identity_comes_from_the_folders_not_from_the_file() {
    let (server, mut client) = with_run().await;
    let foreign = WRITTEN.replace('}', ",\"run_id\":\"liar\",\"repo_id\":\"elsewhere\"}");
    let path = put(&server, "r", "meta.json", &foreign);
    let meta = client.meta("r").await.expect("the metadata");
    assert_eq!((meta.run_id.as_str(), meta.repo_id.as_str()), ("r", "elsewhere"));
    assert_refused(client.meta("liar").await, Code::NotFound, "RUN_NOT_FOUND", "liar");
    // What the file says of it stays.
    let title = pb::RunMeta { title: "new".into(), ..Default::default() };
    let meta = client.set_meta("r", title, &[]).await.expect("set");
    assert_eq!(meta.run_id, "r");
    assert!(text(&path).contains("\"run_id\": \"liar\""), "{}", text(&path));
}

#[tokio::test]
async fn the_older_name_of_a_title_is_read_and_goes_with_it() {
    let (server, mut client) = with_run().await;
    let path = put(&server, "r", "meta.json", WRITTEN.replace("title", "name"));
    assert_eq!(client.meta("r").await.expect("the metadata").title, "x");
    let title = pb::RunMeta { title: "new".into(), ..Default::default() };
    let meta = client.set_meta("r", title, &[]).await.expect("set");
    assert_eq!(meta.title, "new");
    let written = text(&path);
    assert!(written.contains("\"name\": \"new\"") && written.contains("\"title\": \"new\""));
}

#[tokio::test]
async fn what_is_kept_is_returned_with_a_list_only_when_it_is_asked_for() {
    let (_server, mut client) = with_run().await;
    client.new_run("p", "t", "without").await;
    assert!(client.runs("p", "t").await.iter().all(|run| run.meta.is_none()));
    let listed = client.runs_with_meta().await;
    let has: Vec<_> = listed.iter().map(|run| (&*run.run_id, run.meta.is_some())).collect();
    assert_eq!(has, [("r", true), ("without", false)]);
    // A repeated creation returns it as the first one did.
    let request = pb::CreateRunRequest { request_id: "one".into(), ..with_meta("s", least()) };
    let first = client.create_run(request.clone()).await.expect("a run");
    let again = client.create_run(request.clone()).await.expect("a repetition");
    assert_eq!(again, pb::CreateRunResponse { duplicate: true, ..first });
    let other = pb::RunMeta { branch: "other".into(), ..least() };
    let refused = client.create_run(pb::CreateRunRequest { meta: Some(other), ..request }).await;
    assert_refused(refused, Code::AlreadyExists, "REQUEST_ID_REUSED", "one");
}
