//! Titles and bodies of every kind come back as they were given.

use std::sync::Arc;

use callboard::clock::SystemClock;
use callboard::disk::OsDisk;
use callboard::domain::{FactScope, HomeFolders, ProjectId};
use callboard::files::Files;
use callboard::grpc::pb;
use callboard::store::{FactQuery, Facts as _, NewFact, NewProject, Projects as _};
use proptest::prelude::*;

use super::{get, of, with_task};
use crate::storage_client::new_fact;

#[tokio::test]
async fn a_body_of_every_kind_comes_back_byte_for_byte() {
    let (_server, mut client) = with_task().await;
    let bodies = [
        "",
        "\n",
        "\n\n\n",
        " x ",
        "x\n",
        "x\r",
        "x\r\n",
        "\r\n",
        "---\n",
        "---\ntitle: no\n---\n",
        "\u{feff}x",
        "\0\u{1}\u{7f}",
        "a\u{2028}b\u{85}c",
        "é😀\u{fffd}",
        "- [ ] a\n\t- b",
    ];
    let large = "€\n".repeat(1 << 18);
    for task in ["", "t"] {
        for body in bodies.into_iter().chain([large.as_str()]) {
            let request = pb::AppendFactRequest { body: body.into(), ..new_fact("p", task, "x") };
            let fact = client.append_fact(request).await.expect("a fact").fact.expect("the fact");
            let got = get(&mut client, task, &fact.fact_id).await.expect("the fact");
            assert!(got.body == body, "{:?}", body.get(..40));
        }
        let request = pb::ListFactsRequest { with_bodies: true, page_size: 1000, ..of(task) };
        let listed: Vec<_> =
            client.facts(request).await.into_iter().map(|fact| fact.body).rev().collect();
        let all: Vec<_> = bodies.into_iter().chain([large.as_str()]).collect();
        assert!(listed == all, "{} bodies", listed.len());
    }
}

#[tokio::test]
async fn a_title_of_every_kind_comes_back_and_is_no_yaml_of_its_own() {
    let (_server, mut client) = with_task().await;
    let titles = [
        "yes",
        "null",
        "~",
        "007",
        "1e3",
        "0x10",
        "2026-01-01",
        "1:20",
        "- a",
        "[a]",
        "{a: b}",
        "a: b",
        "a #b",
        "'x'",
        "\"x\"",
        "&a",
        "*a",
        "!tag",
        "%x",
        "@x",
        "|",
        ">",
        "---",
        "...",
        " lead",
        "trail ",
        "é😀",
        "\\n",
        "<<",
        "=",
        "?",
    ];
    for title in titles {
        let fact = client.fact("p", "t", title).await;
        assert_eq!(fact.title, title);
        let got = get(&mut client, "t", &fact.fact_id).await.expect("the fact");
        assert_eq!((got.title.as_str(), got.body.as_str()), (title, ""));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_title_and_any_body_come_back_as_they_were_given(
        title in "[^\\x00-\\x1f\\x7f-\\x9f\u{2028}\u{2029}]{1,20}",
        bodies in proptest::collection::vec(prop_oneof![any::<String>(), "(\r|\n|---|a|é| ){0,12}"], 1..4),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = OsDisk::open_root(folder.path()).expect("the root");
        let files = Files::open(Arc::new(disk), Arc::new(SystemClock), 1).expect("it is free");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let project = ProjectId::parse("p").expect("an id");
            let new = NewProject { id: project.clone(), home_folders: HomeFolders::default() };
            files.create_project(new, None).await.expect("a project");
            let scope = FactScope::Project(project);
            for body in &bodies {
                let new = NewFact {
                    scope: scope.clone(),
                    name: String::new(),
                    title: title.clone(),
                    run_id: String::new(),
                    body: body.clone(),
                };
                let made = files.append_fact(new, None).await.expect("a fact").item;
                let fact = files.fact(scope.clone(), made.id).await.expect("the fact");
                assert_eq!((&fact.text.title, &fact.text.body), (&title, body));
            }
            let query = FactQuery {
                scope,
                run_id: String::new(),
                since: None,
                until: None,
                with_bodies: true,
                after: None,
                limit: 10,
            };
            let listed = files.list_facts(query).await.expect("a list").items;
            assert!(listed.iter().all(|fact| fact.problem.is_none()));
            assert_eq!(listed.len(), bodies.len());
        });
    }
}
