//! task.json as a whole: what creating, reading and updating a task keep of it.

use callboard::grpc::pb;
use serde_json::Value;
use tonic::Code;

use super::{files_in, json, nanos, put, step, task_json, task_of, text, with_task};
use crate::client::assert_refused;
use crate::server::Server;
use crate::storage_client::{StorageClient, new_task, step_result};

fn update() -> pb::UpdateTaskRequest {
    pb::UpdateTaskRequest { project_id: "p".into(), task_id: "t".into(), ..Default::default() }
}

fn masked(paths: &[&str], request: pb::UpdateTaskRequest) -> pb::UpdateTaskRequest {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    pb::UpdateTaskRequest { update_mask: Some(prost_types::FieldMask { paths }), ..request }
}

/// Asserts that it is JSON; its numbers may be larger than any type holds.
fn sound(json: &str) {
    serde_json::from_str::<&serde_json::value::RawValue>(json).expect(json);
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))
}

#[tokio::test]
async fn a_new_record_has_every_field_in_its_place_and_schema_version_1_0() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let full = pb::Step {
        description: "what".into(),
        prompt: "do\nit".into(),
        commands: vec!["make".into(), "make test".into()],
        timeout_seconds: 90,
        ..step("plan", "ai")
    };
    let begun = pb::Step {
        status: "completed".into(),
        error: "x".into(),
        attempts: 7,
        ..step("check", "another program's word")
    };
    let request = pb::CreateTaskRequest {
        description: "mend it".into(),
        prompt: "Do this.".into(),
        template: "default".into(),
        model: "opus".into(),
        steps: vec![full.clone(), begun],
        metadata_json: "{\"big\":9007199254740993,\n\"a\":{\"b\":[1.10]}}".into(),
        ..new_task("p", "t")
    };
    let task = client.create_task(request).await.expect("a task").task.expect("the task");
    // Only what it is, not what became of it.
    let expected = [full, step("check", "another program's word")];
    assert_eq!(task.steps, expected);
    assert_eq!((task.step_count, task.schema_version.as_str()), (2, "1.0"));
    assert_eq!(
        parsed(&task.metadata_json),
        parsed("{\"big\":9007199254740993,\"a\":{\"b\":[1.10]}}")
    );
    assert_eq!(client.task("p", "t").await, task);
    let file = server.root().join(task_json("p", "t"));
    let written = json(&file);
    let keys: Vec<_> = written.as_object().expect("an object").keys().cloned().collect();
    let order = [
        "id",
        "workspace_name",
        "description",
        "template",
        "status",
        "current_step",
        "steps",
        "model",
        "created_at",
        "updated_at",
        "metadata",
        "schema_version",
    ];
    assert_eq!(keys, order);
    let of_step: Vec<_> = written["steps"][0].as_object().expect("an object").keys().collect();
    let order = ["name", "type", "description", "prompt", "commands", "timeout_seconds"];
    assert_eq!(of_step, order);
    let bare: Vec<_> = written["steps"][1].as_object().expect("an object").keys().collect();
    assert_eq!(bare, ["name", "type"], "what is empty is left out");
    let text = text(&file);
    assert!(text.starts_with("{\n  \"id\": \"t\",\n  \"workspace_name\": \"p\",\n"), "{text}");
    for kept in ["9007199254740993", "1.10", "\"schema_version\": \"1.0\""] {
        assert!(text.contains(kept), "no {kept} in {text}");
    }
    let refused = client.create_task(new_task("p", "t")).await;
    assert_refused(refused, Code::AlreadyExists, "TASK_EXISTS", "p/t");
    assert_eq!(super::text(&file), text);
}

#[tokio::test]
async fn a_record_that_does_not_parse_is_corrupt_and_says_where() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let damaged = [
        ("{\n  \"id\": \"t\",\n  \"status\" \"running\"\n}", "line 3"),
        ("{\n  \"id\": \"t\",\n", "line 3"),
        ("{\"status\":\n  5}", "status"),
        ("{\"steps\":[{\"name\":\"a\"},\n{\"name\":5}]}", "steps[1].name"),
        ("{\"steps\":[\n\n7]}", "steps[0]"),
        ("{\"step_results\":[{\"step_index\":\"0\"}]}", "step_results[0].step_index"),
        ("{\"transitions\":[{\"timestamp\":\"yesterday\"}]}", "transitions[0].timestamp"),
        ("{\"metadata\":[1]}", "metadata"),
        ("", "line 1"),
    ];
    for (content, place) in damaged {
        put(server.root(), &task_json("p", "t"), content);
        let request = pb::GetTaskRequest { project_id: "p".into(), task_id: "t".into() };
        let refused = client.get_task(request).await;
        let status = refused.as_ref().expect_err(content);
        assert!(status.message().contains("p/t/task.json"), "{content}: {status:?}");
        assert!(status.message().contains("line "), "{content}: {status:?}");
        assert_refused(refused, Code::DataLoss, "CORRUPT_DOCUMENT", place);
        let listed = client.tasks("p").await;
        assert_eq!(listed.len(), 1, "{content}");
    }
}

