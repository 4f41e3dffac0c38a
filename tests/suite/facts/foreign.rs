//! Facts of other programs, damaged ones, and what is no fact.

use std::fs;
use std::os::unix::fs::symlink;

use tonic::Code;

use super::{get, ids, of, put, time, with_task};
use crate::client::assert_refused;

#[tokio::test]
async fn a_fact_of_another_program_is_read_whatever_its_front_matter_says() {
    let (server, mut client) = with_task().await;
    put(
        &server,
        "",
        "FACT-20260101-120000-x",
        "---\ntype: FACT\ntags: [a, {b: c}]\ncreated: yesterday\ntitle: 007\n---\n# Text\n",
    );
    let fact = get(&mut client, "", "FACT-20260101-120000-x").await.expect("the fact");
    assert_eq!((fact.name.as_str(), fact.title.as_str()), ("x", "007"));
    assert_eq!((fact.body.as_str(), fact.problem.as_str()), ("# Text", ""));
    assert_eq!(fact.created_at, time("2026-01-01T12:00:00Z"), "as its name says");
    let dos = "\u{feff}---\r\ntitle: dos\r\ncreated_at: 2026-01-02T01:00:00+01:00\r\n---\r\n\r\na\r\nb\r\n";
    put(&server, "t", "TASK-FACTS-dos", dos);
    let fact = get(&mut client, "t", "TASK-FACTS-dos").await.expect("the fact");
    assert_eq!((fact.title.as_str(), fact.body.as_str()), ("dos", "a\r\nb"));
    assert_eq!(fact.created_at, time("2026-01-02T00:00:00Z"));
    // A title may be missing, and so may all the rest.
    put(&server, "", "FACT-bare", "---\n{}\n---\n");
    put(&server, "", "FACT-empty", "---\n---\nonly a body");
    for (id, body) in [("FACT-bare", ""), ("FACT-empty", "only a body")] {
        let fact = get(&mut client, "", id).await.expect("the fact");
        assert_eq!((fact.title.as_str(), fact.body.as_str(), fact.run_id.as_str()), ("", body, ""));
        assert!(fact.created_at.is_some(), "the time of its file");
    }
    assert_eq!(client.facts(of("")).await.len(), 3);
}

#[tokio::test]
async fn broken_facts_are_listed_as_damaged_between_their_neighbours_and_refused_alone() {
    let (server, mut client) = with_task().await;
    let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let damaged: [(&str, Vec<u8>); 10] = [
        ("FACT-binary", b"\x7fELF\0\xff\xfe\0".to_vec()),
        ("FACT-empty", Vec::new()),
        ("FACT-latin-1", b"---\ntitle: caf\xe9\n---\n".to_vec()),
        ("FACT-list", b"---\n- a\n---\n".to_vec()),
        ("FACT-no-end", b"---\ntitle: x\n".to_vec()),
        ("FACT-no-front-matter", b"# Title\n".to_vec()),
        ("FACT-time", b"---\ncreated_at: soon\n---\n".to_vec()),
        ("FACT-title", b"---\ntitle: [a]\n---\n".to_vec()),
        ("FACT-utf-16", utf_16("---\ntitle: x\n---\n\nbody\n")),
        ("FACT-yaml", b"---\ntitle: [\n---\n".to_vec()),
    ];
    for (id, bytes) in &damaged {
        put(&server, "", id, bytes);
    }
    let good = client.fact("p", "", "good").await;
    let listed = client.facts(of("")).await;
    assert_eq!(listed.len(), damaged.len() + 1);
    for (id, bytes) in damaged {
        let fact = listed.iter().find(|fact| fact.fact_id == id).expect(id);
        let path = format!("p/{id}.md");
        assert!(fact.problem.contains(&path) && fact.problem.contains("line"), "{fact:?}");
        assert_eq!((fact.title.as_str(), fact.body.as_str(), fact.etag.as_str()), ("", "", ""));
        let refused = get(&mut client, "", id).await;
        assert_refused(refused, Code::DataLoss, "CORRUPT_DOCUMENT", &path);
        assert_eq!(fs::read(super::file(&server, "", id)).expect("the file"), bytes);
    }
    let shown = listed.iter().find(|fact| fact.fact_id == good.fact_id);
    assert_eq!(shown, Some(&good));
}

