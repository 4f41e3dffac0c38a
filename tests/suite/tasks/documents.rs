//! What an update of a task changes, and what it leaves.

use callboard::grpc::pb;
use tonic::Code;

use super::{get, put, text};
use crate::client::assert_refused;
use crate::server::Server;
use crate::storage_client::{StorageClient, new_task};

/// An update of task `p/t` of these fields.
fn update(mask: &[&str]) -> pb::UpdateTaskRequest {
    let paths = mask.iter().map(|path| (*path).to_owned()).collect();
    pb::UpdateTaskRequest {
        project_id: "p".into(),
        task_id: "t".into(),
        description: "new".into(),
        prompt: "new prompt".into(),
        template: "new template".into(),
        model: "new model".into(),
        depends_on: vec!["new".into()],
        update_mask: (!mask.is_empty()).then_some(prost_types::FieldMask { paths }),
        ..Default::default()
    }
}

#[tokio::test]
async fn each_field_is_changed_by_its_mask_alone_and_no_other() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let mut expected = client.new_task("p", "t").await;
    type Set = fn(&mut pb::Task);
    let fields: [(&str, Set); 5] = [
        ("description", |task| task.description = "new".into()),
        ("prompt", |task| task.prompt = "new prompt".into()),
        ("template", |task| task.template = "new template".into()),
        ("model", |task| task.model = "new model".into()),
        ("depends_on", |task| task.depends_on = vec!["new".into()]),
    ];
    for (path, set) in fields {
        set(&mut expected);
        let task = client.update_task(update(&[path])).await.expect(path).task.expect("the task");
        assert!(
            task.updated_at.map(|it| (it.seconds, it.nanos))
                >= expected.updated_at.map(|it| (it.seconds, it.nanos))
        );
        expected.updated_at = task.updated_at;
        expected.etag.clone_from(&task.etag);
        assert_eq!(task, expected, "{path}");
        assert_eq!(client.task("p", "t").await, expected, "{path}");
    }
    for path in ["project_id", "task_id", "etag", "x"] {
        let refused = client.update_task(update(&[path])).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", path);
    }
    let emptied = pb::UpdateTaskRequest {
        description: String::new(),
        depends_on: Vec::new(),
        ..update(&["description", "depends_on"])
    };
    let task = client.update_task(emptied).await.expect("emptied").task.expect("the task");
    assert_eq!((task.description.as_str(), task.depends_on.len()), ("", 0));
    assert_eq!(task.model, "new model");
    let nothing =
        pb::UpdateTaskRequest { project_id: "p".into(), task_id: "t".into(), ..Default::default() };
    let refused = client.update_task(nothing).await;
    assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "nothing to change");
    let missing = pb::UpdateTaskRequest { task_id: "x".into(), ..update(&[]) };
    assert_refused(client.update_task(missing).await, Code::NotFound, "TASK_NOT_FOUND", "p/x");
}

#[tokio::test]
async fn a_stale_etag_is_refused_and_changes_no_document() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let created = pb::CreateTaskRequest { prompt: "old".into(), ..new_task("p", "t") };
    let first = client.create_task(created).await.expect("a task").task.expect("the task").etag;
    let described = pb::UpdateTaskRequest { etag: first.clone(), ..update(&["description"]) };
    let second = client.update_task(described).await.expect("an update").task.expect("a task").etag;
    assert_ne!(first, second);
    let before = client.task("p", "t").await;
    let stale = pb::UpdateTaskRequest { etag: first, ..update(&[]) };
    let refused = client.update_task(stale).await;
    assert_refused(refused, Code::Aborted, "ETAG_MISMATCH", "task.json");
    assert_eq!(client.task("p", "t").await, before);
    let right = pb::UpdateTaskRequest { etag: second, ..update(&["prompt", "depends_on"]) };
    let task = client.update_task(right).await.expect("an update").task.expect("the task");
    assert_eq!((task.prompt.as_str(), task.depends_on.len()), ("new prompt", 1));
}