#[tokio::test]
async fn an_update_of_status_step_and_description_is_kept_and_leaves_no_temporary_file() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let made = client.create_task(task_of("t", 3)).await.expect("a task").task.expect("the task");
    let request = pb::UpdateTaskRequest {
        status: "running".into(),
        current_step: Some(2),
        description: "new".into(),
        ..update()
    };
    let task = client.update_task(request).await.expect("an update").task.expect("the task");
    assert_eq!(client.task("p", "t").await, task);
    let facts = (task.status.as_str(), task.current_step, task.description.as_str());
    assert_eq!(facts, ("running", 2, "new"));
    assert!(nanos(task.updated_at) > nanos(made.updated_at));
    assert_eq!((task.created_at, task.steps), (made.created_at, made.steps));
    assert_eq!(files_in(&server.root().join("p/t")), ["task.json", "task.json.lock"]);
    assert!(files_in(&server.root().join(".callboard/staging")).is_empty());
    // Zero is a step like any other, and behind the last one there is one more place.
    for current_step in [0, 3] {
        let request = pb::UpdateTaskRequest { current_step: Some(current_step), ..update() };
        let task = client.update_task(request).await.expect("an update").task.expect("the task");
        assert_eq!(task.current_step, current_step);
    }
    for current_step in [4, -1, i32::MAX] {
        let request = pb::UpdateTaskRequest {
            current_step: Some(current_step),
            description: "never".into(),
            ..update()
        };
        let refused = client.update_task(request).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "current_step");
    }
    assert_eq!(client.task("p", "t").await.description, "new");
    let missing =
        pb::UpdateTaskRequest { task_id: "x".into(), status: "running".into(), ..update() };
    assert_refused(client.update_task(missing).await, Code::NotFound, "TASK_NOT_FOUND", "p/x");
    assert!(!server.root().join("p/x").exists());
}

#[tokio::test]
async fn every_call_refuses_an_empty_project_or_task() {
    let (_server, mut client) = with_task().await;
    for (project, task, field) in [("", "t", "project_id"), ("p", "", "task_id")] {
        let get = pb::GetTaskRequest { project_id: project.into(), task_id: task.into() };
        let update = pb::UpdateTaskRequest {
            project_id: project.into(),
            task_id: task.into(),
            description: "x".into(),
            ..Default::default()
        };
        let delete = pb::DeleteTaskRequest {
            project_id: project.into(),
            task_id: task.into(),
            ..Default::default()
        };
        for refused in [
            client.get_task(get).await.map(drop),
            client.update_task(update).await.map(drop),
            client.delete_task(delete).await.map(drop),
            client.log(project, task, &["{}"]).await.map(drop),
        ] {
            assert_refused(refused, Code::InvalidArgument, "REQUIRED_FIELD", field);
        }
    }
    let refused = client.create_task(new_task("", "t")).await;
    assert_refused(refused, Code::InvalidArgument, "REQUIRED_FIELD", "project_id");
    let refused = client.list_tasks(pb::ListTasksRequest::default()).await;
    assert_refused(refused, Code::InvalidArgument, "REQUIRED_FIELD", "project_id");
}