#[tokio::test]
async fn what_is_no_fact_is_passed_over_and_a_symlink_is_never_followed() {
    let (server, mut client) = with_task().await;
    let outside = tempfile::tempdir().expect("a folder");
    let secret = outside.path().join("secret.md");
    fs::write(&secret, "---\ntitle: secret\n---\n").expect("written");
    symlink(&secret, super::file(&server, "", "FACT-linked")).expect("a link");
    fs::create_dir(super::file(&server, "", "FACT-folder")).expect("a folder");
    for name in ["FACT-.md", "FACT-x.txt", "fact-x.md", "NOTE.md", ".FACT-x.md", "FACT-a.md.tmp"] {
        fs::write(server.root().join("p").join(name), "---\ntitle: no\n---\n").expect("written");
    }
    put(&server, "", "TASK-FACTS-1", "---\ntitle: of no task\n---\n");
    put(&server, "t", "FACT-1", "---\ntitle: of no project\n---\n");
    let good = client.fact("p", "", "good").await;
    let listed = client.facts(of("")).await;
    let mut seen = ids(&listed);
    seen.sort_unstable();
    let mut expected = vec![good.fact_id.as_str(), "FACT-folder", "FACT-linked"];
    expected.sort_unstable();
    assert_eq!(seen, expected);
    assert!(!format!("{listed:?}").contains("secret"));
    for id in ["FACT-folder", "FACT-linked"] {
        let shown = listed.iter().find(|fact| fact.fact_id == id).expect(id);
        assert!(shown.problem.contains(id), "{shown:?}");
        let refused = get(&mut client, "", id).await;
        assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", id);
    }
    assert!(client.facts(of("t")).await.is_empty());
    assert_eq!(client.tasks("p").await.len(), 1, "a folder that is named like a fact is no task");
}

#[tokio::test]
async fn facts_go_with_what_they_are_about() {
    let (server, mut client) = with_task().await;
    client.fact("p", "t", "of the task").await;
    let kept = client.fact("p", "", "of the project").await;
    let delete = callboard::grpc::pb::DeleteTaskRequest {
        project_id: "p".into(),
        task_id: "t".into(),
        ..Default::default()
    };
    client.delete_task(delete).await.expect("deleted");
    let refused = client.list_facts(of("t")).await;
    assert_refused(refused, Code::NotFound, "TASK_NOT_FOUND", "p/t");
    assert_eq!(client.facts(of("")).await, [kept]);
    // A project that holds a fact is not empty.
    let delete =
        callboard::grpc::pb::DeleteProjectRequest { project_id: "p".into(), ..Default::default() };
    let refused = client.delete_project(delete.clone()).await;
    assert_refused(refused, Code::FailedPrecondition, "NOT_EMPTY", "p");
    let forced = callboard::grpc::pb::DeleteProjectRequest { force: true, ..delete };
    client.delete_project(forced).await.expect("deleted");
    assert!(!server.root().join("p").exists());
}

#[tokio::test]
async fn an_id_that_no_file_can_have_is_not_found() {
    let (_server, mut client) = with_task().await;
    for scope in ["", "t"] {
        let prefix = if scope.is_empty() { "FACT-" } else { "TASK-FACTS-" };
        // With its ending each is longer than any name.
        for bytes in [253, 254, 255] {
            let id = format!("{prefix}{}", "x".repeat(bytes - prefix.len()));
            let refused = get(&mut client, scope, &id).await;
            assert_refused(refused, Code::NotFound, "FACT_NOT_FOUND", "x");
        }
    }
}
