//! Many at once on one task.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use callboard::grpc::pb;
use fs4::fs_std::FileExt as Lock;
use serde_json::Value;
use tokio::task::JoinSet;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::{details, files_in, put, staging_is_empty, task_json, task_of, text, with_steps};
use crate::client::{assert_refused, eventually, reason};
use crate::server::Server;
use crate::storage_client::{StorageClient, new_artifact, new_task, step_result};
use crate::storage_concurrency::{processes, rounds};

fn update() -> pb::UpdateTaskRequest {
    pb::UpdateTaskRequest { project_id: "p".into(), task_id: "t".into(), ..Default::default() }
}

/// Reads, adds a word, and writes with the etag, until nobody comes between.
async fn add_word(client: &mut StorageClient, word: &str) {
    loop {
        let task = client.task("p", "t").await;
        let request = pb::UpdateTaskRequest {
            description: format!("{} {word}", task.description),
            etag: task.etag,
            ..update()
        };
        match client.update_task(request).await {
            Ok(_) => return,
            Err(refused) => assert_eq!(reason(&refused), "ETAG_MISMATCH", "{refused:?}"),
        }
    }
}

/// The original keeps 10 of 80.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_writers_of_ten_read_modify_writes_lose_none_of_80() {
    let (server, mut client) = with_steps(1).await;
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let mut client = StorageClient::connect(&server).await;
        writers.spawn(async move {
            for n in 0..10 {
                add_word(&mut client, &format!("{writer}.{n}")).await;
            }
        });
    }
    writers.join_all().await;
    let description = client.task("p", "t").await.description;
    let words: Vec<_> = description.split_whitespace().collect();
    assert_eq!(words.len(), 80, "{description}");
    assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), 80, "{description}");
    for writer in 0..8 {
        let own: Vec<_> = words.iter().filter(|it| it.starts_with(&format!("{writer}."))).collect();
        assert!(own.is_sorted(), "in the order of their writer: {own:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_writers_of_ten_results_without_etags_keep_all_80() {
    let (server, mut client) = with_steps(8).await;
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let mut client = StorageClient::connect(&server).await;
        writers.spawn(async move {
            for n in 0..10 {
                let mut request = step_result("p", "t", writer, "failed");
                request.step_result.as_mut().expect("it").output = format!("{writer}.{n}");
                client.step(request).await.expect("saved");
            }
        });
    }
    writers.join_all().await;
    let task = client.task("p", "t").await;
    assert_eq!(task.step_results.len(), 80);
    for writer in 0..8 {
        let own = task.step_results.iter().filter(|it| it.step_index == writer);
        let own: Vec<_> = own.map(|it| it.output.clone()).collect();
        assert_eq!(own, (0..10).map(|n| format!("{writer}.{n}")).collect::<Vec<_>>());
        assert_eq!(task.steps[usize::try_from(writer).expect("it")].attempts, 10);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_who_change_different_things_at_once_without_etags_lose_nothing() {
    let (server, mut client) = with_steps(1).await;
    let mut writers = JoinSet::new();
    for writer in 0..10 {
        let mut client = StorageClient::connect(&server).await;
        writers.spawn(async move {
            for n in 0..8 {
                let key = format!("{{\"k{writer}-{n}\":{n}}}");
                let request = pb::UpdateTaskRequest { metadata_json: key, ..update() };
                client.update_task(request).await.expect("an update");
                if writer == 0 {
                    let to = if n % 2 == 0 { "running" } else { "interrupted" };
                    client.transition("p", "t", to).await.expect(to);
                }
            }
        });
    }
    writers.join_all().await;
    let task = client.task("p", "t").await;
    let metadata: Value = serde_json::from_str(&task.metadata_json).expect("JSON");
    assert_eq!(metadata.as_object().expect("an object").len(), 80);
    assert_eq!((task.transitions.len(), task.status.as_str()), (8, "interrupted"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_move_a_task_at_once_one_does() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    for round in 0..rounds() {
        let task = format!("t{round}");
        client.new_task("p", &task).await;
        client.transition("p", &task, "running").await.expect("a move");
        let mut moves = JoinSet::new();
        for n in 0..10 {
            let (mut client, task) = (StorageClient::connect(&server).await, task.clone());
            let to = if n % 2 == 0 { "ci_failed" } else { "gh_failed" };
            moves.spawn(async move { (to, client.transition("p", &task, to).await) });
        }
        let moved = moves.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) = moved.into_iter().partition(|(_, it)| it.is_ok());
        assert_eq!(won.len(), 1, "{won:?}");
        assert_eq!(client.task("p", &task).await.status, won[0].0);
        for (_, refused) in lost {
            assert_eq!(reason(&refused.expect_err("refused")), "INVALID_TRANSITION");
        }
    }
}

/// The original: several in a quarter of the rounds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_four_creators_of_one_id_one_wins() {
    let server = Server::start();
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(StorageClient::connect(&server).await);
    }
    for round in 0..10 * rounds() {
        let task = format!("t{round}");
        let mut creations = JoinSet::new();
        for (n, client) in clients.iter().enumerate() {
            let (mut client, task) = (client.clone(), task.clone());
            creations.spawn(async move {
                let request = pb::CreateTaskRequest {
                    description: n.to_string(),
                    prompt: n.to_string(),
                    metadata_json: format!("{{\"creator\":{n}}}"),
                    ..task_of(&task, n + 1)
                };
                (n, client.create_task(request).await)
            });
        }
        let mut winners = Vec::new();
        for (n, created) in creations.join_all().await {
            match created {
                Ok(_) => winners.push(n),
                Err(refused) => assert_eq!(reason(&refused), "TASK_EXISTS", "{refused:?}"),
            }
        }
        assert_eq!(winners.len(), 1, "round {round}: {winners:?}");
        let made = clients[0].task("p", &task).await;
        let winner = winners[0].to_string();
        assert_eq!((&made.description, &made.prompt), (&winner, &winner), "all of it is one's");
        assert_eq!(made.steps.len(), winners[0] + 1);
        assert_eq!(made.metadata_json, format!("{{\"creator\":{winner}}}"));
    }
    assert!(files_in(&server.root().join(".callboard/staging")).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn creators_of_different_ids_do_not_disturb_each_other() {
    let server = Server::start();
    let mut creations = JoinSet::new();
    for n in 0..20 {
        let mut client = StorageClient::connect(&server).await;
        creations.spawn(async move {
            for round in 0..5 {
                let request = pb::CreateTaskRequest {
                    description: n.to_string(),
                    ..new_task("p", &format!("t{n}-{round}"))
                };
                client.create_task(request).await.expect("a task");
            }
        });
    }
    creations.join_all().await;
    let listed = StorageClient::connect(&server).await.tasks("p").await;
    assert_eq!(listed.len(), 100);
    for task in listed {
        assert!(task.task_id.starts_with(&format!("t{}-", task.description)), "{task:?}");
    }
}

#[tokio::test]
async fn a_create_that_fails_or_is_cancelled_never_removes_what_it_did_not_make() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let request = |task: &str| pb::CreateTaskRequest {
        description: "mine".into(),
        prompt: "mine".into(),
        depends_on: vec!["mine".into()],
        ..task_of(task, 3)
    };
    // It fails: there is a task, or a file of another program's in the way.
    client.create_task(request("made")).await.expect("a task");
    client.log("p", "made", &["{\"n\":1}"]).await.expect("appended");
    client.save(new_artifact("p", "made", "sub/a.txt", "x")).await.expect("saved");
    put(server.root(), "p/theirs/TASK.md", "theirs");
    put(server.root(), "p/theirs/notes/n.txt", "theirs");
    put(server.root(), "p/configured/TASK-CONFIG.yaml", "depends_on: [theirs]\n");
    let folder = server.root().join("p");
    let before = files_in(&folder);
    for task in ["made", "theirs", "configured"] {
        let refused = client.create_task(request(task)).await;
        assert_refused(refused, Code::AlreadyExists, "TASK_EXISTS", task);
        assert_eq!(files_in(&folder), before, "{task}");
    }
    // It is cancelled at any time: it is there as a whole or not at all.
    for n in 0..60_u64 {
        let task = format!("cancelled-{n}");
        if n % 2 == 0 {
            put(server.root(), &format!("p/{task}/notes.txt"), "theirs");
        }
        let patience = Duration::from_micros(40 * n);
        let _ = tokio::time::timeout(patience, client.create_task(request(&task))).await;
    }
    staging_is_empty(&server).await;
    // What the server had begun is done, or never will be.
    let made = async |client: &mut StorageClient| client.tasks("p").await.len();
    let mut count = made(&mut client).await;
    eventually("all that was begun is over", async || {
        let now = made(&mut client.clone()).await;
        std::mem::replace(&mut count, now) == now
    })
    .await;
    for n in 0..60_u64 {
        let task = format!("cancelled-{n}");
        if n % 2 == 0 {
            assert_eq!(text(&folder.join(&task).join("notes.txt")), "theirs");
        }
        let get = pb::GetTaskRequest { project_id: "p".into(), task_id: task.clone() };
        match client.get_task(get).await {
            Ok(answer) => {
                let task = answer.task.expect("the task");
                assert_eq!((task.prompt.as_str(), task.steps.len()), ("mine", 3));
                assert_eq!(task.depends_on, ["mine"]);
            }
            Err(refused) => {
                assert_eq!(reason(&refused), "TASK_NOT_FOUND");
                client.create_task(request(&task)).await.expect("its id is free");
            }
        }
    }
    let kept = |path: &str| folder.join(path).exists();
    assert!(before.iter().all(|path| kept(path)), "what was there is there");
}

/// A call that waits for the lock, or for its turn.
type Waiting = tokio::task::JoinHandle<(Result<(), Status>, Duration)>;

/// Those who want another document, another task, or to read, are not delayed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_held_lock_delays_writers_of_its_document_alone_and_is_a_timeout_with_its_holder() {
    let (server, mut client) = with_steps(2).await;
    client.create_task(task_of("other", 2)).await.expect("a task");
    client.log("p", "t", &["{\"n\":0}"]).await.expect("appended");
    let record = server.root().join(task_json("p", "t"));
    let log = server.root().join("p/t/task.log");
    let before = (text(&record), text(&log));
    let record_lock = processes::lock(&record);
    let log_lock = fs::OpenOptions::new().append(true).open(&log).expect("the log");
    Lock::lock_exclusive(&log_lock).expect("the lock");
    let began = Instant::now();
    let waiting: [(&str, Waiting); 4] = [
        ("task.json", {
            let mut client = client.clone();
            tokio::spawn(async move {
                (client.transition("p", "t", "running").await.map(drop), began.elapsed())
            })
        }),
        ("task.json", {
            let mut client = client.clone();
            tokio::spawn(async move {
                let saved = client.step(step_result("p", "t", 0, "completed")).await;
                (saved.map(drop), began.elapsed())
            })
        }),
        ("task.json", {
            let mut client = client.clone();
            tokio::spawn(async move {
                let request = pb::UpdateTaskRequest { description: "never".into(), ..update() };
                (client.update_task(request).await.map(drop), began.elapsed())
            })
        }),
        ("task.log", {
            let mut client = client.clone();
            tokio::spawn(async move {
                (client.log("p", "t", &["{\"never\":1}"]).await.map(drop), began.elapsed())
            })
        }),
    ];
    let (mut slowest, mut looks) = (Duration::ZERO, 0);
    while !waiting.iter().all(|(_, call)| call.is_finished()) {
        let look = Instant::now();
        let task = client.task("p", "t").await;
        assert_eq!((task.status.as_str(), task.step_results.len()), ("pending", 0));
        assert_eq!(client.tasks("p").await.len(), 2, "a locked task is listed");
        assert_eq!(client.read_log("p", "t").await.len(), 1);
        client.step(step_result("p", "other", 0, "completed")).await.expect("another record");
        client.log("p", "other", &["{\"n\":1}"]).await.expect("another log");
        client.save(new_artifact("p", "t", "a.txt", "x")).await.expect("no document");
        client.content("p", "t", "a.txt").await;
        let state = pb::SetTaskStateRequest {
            project_id: "p".into(),
            task_id: "t".into(),
            state_status: format!("look-{looks}"),
            ..Default::default()
        };
        client.set_task_state(state).await.expect("another document of the task");
        slowest = slowest.max(look.elapsed());
        looks += 1;
    }
    assert!(looks > 5 && slowest < Duration::from_secs(5), "{looks} looks, up to {slowest:?}");
    let holder = std::process::id().to_string();
    let mut holders = BTreeSet::new();
    for (document, call) in waiting {
        let (refused, after) = call.await.expect("no panic");
        assert!((9..20).contains(&after.as_secs()), "{document} after {after:?}");
        let status = refused.as_ref().expect_err("locked");
        if details(status).get("holder_pid") == Some(&holder) {
            holders.insert(document);
        }
        assert!(status.get_details_retry_info().is_some(), "{status:?}");
        // Whoever waits for his turn is told of the task, whose documents change together.
        assert_refused(refused, Code::Unavailable, "LOCK_TIMEOUT", "p/t");
    }
    assert_eq!(holders, BTreeSet::from(["task.json", "task.log"]));
    assert_eq!((text(&record), text(&log)), before, "nothing was written");
    drop((record_lock, log_lock));
    client.transition("p", "t", "running").await.expect("it is free again");
    client.log("p", "t", &["{\"n\":1}"]).await.expect("it is free again");
}

/// The original fails a quarter of such deletes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delete_that_races_three_appenders_leaves_no_half_folder() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_task("p", "stays").await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(StorageClient::connect(&server).await);
    }
    for round in 0..10 * rounds() {
        let task = format!("t{round}");
        client.create_task(task_of(&task, 1)).await.expect("a task");
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let mut appenders = JoinSet::new();
        for (kind, client) in clients.iter().enumerate() {
            let (mut client, task) = (client.clone(), task.clone());
            let acknowledged = Arc::clone(&acknowledged);
            appenders.spawn(async move {
                for n in 0.. {
                    let appended = match kind {
                        0 => client.log("p", &task, &["{\"n\":1}"]).await.map(drop),
                        1 => {
                            let name = format!("sub/{n}.txt");
                            client.save(new_artifact("p", &task, &name, "x")).await.map(drop)
                        }
                        _ => client.step(step_result("p", &task, 0, "failed")).await.map(drop),
                    };
                    match appended {
                        Ok(()) => drop(acknowledged.fetch_add(1, Ordering::SeqCst)),
                        Err(refused) => return (kind, reason(&refused)),
                    }
                }
                unreachable!("the task is deleted")
            });
        }
        let enough = round % 10;
        eventually("some were appended", async || acknowledged.load(Ordering::SeqCst) >= enough)
            .await;
        let delete = pb::DeleteTaskRequest {
            project_id: "p".into(),
            task_id: task.clone(),
            ..Default::default()
        };
        let deleted = client.delete_task(delete).await;
        assert!(deleted.as_ref().is_ok_and(|it| it.existed), "round {round}: {deleted:?}");
        for (kind, refusal) in appenders.join_all().await {
            assert_eq!(refusal, "TASK_NOT_FOUND", "round {round}, appender {kind}");
        }
        let folder = server.root().join("p").join(&task);
        assert!(!folder.exists(), "round {round} left {:?}", files_in(&folder));
    }
    let listed: Vec<_> = client.tasks("p").await.into_iter().map(|task| task.task_id).collect();
    assert_eq!(listed, ["stays"]);
    staging_is_empty(&server).await;
    let trash = server.root().join(".callboard/trash");
    eventually("the trash is emptied", async || files_in(&trash).is_empty()).await;
}