#[tokio::test]
async fn new_steps_keep_the_state_of_those_that_stay_where_they_are() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.create_task(task_of("t", 3)).await.expect("a task");
    for n in 0..3 {
        client.step(step_result("p", "t", n, "completed")).await.expect("saved");
    }
    let before = client.task("p", "t").await;
    let steps = vec![
        pb::Step { prompt: "anew".into(), ..step("step-0", "git") },
        step("other", "ai"),
        step("step-2", "ai"),
        step("step-3", "human"),
    ];
    let request = pb::UpdateTaskRequest { steps, ..update() };
    let task = client.update_task(request).await.expect("an update").task.expect("the task");
    let expected = [
        pb::Step { r#type: "git".into(), prompt: "anew".into(), ..before.steps[0].clone() },
        step("other", "ai"),
        before.steps[2].clone(),
        step("step-3", "human"),
    ];
    assert_eq!(task.steps, expected);
    assert_eq!(task.step_results, before.step_results);
    assert_eq!((task.step_count, client.tasks("p").await[0].step_count), (4, 4));
    // A current step that is none any more is refused, not moved.
    let there = pb::UpdateTaskRequest { current_step: Some(4), ..update() };
    client.update_task(there).await.expect("an update");
    let fewer =
        masked(&["steps"], pb::UpdateTaskRequest { steps: vec![step("a", "ai")], ..update() });
    let refused = client.update_task(fewer.clone()).await;
    assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "current_step");
    assert_eq!(client.task("p", "t").await.step_count, 4);
    let both = pb::UpdateTaskRequest { update_mask: None, current_step: Some(1), ..fewer };
    let task = client.update_task(both).await.expect("an update").task.expect("the task");
    assert_eq!((task.step_count, task.current_step), (1, 1));
    type Change = fn(&mut pb::Step);
    let bad: [(&str, Change); 3] = [
        ("REQUIRED_FIELD", |step| step.name.clear()),
        ("REQUIRED_FIELD", |step| step.r#type.clear()),
        ("INVALID_FIELD", |step| step.timeout_seconds = -1),
    ];
    for (reason, change) in bad {
        let mut bad = step("a", "ai");
        change(&mut bad);
        let create = pb::CreateTaskRequest { steps: vec![bad.clone()], ..new_task("p", "never") };
        let refused = client.create_task(create).await;
        assert_refused(refused, Code::InvalidArgument, reason, "steps");
        let refused =
            client.update_task(pb::UpdateTaskRequest { steps: vec![bad], ..update() }).await;
        assert_refused(refused, Code::InvalidArgument, reason, "steps");
    }
    assert!(!server.root().join("p/never").exists());
}

#[tokio::test]
async fn metadata_is_merged_key_by_key_and_null_removes_one() {
    let (server, mut client) = with_task().await;
    assert_eq!(client.task("p", "t").await.metadata_json, "");
    let mut merge = async |metadata: &str| {
        let request = pb::UpdateTaskRequest { metadata_json: metadata.into(), ..update() };
        let task = client.update_task(request).await.expect(metadata).task.expect("the task");
        assert_eq!(task.metadata_json, client.task("p", "t").await.metadata_json);
        task.metadata_json
    };
    let first = merge("{\"a\":1,\"b\":{\"c\":[1,2]},\"n\":12345678901234567890123}").await;
    assert_eq!(parsed(&first)["b"], parsed("{\"c\":[1,2]}"));
    assert!(first.contains("12345678901234567890123"), "{first}");
    // A key is replaced as a whole; the others stay.
    let second = merge("{\"b\":{\"d\":null},\"z\":\"x\"}").await;
    assert_eq!(parsed(&second)["a"], 1);
    assert_eq!(parsed(&second)["b"], parsed("{\"d\":null}"));
    assert_eq!(parsed(&second)["z"], "x");
    assert!(second.contains("12345678901234567890123"), "{second}");
    let third = merge("{\"a\":null,\"absent\":null,\"z\":\"y\"}").await;
    let keys: Vec<_> = parsed(&third).as_object().expect("an object").keys().cloned().collect();
    assert_eq!(keys, ["b", "n", "z"]);
    assert_eq!(merge("{\"b\":null,\"n\":null,\"z\":null}").await, "");
    let file = server.root().join(task_json("p", "t"));
    assert_eq!(json(&file).get("metadata"), None, "nothing is left of it");
    for bad in ["[1]", "1", "\"x\"", "null", "{\"a\":", "{} {}", "{a:1}"] {
        let before = text(&file);
        let request = pb::UpdateTaskRequest { metadata_json: bad.into(), ..update() };
        let refused = client.update_task(request).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "metadata_json");
        let create = pb::CreateTaskRequest { metadata_json: bad.into(), ..new_task("p", "never") };
        let refused = client.create_task(create).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "metadata_json");
        assert_eq!(text(&file), before);
    }
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(64 << 10));
    let request = pb::UpdateTaskRequest { metadata_json: large, ..update() };
    let refused = client.update_task(request).await;
    assert_refused(refused, Code::InvalidArgument, "TOO_LARGE", "metadata_json");
    assert!(!server.root().join("p/never").exists());
}

/// At the top, in steps, in their commands' neighbours, in results, in moves, in metadata.
const FOREIGN: &str = r#"{
  "schema_version": "1.1", "id": "other", "big": 9007199254740993,
  "huge": 123456789012345678901234567890, "exact": 1.10, "status": "running", "current_step": 0,
  "steps": [
    {"name": "\u00e9", "type": "ai", "attempts": 1, "step_big": 9007199254740995, "nested": {"e": 1e400}},
    {"x_first": [9007199254740997, 2.50], "name": "b", "type": "git", "status": "pending"}
  ],
  "step_results": [
    {"step_index": 0, "step_name": "é", "status": "failed", "tokens": 9007199254740999,
     "metadata": {"cost": 0.10, "id": 18446744073709551617}}
  ],
  "transitions": [
    {"from_status": "pending", "to_status": "running", "timestamp": "2026-01-01T00:00:00Z",
     "by": 9007199254741001}
  ],
  "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
  "config": {"model": "sonnet", "x": 1e401}, "workspace_id": "w", "template_id": "tpl",
  "metadata": {"m_big": 9007199254741003, "deep": {"z": 3.140}}
}"#;

