//! Writing facts down.

use std::fs;

use callboard::grpc::pb;
use tokio::task::JoinSet;
use tonic::Code;

use super::{file, get, ids, of, text, with_task};
use crate::client::assert_refused;
use crate::run_files::listing;
use crate::server::Server;
use crate::storage_client::{StorageClient, new_fact};

#[tokio::test]
async fn a_fact_about_a_project_is_a_file_with_front_matter_and_its_body() {
    let (server, mut client) = with_task().await;
    let request = pb::AppendFactRequest {
        name: "the-api".into(),
        run_id: "run-1".into(),
        body: "# It\n\nis so.".into(),
        ..new_fact("p", "", "Yes: it's so")
    };
    let answer = client.append_fact(request.clone()).await.expect("a fact");
    assert!(!answer.duplicate);
    let fact = answer.fact.expect("the fact");
    assert_eq!((fact.project_id.as_str(), fact.task_id.as_str()), ("p", ""));
    assert!(fact.fact_id.starts_with("FACT-2") && fact.fact_id.ends_with("-the-api"), "{fact:?}");
    assert_eq!((fact.name.as_str(), fact.title.as_str()), ("the-api", "Yes: it's so"));
    assert_eq!((fact.run_id.as_str(), fact.body.as_str()), ("run-1", ""));
    assert!(fact.created_at.is_some() && !fact.etag.is_empty() && fact.problem.is_empty());
    let created_at = fact.created_at.expect("a time").to_string();
    let written = text(&file(&server, "", &fact.fact_id));
    let (first, rest) = written.split_once("scope: ").expect("a scope");
    assert!(first.starts_with("---\ncreated_at: 2") && first.ends_with("Z\n"), "{written}");
    assert!(first.contains(created_at.trim_end_matches(['0', 'Z'])), "{written} {created_at}");
    let expected = "project\nrun_id: run-1\ntitle: 'Yes: it''s so'\n---\n\n# It\n\nis so.\n";
    assert_eq!(rest, expected);
    let got = get(&mut client, "", &fact.fact_id).await.expect("the fact");
    assert_eq!(got, pb::Fact { body: request.body, ..fact });
}

#[tokio::test]
async fn a_fact_about_a_task_lies_in_its_folder_and_keeps_its_name_inside() {
    let (server, mut client) = with_task().await;
    let request =
        pb::AppendFactRequest { name: "cache".into(), ..new_fact("p", "t", "it is cached") };
    let fact = client.append_fact(request).await.expect("a fact").fact.expect("the fact");
    assert!(fact.fact_id.starts_with("TASK-FACTS-2"), "{fact:?}");
    assert_eq!((fact.task_id.as_str(), fact.name.as_str()), ("t", "cache"));
    let written = text(&file(&server, "t", &fact.fact_id));
    assert!(
        written.ends_with("scope: task\ntitle: it is cached\nname: cache\n---\n\n\n"),
        "{written}"
    );
    let nameless = client.fact("p", "t", "nameless").await;
    assert_eq!(nameless.name, "");
    assert!(!text(&file(&server, "t", &nameless.fact_id)).contains("name:"));
    assert_eq!(get(&mut client, "t", &fact.fact_id).await.expect("the fact"), fact);
    // Neither is a fact of the other.
    let refused = get(&mut client, "", &fact.fact_id).await;
    assert_refused(refused, Code::NotFound, "FACT_NOT_FOUND", &fact.fact_id);
    assert!(client.facts(of("")).await.is_empty());
}

#[tokio::test]
async fn without_a_name_a_fact_about_a_project_is_named_after_its_title() {
    let (_server, mut client) = with_task().await;
    let fact = client.fact("p", "", "The Build needs protoc!").await;
    assert!(fact.fact_id.ends_with("-the-build-needs-protoc"), "{fact:?}");
    assert_eq!(fact.name, "the-build-needs-protoc");
    // Of a title that gives no name one is made up.
    let fact = client.fact("p", "", "日本語").await;
    let name = fact.fact_id.rsplit('-').next().expect("a name");
    assert!(name.len() == 6 && name.bytes().all(|c| c.is_ascii_alphanumeric()), "{fact:?}");
    assert_eq!(get(&mut client, "", &fact.fact_id).await.expect("the fact").title, "日本語");
}

