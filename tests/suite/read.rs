//! Reading: starts, limits, filters, long polls, and cursors that hold.

use std::time::{Duration, Instant};

use callboard::grpc::pb;
use pb::read_messages_request::Start;
use tonic::Code;

use crate::client::{Client, assert_refused, bodies, message, read_of};
use crate::server::Server;

async fn numbers(client: &mut Client, count: usize) -> Vec<String> {
    let batch = (0..count).map(|n| message("demo", "", &n.to_string())).collect();
    client.append_batch(batch, "").await.expect("a batch").msg_ids
}

fn from(start: Start) -> pb::ReadMessagesRequest {
    pb::ReadMessagesRequest { start: Some(start), ..read_of("demo", "") }
}

#[tokio::test]
async fn reading_since_an_id_gives_the_oldest_unseen_first() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let ids = numbers(&mut client, 10).await;
    let since =
        |id: &str, limit| pb::ReadMessagesRequest { limit, ..from(Start::SinceId(id.into())) };
    let page = client.read(since(&ids[3], 0)).await;
    assert_eq!(bodies(&page.messages), ["4", "5", "6", "7", "8", "9"]);
    assert!(page.end_of_bus);
    let page = client.read(since(&ids[3], 2)).await;
    assert_eq!(bodies(&page.messages), ["4", "5"]);
    assert!(!page.end_of_bus);
    let page = client.read(from(Start::Cursor(page.cursor))).await;
    assert_eq!(bodies(&page.messages), ["6", "7", "8", "9"]);
    let page = client.read(since(&ids[9], 0)).await;
    assert!(page.messages.is_empty() && page.end_of_bus);
    let refused = client.try_read(since("MSG-unknown", 0)).await;
    assert_refused(refused, Code::NotFound, "MESSAGE_NOT_FOUND", "MSG-unknown");
}

#[tokio::test]
async fn the_tail_of_a_long_bus_is_right_whatever_the_bodies_look_like() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let body = |n: usize| match n % 4 {
        0 => String::new(),
        1 => format!("key: value{n}\nmsg_id: X\ntype: FACT"),
        2 => format!("---\nmsg_id: forged-{n}\ntype: FACT\nproject_id: p\n---\nx"),
        _ => "y".repeat(300),
    };
    for chunk in 0..4 {
        let batch =
            (chunk * 500..(chunk + 1) * 500).map(|n| message("demo", "", &body(n))).collect();
        client.append_batch(batch, "").await.expect("a batch");
    }
    for count in [1, 2, 7, 100, 1000, 1999, 2000, 2001] {
        let page = client.read(from(Start::Tail(count))).await;
        let first = 2000_usize.saturating_sub(usize::try_from(count).expect("positive"));
        let expected: Vec<String> = (first..2000).map(body).collect();
        assert!(bodies(&page.messages) == expected, "the last {count}");
        assert!(page.end_of_bus);
    }
    let filtered = pb::ReadMessagesRequest { types: vec!["NONE".into()], ..from(Start::Tail(3)) };
    let page = client.read(filtered).await;
    assert!(page.messages.is_empty() && page.end_of_bus);
}

