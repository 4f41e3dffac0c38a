//! Facts of projects and tasks, whoever writes them.

use std::fs;
use std::time::{Duration, Instant};

use callboard::grpc::pb;
use pb::WatchKind;
use pb::watch_response::Frame;

use super::{Watch, names, replace};
use crate::server::Server;
use crate::storage_client::{StorageClient, new_fact};

fn of(project: &str, task: &str, kinds: &[WatchKind]) -> pb::WatchRequest {
    pb::WatchRequest {
        project_id: project.into(),
        task_id: task.into(),
        kinds: kinds.iter().map(|kind| (*kind).into()).collect(),
        heartbeat_interval: None,
    }
}

#[tokio::test]
async fn a_watch_begins_with_the_facts_in_its_scope_without_their_bodies() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_task("p", "t").await;
    client.new_task("q", "t").await;
    let request =
        pb::AppendFactRequest { body: "much".into(), ..new_fact("p", "", "of the project") };
    let whole = client.append_fact(request).await.expect("a fact").fact.expect("the fact");
    let of_p = &whole.fact_id;
    let of_t = client.fact("p", "t", "of the task").await.fact_id;
    let of_q = client.fact("q", "t", "of another").await.fact_id;
    let (of_p_name, of_t_name, of_q_name) =
        (format!("p/{of_p}"), format!("p/t/{of_t}"), format!("q/t/{of_q}"));
    let cases = [
        (of("", "", &[WatchKind::Fact]), vec![&*of_p_name, &of_t_name, &of_q_name]),
        (of("p", "", &[WatchKind::Fact]), vec![&of_p_name, &of_t_name]),
        (of("p", "t", &[WatchKind::Fact]), vec![&of_t_name]),
        (of("q", "", &[WatchKind::Fact, WatchKind::Task]), vec!["q/t", &of_q_name]),
        (of("p", "", &[WatchKind::Artifact]), vec![]),
    ];
    for (request, expected) in cases {
        let snapshot = Watch::open(&mut client, request.clone()).await.snapshot().await;
        let mut shown = names(&snapshot);
        shown.sort();
        assert_eq!(shown, expected, "{request:?}");
        for frame in snapshot {
            let Frame::Fact(fact) = frame else { continue };
            assert_eq!(fact.body, "", "{fact:?}");
            if fact.fact_id == *of_p {
                assert_eq!(fact, pb::Fact { body: String::new(), ..whole.clone() });
            }
        }
    }
}

#[tokio::test]
async fn facts_that_the_service_writes_arrive() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_task("p", "t").await;
    let mut watch = Watch::open(&mut client, of("", "", &[])).await;
    watch.snapshot().await;
    let began = Instant::now();
    for n in 0..10 {
        let task = if n % 2 == 0 { "" } else { "t" };
        let fact = client.fact("p", task, &format!("fact {n}")).await;
        assert_eq!(watch.fact(&fact.fact_id, |_| true).await, fact);
    }
    let took = began.elapsed();
    assert!(took < Duration::from_secs(4), "without waiting for a look: {took:?}");
}

#[tokio::test]
async fn facts_that_other_programs_write_change_and_remove_arrive() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_task("p", "t").await;
    let mut watch = Watch::open(&mut client, of("p", "", &[WatchKind::Fact])).await;
    assert_eq!(watch.snapshot().await, Vec::new());
    let content = |title: &str| {
        format!(
            "---\ncreated_at: 2026-01-01T00:00:00Z\nscope: project\ntitle: {title}\n---\n\nbody\n"
        )
    };
    let files = [("", "FACT-20260101-120000-x"), ("t/", "TASK-FACTS-20260101-120000")];
    for (folder, id) in files {
        let path = server.root().join(format!("p/{folder}{id}.md"));
        fs::write(&path, content("first")).expect("written");
        let shown = watch.fact(id, |fact| fact.title == "first").await;
        assert_eq!(shown.task_id, folder.trim_end_matches('/'));
        replace(&path, &content("second"));
        watch.fact(id, |fact| fact.title == "second").await;
        // Damaged, it is told of with its problem, and hides nothing.
        replace(&path, "no front matter");
        let shown = watch.fact(id, |fact| !fact.problem.is_empty()).await;
        assert!(shown.problem.contains(id), "{}", shown.problem);
        replace(&path, &content("third"));
        watch.fact(id, |fact| fact.title == "third" && fact.problem.is_empty()).await;
    }
    for (folder, id) in files {
        fs::remove_file(server.root().join(format!("p/{folder}{id}.md"))).expect("removed");
        let name = format!("p/{folder}{id}");
        let gone = watch.gone(&[&name]).await.remove(&name).expect("it is told of");
        assert_eq!((gone.kind(), gone.fact_id.as_str()), (WatchKind::Fact, id));
        assert_eq!(gone.task_id, folder.trim_end_matches('/'));
    }
}