#[tokio::test]
async fn bad_facts_are_refused_with_their_reason_and_nothing_is_written() {
    let (server, mut client) = with_task().await;
    let before = listing(server.root());
    let good = new_fact("p", "", "x");
    let long = "x".repeat(1025);
    let cases = [
        (pb::AppendFactRequest { title: String::new(), ..good.clone() }, "REQUIRED_FIELD", "title"),
        (pb::AppendFactRequest { title: " \t".into(), ..good.clone() }, "REQUIRED_FIELD", "title"),
        (pb::AppendFactRequest { title: "a\nb".into(), ..good.clone() }, "INVALID_FIELD", "title"),
        (pb::AppendFactRequest { title: "a\0".into(), ..good.clone() }, "INVALID_FIELD", "title"),
        (
            pb::AppendFactRequest { title: long, ..good.clone() },
            "TOO_LARGE",
            "FACT_TITLE_BYTES_MAX",
        ),
        (pb::AppendFactRequest { name: "a b".into(), ..good.clone() }, "INVALID_ID", "name"),
        (pb::AppendFactRequest { name: "x.tmp".into(), ..good.clone() }, "INVALID_ID", "name"),
        (
            pb::AppendFactRequest { run_id: "../x".into(), ..good.clone() },
            "PATH_TRAVERSAL",
            "run_id",
        ),
        (
            pb::AppendFactRequest { body: "x".repeat((1 << 20) + 1), ..good.clone() },
            "TOO_LARGE",
            "FACT_BODY_BYTES_MAX",
        ),
        (pb::AppendFactRequest { project_id: String::new(), ..good.clone() }, "REQUIRED_FIELD", ""),
    ];
    for (request, expected, word) in cases {
        let refused = client.append_fact(request).await;
        assert_refused(refused, Code::InvalidArgument, expected, word);
    }
    let climbing = pb::AppendFactRequest { name: "../../x".into(), ..good.clone() };
    let refused = client.append_fact(climbing).await.expect_err("it climbs out");
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
    let refused = client.append_fact(new_fact("q", "", "x")).await;
    assert_refused(refused, Code::NotFound, "PROJECT_NOT_FOUND", "q");
    let refused = client.append_fact(new_fact("p", "u", "x")).await;
    assert_refused(refused, Code::NotFound, "TASK_NOT_FOUND", "p/u");
    let refused = client.list_facts(of("u")).await;
    assert_refused(refused, Code::NotFound, "TASK_NOT_FOUND", "p/u");
    for id in ["FACT-1", "TASK-FACTS-1", "task", "home-folders"] {
        let refused = get(&mut client, "", id).await;
        assert_refused(refused, Code::NotFound, "FACT_NOT_FOUND", id);
    }
    let refused = get(&mut client, "", "../p/FACT-1").await;
    assert_refused(refused, Code::InvalidArgument, "PATH_TRAVERSAL", "fact_id");
    assert_eq!(listing(server.root()), before);
}

#[tokio::test]
async fn a_repeated_request_writes_one_fact_also_after_a_crash() {
    let (mut server, mut client) = with_task().await;
    for task in ["", "t"] {
        let request = pb::AppendFactRequest {
            request_id: format!("once-{task}"),
            body: "why".into(),
            ..new_fact("p", task, "once")
        };
        let first = client.append_fact(request.clone()).await.expect("a fact");
        assert!(!first.duplicate);
        for _ in 0..3 {
            let again = client.append_fact(request.clone()).await.expect("a repetition");
            assert_eq!(again, pb::AppendFactResponse { duplicate: true, ..first.clone() });
            server.restart();
            client = StorageClient::connect(&server).await;
        }
        assert_eq!(client.facts(of(task)).await.len(), 1);
        for other in [
            pb::AppendFactRequest { body: "other".into(), ..request.clone() },
            pb::AppendFactRequest { title: "other".into(), ..request.clone() },
            pb::AppendFactRequest { run_id: "other".into(), ..request.clone() },
        ] {
            let refused = client.append_fact(other).await;
            assert_refused(refused, Code::AlreadyExists, "REQUEST_ID_REUSED", "once");
        }
        // One that was removed since is not written again.
        let fact_id = first.fact.expect("the fact").fact_id;
        fs::remove_file(file(&server, task, &fact_id)).expect("removed");
        let refused = client.append_fact(request.clone()).await;
        assert_refused(refused, Code::AlreadyExists, "REQUEST_ID_REUSED", "once");
        let plain = pb::AppendFactRequest { request_id: String::new(), ..request };
        client.append_fact(plain.clone()).await.expect("a fact");
        client.append_fact(plain).await.expect("another, of the same text");
        assert_eq!(client.facts(of(task)).await.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facts_of_many_at_once_are_all_there_and_repetitions_at_once_once() {
    let (server, mut client) = with_task().await;
    let mut writers = JoinSet::new();
    for _ in 0..16 {
        let mut client = StorageClient::connect(&server).await;
        writers.spawn(async move {
            let mut made = Vec::new();
            for n in 0..10 {
                let task = if n % 2 == 0 { "" } else { "t" };
                // The same name each time: the stamp alone tells them apart.
                made.push(client.fact("p", task, "same").await.fact_id);
                let request = pb::AppendFactRequest {
                    request_id: format!("shared-{n}"),
                    ..new_fact("p", task, &format!("shared {n}"))
                };
                client.append_fact(request).await.expect("a fact");
            }
            made
        });
    }
    let mut made: Vec<String> = writers.join_all().await.into_iter().flatten().collect();
    made.sort();
    made.dedup();
    assert_eq!(made.len(), 160);
    let mut facts = client.facts(of("")).await;
    facts.extend(client.facts(of("t")).await);
    assert_eq!(facts.len(), 170, "ten of them are of all writers");
    assert!(made.iter().all(|id| ids(&facts).contains(&id.as_str())));
}

#[tokio::test]
async fn a_project_that_exists_only_by_a_message_takes_facts() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    let mut bus = crate::client::Client::connect(&server).await;
    bus.append(crate::client::message("p", "", "hello")).await;
    let fact = client.fact("p", "", "x").await;
    assert_eq!(get(&mut client, "", &fact.fact_id).await.expect("the fact"), fact);
}