#[tokio::test]
async fn an_answer_stays_under_its_size_and_reading_on_misses_nothing() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    for n in 0..12 {
        client.append(message("demo", "", &format!("{n}:{}", "x".repeat(1 << 19)))).await;
    }
    let page = client.read(pb::ReadMessagesRequest { limit: 5000, ..read_of("demo", "") }).await;
    assert!(
        (4..6).contains(&page.messages.len()),
        "{} messages of half a MiB",
        page.messages.len()
    );
    assert!(!page.end_of_bus);
    let all = client.read_all("demo", "").await;
    let order: Vec<_> = all.iter().filter_map(|message| message.body.split(':').next()).collect();
    assert_eq!(order, (0..12).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_filtered_read_returns_a_cursor_past_what_it_passed_over() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    for n in 0..30 {
        let kind = if n % 10 == 0 { "DECISION" } else { "FACT" };
        client
            .append(pb::Message { r#type: kind.into(), ..message("demo", "", &n.to_string()) })
            .await;
    }
    let decisions =
        pb::ReadMessagesRequest { types: vec!["DECISION".into()], ..read_of("demo", "") };
    let page = client.read(pb::ReadMessagesRequest { limit: 2, ..decisions.clone() }).await;
    assert_eq!(bodies(&page.messages), ["0", "10"]);
    assert!(!page.end_of_bus);
    let rest = pb::ReadMessagesRequest { start: Some(Start::Cursor(page.cursor)), ..decisions };
    let page = client.read(rest).await;
    assert_eq!(bodies(&page.messages), ["20"]);
    assert!(page.end_of_bus);
    let page = client.read(from(Start::Cursor(page.cursor))).await;
    assert!(page.messages.is_empty(), "the cursor is past the filtered ones at the end");
}

#[tokio::test]
async fn since_time_begins_at_the_first_later_message() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    numbers(&mut client, 400).await;
    let all = client.read_all("demo", "").await;
    for n in [0, 1, 199, 398, 399] {
        let time = all[n].ts.expect("a time");
        let page =
            client.read(pb::ReadMessagesRequest { limit: 1, ..from(Start::SinceTime(time)) }).await;
        let expected: Vec<String> = (n + 1..400).take(1).map(|n| n.to_string()).collect();
        assert_eq!(bodies(&page.messages), expected, "since the time of {n}");
    }
    let long_ago = prost_types::Timestamp { seconds: 0, nanos: 0 };
    let page =
        client.read(pb::ReadMessagesRequest { limit: 1, ..from(Start::SinceTime(long_ago)) }).await;
    assert_eq!(bodies(&page.messages), ["0"]);
}

#[tokio::test]
async fn one_message_is_found_by_its_id() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let ids = numbers(&mut client, 50).await;
    let get = |id: &str| pb::GetMessageRequest {
        project_id: "demo".into(),
        msg_id: id.into(),
        ..Default::default()
    };
    let found = client.0.get_message(get(&ids[20])).await.expect("found").into_inner();
    assert_eq!(found.message.expect("a message").body, "20");
    let page = client
        .read(pb::ReadMessagesRequest { limit: 1, ..from(Start::Cursor(found.cursor)) })
        .await;
    assert_eq!(bodies(&page.messages), ["21"]);
    let refused = client.0.get_message(get("MSG-x")).await.map(|_| ());
    assert_refused(refused, Code::NotFound, "MESSAGE_NOT_FOUND", "MSG-x");
    let refused = client.0.get_message(get("")).await.map(|_| ());
    assert_refused(refused, Code::InvalidArgument, "REQUIRED_FIELD", "msg_id");
}

#[tokio::test]
async fn a_poll_returns_at_once_or_when_something_comes_or_at_its_timeout() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let first = client.append(message("demo", "", "one")).await;
    let poll = |since: Option<&str>, millis: i64| pb::PollForNewRequest {
        project_id: "demo".into(),
        start: since.map(|id| pb::poll_for_new_request::Start::SinceId(id.into())),
        timeout: Some(prost_types::Duration {
            seconds: millis / 1000,
            nanos: i32::try_from(millis % 1000).expect("small") * 1_000_000,
        }),
        ..Default::default()
    };
    let second = client.append(message("demo", "", "two")).await;
    let page =
        client.0.poll_for_new(poll(Some(&first), 20_000)).await.expect("at once").into_inner();
    assert_eq!(bodies(&page.messages), ["two"]);

    let began = Instant::now();
    let page = client.0.poll_for_new(poll(Some(&second), 300)).await.expect("empty").into_inner();
    assert!(page.messages.is_empty() && page.end_of_bus);
    assert!(began.elapsed() >= Duration::from_millis(300));

    // Without a start: only what comes while waiting, also on a bus of its own.
    let waiting = tokio::spawn({
        let mut client = client.clone();
        let request = poll(None, 20_000);
        async move { client.0.poll_for_new(request).await.expect("a message").into_inner() }
    });
    // The poll may begin after an append; one of these comes later.
    let mut n = 0;
    crate::client::eventually("the poll ends", async || {
        n += 1;
        client.append(message("demo", "", &format!("new {n}"))).await;
        waiting.is_finished()
    })
    .await;
    let page = waiting.await.expect("the poll");
    assert!(page.messages[0].body.starts_with("new "));

    let refused = client.0.poll_for_new(poll(None, 301_000)).await.map(|_| ());
    assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "POLL_TIMEOUT_MAX");
}