/// What must be there, to the last digit, whatever of it is written anew.
const KEPT: [&str; 20] = [
    "\"1.1\"",
    "\"other\"",
    "9007199254740993",
    "123456789012345678901234567890",
    "1.10",
    "9007199254740995",
    "1e400",
    "9007199254740997",
    "2.50",
    "\"x_first\"",
    "9007199254740999",
    "0.10",
    "18446744073709551617",
    "9007199254741001",
    "1e401",
    "\"workspace_id\"",
    "\"template_id\"",
    "9007199254741003",
    "3.140",
    "\"step_big\"",
];

#[tokio::test]
async fn unknown_keys_and_numbers_above_2_to_53_survive_every_update() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let file = put(server.root(), &task_json("p", "t"), FOREIGN);
    let kept = |what: &str| {
        let text = text(&file);
        sound(&text);
        for kept in KEPT {
            assert!(text.contains(kept), "{what}: no {kept} in\n{text}");
        }
    };
    kept("nothing");
    let shown = client.task("p", "t").await;
    assert!(shown.metadata_json.contains("9007199254741003"), "{}", shown.metadata_json);
    let metadata = &shown.step_results[0].metadata_json;
    assert!(metadata.contains("18446744073709551617") && metadata.contains("0.10"), "{metadata}");
    let result = client.step(step_result("p", "t", 1, "completed")).await.expect("saved");
    assert_eq!((result.step_results.len(), result.steps[1].status.as_str()), (2, "completed"));
    kept("a result");
    let again = client.step(step_result("p", "t", 0, "completed")).await.expect("saved");
    assert_eq!(again.steps[0].attempts, 2, "the attempt that was there counts");
    kept("a second result");
    let moved = client.transition("p", "t", "validating").await.expect("a move");
    assert_eq!(moved.transitions.len(), 2);
    kept("a move");
    for request in [
        pb::UpdateTaskRequest { description: "new".into(), ..update() },
        pb::UpdateTaskRequest { current_step: Some(2), model: "opus".into(), ..update() },
        pb::UpdateTaskRequest { metadata_json: "{\"ours\":9007199254741005}".into(), ..update() },
        pb::UpdateTaskRequest { status: "interrupted".into(), ..update() },
        pb::UpdateTaskRequest { steps: vec![step("é", "git"), step("b", "ai")], ..update() },
    ] {
        let what = format!("{request:?}");
        client.update_task(request).await.expect(&what);
        kept(&what);
    }
    let task = client.task("p", "t").await;
    assert!(task.metadata_json.contains("9007199254741005"), "{}", task.metadata_json);
    assert_eq!((task.model.as_str(), task.template.as_str()), ("opus", "tpl"));
    assert_eq!(task.steps[1].status, "completed", "its place and name are as before");
}

#[tokio::test]
async fn two_projects_with_equal_task_ids_do_not_mix() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    for project in ["p", "q"] {
        let request = pb::CreateTaskRequest {
            project_id: project.into(),
            description: project.into(),
            ..task_of("t", 1)
        };
        client.create_task(request).await.expect("a task");
    }
    client.transition("p", "t", "running").await.expect("a move");
    client.step(step_result("q", "t", 0, "completed")).await.expect("saved");
    client.log("p", "t", &["{\"of\":\"p\"}"]).await.expect("appended");
    let artifact = crate::storage_client::new_artifact("q", "t", "of.txt", "q");
    client.save(artifact).await.expect("saved");
    let (p, q) = (client.task("p", "t").await, client.task("q", "t").await);
    assert_eq!(
        (p.description.as_str(), p.status.as_str(), p.step_results.len()),
        ("p", "running", 0)
    );
    assert_eq!(
        (q.description.as_str(), q.status.as_str(), q.step_results.len()),
        ("q", "pending", 1)
    );
    assert_eq!(client.read_log("p", "t").await.len(), 1);
    assert!(client.read_log("q", "t").await.is_empty());
    assert!(client.artifacts("p", "t").await.is_empty());
    assert_eq!(client.artifacts("q", "t").await.len(), 1);
    let delete =
        pb::DeleteTaskRequest { project_id: "p".into(), task_id: "t".into(), ..Default::default() };
    client.delete_task(delete).await.expect("deleted");
    assert_eq!(client.content("q", "t", "of.txt").await, b"q");
    assert_eq!(client.tasks("q").await.len(), 1);
    assert!(client.tasks("p").await.is_empty());
}
