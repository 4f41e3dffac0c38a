//! Lists of facts: newest first, by time, by run, page by page.

use std::sync::Arc;

use callboard::clock::SystemClock;
use callboard::domain::{Fact, FactScope, ProjectId};
use callboard::files::Files;
use callboard::grpc::pb;
use callboard::store::{FactPosition, FactQuery, Facts as _, Page};
use tonic::Code;

use super::{file, ids, of, put, time, with_task};
use crate::client::assert_refused;
use crate::storage_client::new_fact;
use crate::storage_faults::step_disk::{StepDisk, Steps};

fn written(created_at: &str, run: &str) -> String {
    format!("---\ncreated_at: {created_at}\nscope: project\nrun_id: {run}\ntitle: x\n---\n\nbody\n")
}

#[tokio::test]
async fn facts_are_listed_newest_first_and_those_of_one_instant_by_falling_ids() {
    let (server, mut client) = with_task().await;
    for (id, at) in [
        ("FACT-b", "2026-01-02T00:00:00Z"),
        ("FACT-d", "2026-01-01T00:00:00Z"),
        ("FACT-a", "2026-01-03T00:00:00Z"),
        ("FACT-c", "2026-01-02T02:00:00+02:00"),
        ("FACT-e", "2026-01-02T00:00:00.000000001Z"),
    ] {
        put(&server, "", id, written(at, ""));
    }
    assert_eq!(
        ids(&client.facts(of("")).await),
        ["FACT-a", "FACT-e", "FACT-c", "FACT-b", "FACT-d"]
    );
    for n in 0..5 {
        client.fact("p", "t", &n.to_string()).await;
    }
    let titles: Vec<_> = client.facts(of("t")).await.into_iter().map(|fact| fact.title).collect();
    assert_eq!(titles, ["4", "3", "2", "1", "0"]);
}

#[tokio::test]
async fn facts_are_filtered_by_time_and_run() {
    let (server, mut client) = with_task().await;
    for (id, day, run) in
        [("FACT-1", 1, "r"), ("FACT-2", 2, "s"), ("FACT-3", 3, "r"), ("FACT-4", 4, "''")]
    {
        put(&server, "", id, written(&format!("2026-01-0{day}T00:00:00Z"), run));
    }
    // Of this one nobody can say whose it is, only when it was written: its name says.
    put(&server, "", "FACT-20260105-000000-damaged", "---\n");
    let damaged = "FACT-20260105-000000-damaged";
    let cases = [
        (None, None, "", vec![damaged, "FACT-4", "FACT-3", "FACT-2", "FACT-1"]),
        (None, None, "r", vec!["FACT-3", "FACT-1"]),
        (None, None, "nobody", vec![]),
        (time("2026-01-02T00:00:00Z"), None, "", vec![damaged, "FACT-4", "FACT-3", "FACT-2"]),
        (None, time("2026-01-03T00:00:00Z"), "", vec!["FACT-2", "FACT-1"]),
        (time("2026-01-02T00:00:00Z"), time("2026-01-04T00:00:00Z"), "", vec!["FACT-3", "FACT-2"]),
        (time("2026-01-02T00:00:00Z"), None, "r", vec!["FACT-3"]),
        (time("2026-01-05T00:00:01Z"), None, "", vec![]),
        (time("2026-01-03T00:00:00Z"), time("2026-01-02T00:00:00Z"), "", vec![]),
    ];
    for (since_time, until_time, run_id, expected) in cases {
        let request =
            pb::ListFactsRequest { since_time, until_time, run_id: run_id.into(), ..of("") };
        assert_eq!(ids(&client.facts(request.clone()).await), expected, "{request:?}");
    }
}

#[tokio::test]
async fn every_page_size_gives_each_fact_once_in_order() {
    let (server, mut client) = with_task().await;
    for n in 0..13 {
        // Several of one instant, and two that are damaged.
        let at = format!("2026-01-{:02}T00:00:00Z", 1 + n / 3);
        put(&server, "", &format!("FACT-{n:02}"), written(&at, ""));
    }
    put(&server, "", "FACT-20260103-000000-x", "damaged");
    put(&server, "", "FACT-20260103-000000-y", "damaged");
    let all = client.facts(pb::ListFactsRequest { page_size: 1000, ..of("") }).await;
    assert_eq!(all.len(), 15);
    for size in 1..=16 {
        for with_bodies in [false, true] {
            let mut request = pb::ListFactsRequest { page_size: size, with_bodies, ..of("") };
            let mut seen = Vec::new();
            loop {
                let page = client.list_facts(request.clone()).await.expect("a page");
                assert!(page.facts.len() <= usize::try_from(size).expect("a size"));
                seen.extend(page.facts);
                request.page_token = page.next_page_token;
                if request.page_token.is_empty() {
                    break;
                }
            }
            assert_eq!(ids(&seen), ids(&all), "{size} on a page");
            let bodies = seen.iter().filter(|fact| fact.body == "body").count();
            assert_eq!(bodies, if with_bodies { 13 } else { 0 });
        }
    }
    let refused =
        client.list_facts(pb::ListFactsRequest { page_token: "x".into(), ..of("") }).await;
    assert_refused(refused, Code::InvalidArgument, "INVALID_PAGE_TOKEN", "");
    let refused = client.list_facts(pb::ListFactsRequest { page_size: -1, ..of("") }).await;
    assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "page_size");
}