#[tokio::test]
async fn empty_and_missing_buses_are_empty_lists() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let page = client.read(read_of("nobody", "nothing")).await;
    assert!(page.messages.is_empty() && page.end_of_bus);
    assert!(!server.root().join("nobody").exists(), "reading makes nothing");
    // The cursor of an empty bus is good for what comes first.
    client.append(message("nobody", "nothing", "first")).await;
    let start = Some(Start::Cursor(page.cursor));
    let page = client.read(pb::ReadMessagesRequest { start, ..read_of("nobody", "nothing") }).await;
    assert_eq!(bodies(&page.messages), ["first"]);
}

#[tokio::test]
async fn cursors_hold_across_restarts_rotations_and_edits() {
    let mut server = Server::start();
    let mut client = Client::connect(&server).await;
    numbers(&mut client, 10).await;
    let page = client.read(pb::ReadMessagesRequest { limit: 4, ..read_of("demo", "") }).await;
    let expected = ["4", "5", "6", "7", "8", "9"];
    let cursor = page.cursor;
    let again = from(Start::Cursor(cursor.clone()));
    assert_eq!(bodies(&client.read(again.clone()).await.messages), expected);

    server.restart();
    let mut client = Client::connect(&server).await;
    assert_eq!(bodies(&client.read(again.clone()).await.messages), expected);

    let rotate = pb::RotateBusRequest { project_id: "demo".into(), ..Default::default() };
    client.0.rotate_bus(rotate.clone()).await.expect("rotated");
    assert_eq!(bodies(&client.read(again.clone()).await.messages), expected);
    client.append(message("demo", "", "10")).await;
    let longer = ["4", "5", "6", "7", "8", "9", "10"];
    assert_eq!(bodies(&client.read(again.clone()).await.messages), longer);
    server.restart();
    let mut client = Client::connect(&server).await;
    assert_eq!(bodies(&client.read(again.clone()).await.messages), longer);

    // A person puts a line at the top of the archive: every offset moves.
    let folder = server.root().join("demo");
    let archive = std::fs::read_dir(&folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.extension().is_some_and(|extension| extension == "archived"))
        .expect("an archive");
    let text = std::fs::read_to_string(&archive).expect("text");
    std::fs::write(folder.join("edited"), format!("# Notes\n\n{text}")).expect("written");
    std::fs::rename(folder.join("edited"), &archive).expect("replaced");
    server.restart();
    let mut client = Client::connect(&server).await;
    assert_eq!(bodies(&client.read(again.clone()).await.messages), longer);

    // What was trimmed away is no silent restart.
    let trim = |dry_run| pb::TrimBusRequest {
        project_id: "demo".into(),
        older_than: Some(prost_types::Duration::default()),
        dry_run,
        ..Default::default()
    };
    let beginning = client.read(pb::ReadMessagesRequest { limit: 1, ..read_of("demo", "") }).await;
    assert_eq!(bodies(&beginning.messages), ["0"]);
    let told = client.0.trim_bus(trim(None)).await.expect("told").into_inner();
    assert!(told.dry_run && told.archive_paths.len() == 1 && archive.exists());
    let done = client.0.trim_bus(trim(Some(false))).await.expect("trimmed").into_inner();
    assert!(!done.dry_run && done.archive_paths == told.archive_paths && !archive.exists());
    assert_refused(client.try_read(again).await, Code::OutOfRange, "CURSOR_EXPIRED", "oldest");
    let first = from(Start::Cursor(beginning.cursor));
    assert_refused(client.try_read(first).await, Code::OutOfRange, "CURSOR_EXPIRED", "oldest");
    assert_eq!(bodies(&client.read_all("demo", "").await), ["10"]);
}

