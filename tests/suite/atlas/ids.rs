//! The ids of tasks that are made up, and those that others made.

use std::collections::BTreeSet;

use callboard::grpc::pb;
use tokio::task::JoinSet;

use super::{put, task_json};
use crate::server::Server;
use crate::storage_client::{StorageClient, new_task};

/// `task-YYYYMMDD-HHMMSS-` and a slug, all in lower case.
fn has_the_form(id: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let slug = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    id.strip_prefix("task-").is_some_and(|rest| {
        rest.len() > 16
            && digits(&rest[..8])
            && &rest[8..9] == "-"
            && digits(&rest[9..15])
            && &rest[15..16] == "-"
            && slug(&rest[16..])
    })
}

#[tokio::test]
async fn of_1000_generated_ids_none_is_twice_and_all_have_the_form() {
    let server = Server::start();
    let mut calls = JoinSet::new();
    for caller in 0..20 {
        let mut client = StorageClient::connect(&server).await;
        calls.spawn(async move {
            let mut ids = Vec::new();
            for n in 0..50 {
                // Every second one has the same description as many others.
                let description = if n % 2 == 0 { "Fix the LOGIN bug" } else { "" };
                let request =
                    pb::CreateTaskRequest { description: description.into(), ..new_task("p", "") };
                let task = client.create_task(request).await.expect("a task");
                ids.push(task.task.expect("the task").task_id);
            }
            (caller, ids)
        });
    }
    let ids: Vec<String> = calls.join_all().await.into_iter().flat_map(|(_, ids)| ids).collect();
    assert_eq!(ids.len(), 1000);
    for id in &ids {
        assert!(has_the_form(id), "{id}");
    }
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 1000, "each is another");
    let mut client = StorageClient::connect(&server).await;
    let listed = client.tasks("p").await;
    assert_eq!(listed.len(), 1000);
    assert!(listed.iter().all(|task| ids.contains(&task.task_id)));
}

/// Whether they are created here or were there.
#[tokio::test]
async fn the_older_forms_of_ids_are_accepted_and_listed() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let forms = [
        "task-20260102-030405",
        "task-20260102-030405-678",
        "task-20260102-030405-mend-it",
        "task-0190f5fe-7c00-7a00-8000-0123456789ab",
        "task-550e8400-e29b-41d4-a716-446655440000",
    ];
    for id in forms {
        let made = client.new_task("p", id).await;
        assert_eq!(made.task_id, id);
        put(server.root(), &task_json("q", id), "{\"status\":\"running\"}");
    }
    for project in ["p", "q"] {
        let mut listed: Vec<_> =
            client.tasks(project).await.into_iter().map(|task| task.task_id).collect();
        listed.sort();
        let mut expected = forms.map(String::from);
        expected.sort();
        assert_eq!(listed, expected, "{project}");
        for id in forms {
            client
                .transition(project, id, if project == "p" { "running" } else { "validating" })
                .await
                .expect(id);
        }
    }
    // The time in the name is what is known of one that does not say it.
    let shown = client.task("q", "task-20260102-030405-678").await;
    assert_eq!(shown.created_at.expect("a time").seconds, 1_767_323_045);
}