#[tokio::test]
async fn a_page_goes_on_where_it_ended_whatever_came_and_went_meanwhile() {
    let (server, mut client) = with_task().await;
    for day in 1..=9 {
        let at = format!("2026-01-0{day}T00:00:00Z");
        put(&server, "", &format!("FACT-{day}"), written(&at, ""));
    }
    let request = pb::ListFactsRequest { page_size: 3, ..of("") };
    let first = client.list_facts(request.clone()).await.expect("a page");
    assert_eq!(ids(&first.facts), ["FACT-9", "FACT-8", "FACT-7"]);
    // The last of the page, the next one, and one that is newer than all.
    std::fs::remove_file(file(&server, "", "FACT-7")).expect("removed");
    std::fs::remove_file(file(&server, "", "FACT-6")).expect("removed");
    client.fact("p", "", "new").await;
    let token = first.next_page_token;
    let second = client.list_facts(pb::ListFactsRequest { page_token: token, ..request }).await;
    assert_eq!(ids(&second.expect("a page").facts), ["FACT-5", "FACT-4", "FACT-3"]);
}

#[tokio::test]
async fn bodies_come_when_asked_for_and_a_page_ends_where_the_answer_is_full() {
    let (_server, mut client) = with_task().await;
    for n in 0..8 {
        let body = n.to_string().repeat(1 << 20);
        let request = pb::AppendFactRequest { body, ..new_fact("p", "t", &n.to_string()) };
        client.append_fact(request).await.expect("a fact");
    }
    let without = client.list_facts(of("t")).await.expect("a page");
    assert_eq!((without.facts.len(), without.next_page_token.as_str()), (8, ""));
    assert!(without.facts.iter().all(|fact| fact.body.is_empty()));
    let mut request = pb::ListFactsRequest { with_bodies: true, ..of("t") };
    let (mut pages, mut seen) = (0, Vec::new());
    loop {
        let page = client.list_facts(request.clone()).await.expect("a page that fits");
        pages += 1;
        for fact in page.facts {
            assert_eq!(fact.body, fact.title.repeat(1 << 20));
            seen.push(fact.title);
        }
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, ["7", "6", "5", "4", "3", "2", "1", "0"]);
    assert!(pages >= 4, "{pages} pages");
}

/// A backend with a project of which other programs wrote facts down.
struct Backend {
    folder: tempfile::TempDir,
    steps: Arc<Steps>,
    files: Files,
}

impl Backend {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("p")).expect("a project");
        let steps = Arc::<Steps>::default();
        let disk = StepDisk::open(folder.path(), &steps);
        let files = Files::open(disk, Arc::new(SystemClock), 1).expect("the root is free");
        Self { folder, steps, files }
    }

    fn put(&self, fact_id: &str, content: &str) {
        let path = self.folder.path().join(format!("p/{fact_id}.md"));
        std::fs::write(path, content).expect("written");
    }

    async fn list(&self, with_bodies: bool, after: Option<FactPosition>) -> Page<Fact> {
        let query = FactQuery {
            scope: FactScope::Project(ProjectId::parse("p").expect("an id")),
            run_id: String::new(),
            since: None,
            until: None,
            with_bodies,
            after,
            limit: 1000,
        };
        self.files.list_facts(query).await.expect("a page")
    }
}

/// Not all of them are read to be cut off again.
#[tokio::test]
async fn no_page_holds_many_more_bodies_than_an_answer_does() {
    let backend = Backend::start();
    let mut expected = Vec::new();
    for n in 0..40 {
        let id = format!("FACT-{n:02}");
        backend.put(&id, &format!("---\ntitle: {n}\n---\n\n{}\n", "x".repeat(1 << 20)));
        expected.push(id);
    }
    let (mut pages, mut seen, mut after) = (0, Vec::new(), None);
    loop {
        let page = backend.list(true, after).await;
        let bytes: usize = page.items.iter().map(|fact| fact.text.body.len()).sum();
        assert!(bytes <= (4 << 20) + (64 << 10), "{bytes} bytes");
        assert!(page.items.iter().all(|fact| fact.text.body.len() >= 1 << 20));
        pages += 1;
        let last = page.items.last().expect("each page has facts");
        after = Some(FactPosition { created_at: last.text.created_at, id: last.id.clone() });
        seen.extend(page.items.iter().map(|fact| fact.id.to_string()));
        if !page.more {
            break;
        }
    }
    seen.sort();
    assert_eq!(seen, expected, "each once");
    assert!(pages >= 10, "{pages} pages");
}

#[tokio::test]
async fn a_list_without_bodies_reads_a_fact_once_until_it_changes() {
    let backend = Backend::start();
    for n in 0..10 {
        backend.put(&format!("FACT-{n}"), &written("2026-01-01T00:00:00Z", "r"));
    }
    backend.steps.documents_read();
    assert_eq!(backend.list(false, None).await.items.len(), 10);
    assert!(backend.steps.documents_read() >= 10, "each is read once");
    for _ in 0..3 {
        let listed = backend.list(false, None).await.items;
        assert!(listed.len() == 10 && listed.iter().all(|fact| fact.text.body.is_empty()));
        assert_eq!(backend.steps.documents_read(), 0, "nothing has changed");
    }
    backend.put("FACT-3", &written("2026-01-02T00:00:00Z", "another"));
    assert_eq!(backend.list(false, None).await.items[0].text.run_id, "another");
    assert_eq!(backend.steps.documents_read(), 1);
    let whole = backend.list(true, None).await.items;
    assert!(whole.iter().all(|fact| fact.text.body.contains("body")));
    assert_eq!(backend.steps.documents_read(), 10);
}