#[tokio::test]
async fn what_others_put_into_a_record_survives_to_the_last_digit() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let foreign = r#"{"schema_version":"1.1","id":"other","big":9007199254740993,
      "huge":123456789012345678901234567890,"exact":1.10,"status":"running",
      "steps":[{"name":"\u00e9","type":"ai"}],"created_at":"2026-01-01T00:00:00Z",
      "config":{"model":"sonnet","x":1e400},"workspace_id":"w","template_id":"tpl"}"#;
    put(server.root(), "p/t/task.json", foreign);
    let config =
        put(server.root(), "p/t/TASK-CONFIG.yaml", "priority: 01 # high\ndepends_on: [x]\n");
    let task = client.task("p", "t").await;
    assert_eq!((task.model.as_str(), task.template.as_str()), ("sonnet", "tpl"));
    client.update_task(update(&["description", "depends_on"])).await.expect("an update");
    let json = text(&server.root().join("p/t/task.json"));
    for kept in [
        "\"schema_version\": \"1.1\"",
        "\"id\": \"other\"",
        "\"big\": 9007199254740993",
        "\"huge\": 123456789012345678901234567890",
        "\"exact\": 1.10",
        "\"name\": \"\\u00e9\"",
        "\"x\": 1e400",
        "\"workspace_id\": \"w\"",
        "\"status\": \"running\"",
        "\"created_at\": \"2026-01-01T00:00:00Z\"",
    ] {
        assert!(json.contains(kept), "no {kept} in\n{json}");
    }
    assert_eq!(text(&config), "depends_on:\n    - new\npriority: 01 # high\n");
    assert_eq!(client.task("p", "t").await.description, "new");
}

#[tokio::test]
async fn the_folders_of_a_project_are_changed_and_what_others_wrote_stays() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let create = pb::CreateProjectRequest {
        project_id: "p".into(),
        project_root: "/src".into(),
        source_folders: vec!["/a".into(), "/b c".into()],
        ..Default::default()
    };
    let project = client.create_project(create).await.expect("a project").project.expect("it");
    let file = server.root().join("p/home-folders.md");
    put(server.root(), "p/home-folders.md", format!("{}notes: [1, 2]\n", text(&file)));
    let update = |root: &str, etag: &str| pb::UpdateProjectRequest {
        project_id: "p".into(),
        project_root: root.into(),
        etag: etag.into(),
        ..Default::default()
    };
    let refused = client.update_project(update("/x", &project.etag)).await;
    assert_refused(refused, Code::Aborted, "ETAG_MISMATCH", "home-folders.md");
    let changed = client.update_project(update("/new", "")).await.expect("an update").project;
    let changed = changed.expect("the project");
    assert_eq!(changed.project_root, "/new");
    assert_eq!(changed.source_folders, ["/a", "/b c"]);
    assert!(text(&file).contains("\nnotes: [1, 2]\n"), "{}", text(&file));
    let get = pb::GetProjectRequest { project_id: "p".into() };
    assert_eq!(client.get_project(get).await.expect("a project").project, Some(changed));
    // One that came by itself has no such file, and gets one.
    client.new_task("q", "t").await;
    let mut request = update("/q", "");
    request.project_id = "q".into();
    let changed = client.update_project(request).await.expect("an update").project.expect("it");
    assert!(changed.project_root == "/q" && !changed.etag.is_empty());
    let missing = pb::GetProjectRequest { project_id: "nobody".into() };
    let refused = client.get_project(missing).await;
    assert_refused(refused, Code::NotFound, "PROJECT_NOT_FOUND", "nobody");
    let refused = client.get_task(get_of("nobody")).await;
    assert_refused(refused, Code::NotFound, "PROJECT_NOT_FOUND", "nobody");
}

fn get_of(project: &str) -> pb::GetTaskRequest {
    get(project, "t")
}