#[tokio::test]
async fn cursors_that_cannot_be_honoured_are_errors() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    numbers(&mut client, 3).await;
    let other = client.try_append(message("other", "", "x")).await.expect("an append").cursor;
    let ahead = "c1.999999.MSG-29990101-000000-000000000-PID00001-0001";
    let past = "c1.0.MSG-19990101-000000-000000000-PID00001-0001";
    let cases = [
        ("", "CURSOR_UNKNOWN"),
        ("MSG-1", "CURSOR_UNKNOWN"),
        ("c1.x.y", "CURSOR_UNKNOWN"),
        ("c1.0.nobody-wrote-this", "CURSOR_UNKNOWN"),
        (ahead, "CURSOR_AHEAD"),
        (past, "CURSOR_EXPIRED"),
        // Later than everything in this bus: as if an older copy were put back.
        (&other, "CURSOR_AHEAD"),
    ];
    for (cursor, reason) in cases {
        let refused = client.try_read(from(Start::Cursor(cursor.into()))).await;
        assert_refused(refused, Code::OutOfRange, reason, "cursor");
    }
    let long = "c1.0.".to_owned() + &"x".repeat(5000);
    let refused = client.try_read(from(Start::Cursor(long))).await;
    assert_refused(refused, Code::OutOfRange, "CURSOR_UNKNOWN", "cursor");
}

#[tokio::test]
async fn bad_reads_are_refused() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    let cases = [
        (read_of("", ""), "REQUIRED_FIELD"),
        (read_of("..", ""), "PATH_TRAVERSAL"),
        (read_of("demo", "a/../b"), "PATH_TRAVERSAL"),
        (pb::ReadMessagesRequest { limit: -1, ..read_of("demo", "") }, "INVALID_FIELD"),
        (pb::ReadMessagesRequest { limit: 5001, ..read_of("demo", "") }, "TOO_LARGE"),
        (from(Start::Tail(0)), "INVALID_FIELD"),
        (from(Start::Tail(-3)), "INVALID_FIELD"),
        (from(Start::Tail(5001)), "TOO_LARGE"),
        (from(Start::SinceId(String::new())), "REQUIRED_FIELD"),
        (
            from(Start::SinceTime(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 })),
            "INVALID_FIELD",
        ),
    ];
    for (request, reason) in cases {
        assert_refused(client.try_read(request).await, Code::InvalidArgument, reason, "");
    }
}

#[tokio::test]
async fn buses_are_listed_in_pages_with_what_is_in_them() {
    let server = Server::start();
    let mut client = Client::connect(&server).await;
    for (project, task) in [("beta", ""), ("alpha", "task-2"), ("alpha", ""), ("alpha", "task-10")]
    {
        client.append(message(project, task, "x")).await;
    }
    std::fs::create_dir(server.root().join("empty")).expect("a folder");
    std::fs::create_dir_all(server.root().join("odd/TASK/TASK-MESSAGE-BUS.md"))
        .expect("a folder for a bus");
    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let request =
            pb::ListBusesRequest { page_size: 2, page_token: token, ..Default::default() };
        let page = client.0.list_buses(request).await.expect("a page").into_inner();
        seen.extend(page.buses);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let ids: Vec<_> =
        seen.iter().map(|bus| (bus.project_id.as_str(), bus.task_id.as_str())).collect();
    let expected =
        [("alpha", ""), ("alpha", "task-10"), ("alpha", "task-2"), ("beta", ""), ("odd", "TASK")];
    assert_eq!(ids, expected);
    assert_eq!(seen[2].path, "alpha/task-2/TASK-MESSAGE-BUS.md");
    let length = std::fs::metadata(server.root().join(&seen[2].path)).expect("the file").len();
    assert_eq!(u64::try_from(seen[2].size_bytes).expect("positive"), length);
    assert!(!seen[2].last_msg_id.is_empty() && seen[2].last_ts.is_some());
    assert!(seen[4].problem.contains("folder"), "{:?}", seen[4]);

    let of =
        |project: &str| pb::ListBusesRequest { project_id: project.into(), ..Default::default() };
    assert_eq!(client.0.list_buses(of("beta")).await.expect("a page").into_inner().buses.len(), 1);
    assert!(client.0.list_buses(of("empty")).await.expect("a page").into_inner().buses.is_empty());
    let refused = client.0.list_buses(of("none")).await.map(|_| ());
    assert_refused(refused, Code::NotFound, "PROJECT_NOT_FOUND", "none");
    let bad = pb::ListBusesRequest { page_token: "?".into(), ..Default::default() };
    let refused = client.0.list_buses(bad).await.map(|_| ());
    assert_refused(refused, Code::InvalidArgument, "INVALID_PAGE_TOKEN", "token");
}
