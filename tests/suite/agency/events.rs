//! The events of a run.

use std::fs;

use callboard::grpc::pb;
use serde_json::Value;
use tokio::task::JoinSet;
use tonic::{Code, Streaming};

use super::{file, put, text, time, with_run};
use crate::client::assert_refused;
use crate::server::{DEADLINE, Server};
use crate::storage_client::{StorageClient, new_event, new_run};

fn lines(server: &Server, run: &str) -> Vec<Value> {
    let text = text(&file(server, run, "events.jsonl"));
    assert!(text.ends_with('\n'), "{text}");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn events(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["event"].as_str().expect("a word")).collect()
}

fn read(run: &str, follow: bool) -> pb::ReadRunFileRequest {
    pb::ReadRunFileRequest {
        run_id: run.into(),
        file: "events".into(),
        follow,
        ..Default::default()
    }
}

async fn open(client: &mut StorageClient, follow: bool) -> Streaming<pb::ReadRunFileResponse> {
    client.0.read_run_file(read("r", follow)).await.expect("a stream").into_inner()
}

/// Takes chunks until so many lines have come; all that there is when it ends before.
async fn take_lines(stream: &mut Streaming<pb::ReadRunFileResponse>, count: usize) -> String {
    let mut bytes = Vec::new();
    while bytes.iter().filter(|byte| **byte == b'\n').count() < count {
        let next = tokio::time::timeout(DEADLINE, stream.message()).await.expect("in time");
        let Some(chunk) = next.expect("the stream goes on") else { break };
        bytes.extend(chunk.chunk);
    }
    String::from_utf8(bytes).expect("text")
}

#[tokio::test]
async fn the_first_event_makes_the_file_and_each_is_a_json_object_on_a_line() {
    let (server, mut client) = with_run().await;
    assert!(!file(&server, "r", "events.jsonl").exists());
    let request = pb::AppendRunEventRequest {
        timestamp: time("2026-01-02T03:04:05.500Z"),
        ..new_event("r", "pushed", "{\"commits\": 2}")
    };
    let first = client.append_run_event(request).await.expect("an event");
    let expected = "{\"schema_version\":\"1.0\",\"timestamp\":\"2026-01-02T03:04:05.5Z\",\
                    \"repo_id\":\"p\",\"run_id\":\"r\",\"event\":\"pushed\",\"data\":{\"commits\": 2}}\n";
    assert_eq!(text(&file(&server, "r", "events.jsonl")), expected);
    assert_eq!((first.offset, first.duplicate), (0, false));
    assert_eq!(first.next_offset, i64::try_from(expected.len()).expect("a size"));
    let second = client.event("r", "verified", "").await.expect("an event");
    assert_eq!(second.offset, first.next_offset);
    let lines = lines(&server, "r");
    assert_eq!(events(&lines), ["pushed", "verified"]);
    let keys: Vec<_> = lines[1].as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["schema_version", "timestamp", "repo_id", "run_id", "event"]);
    assert!(lines[1]["timestamp"].as_str().expect("a time").ends_with('Z'));
}

#[tokio::test]
async fn the_repository_is_the_one_given_else_that_of_meta_json_else_the_project() {
    let (server, mut client) = with_run().await;
    client.new_run("p", "t", "plain").await;
    put(&server, "damaged", "meta.json", "{");
    let repo = pb::RunMeta { repo_id: "kept".into(), ..Default::default() };
    client.set_meta("r", repo, &[]).await.expect("set");
    for run in ["r", "plain", "damaged"] {
        client.event(run, "a", "").await.expect("an event");
    }
    let given = pb::AppendRunEventRequest { repo_id: "given".into(), ..new_event("r", "b", "") };
    client.append_run_event(given).await.expect("an event");
    let of =
        |run| lines(&server, run).iter().map(|line| line["repo_id"].clone()).collect::<Vec<_>>();
    assert_eq!(of("r"), ["kept", "given"]);
    assert_eq!(of("plain"), ["p"]);
    assert_eq!(of("damaged"), ["p"]);
}

#[tokio::test]
async fn many_events_stand_in_the_order_they_were_answered_in() {
    let (server, mut client) = with_run().await;
    let mut next = 0;
    for n in 0..200 {
        let appended = client.event("r", &format!("e{n}"), "").await.expect("an event");
        assert_eq!(appended.offset, next);
        next = appended.next_offset;
    }
    let expected: Vec<_> = (0..200).map(|n| format!("e{n}")).collect();
    assert_eq!(events(&lines(&server, "r")), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_many_at_once_are_all_there_once_each_where_its_answer_says() {
    let (server, _client) = with_run().await;
    let mut writers = JoinSet::new();
    for writer in 0..16 {
        let mut client = StorageClient::connect(&server).await;
        writers.spawn(async move {
            let mut places = Vec::new();
            for n in 0..20 {
                let event = format!("w{writer}.{n}");
                let appended = client.event("r", &event, "").await.expect("an event");
                places.push((appended.offset, appended.next_offset, event));
            }
            places
        });
    }
    let mut places: Vec<_> = writers.join_all().await.into_iter().flatten().collect();
    places.sort();
    let text = text(&file(&server, "r", "events.jsonl"));
    assert_eq!(places.len(), 320);
    let mut end = 0;
    for (offset, next_offset, event) in &places {
        assert_eq!(*offset, end, "no gap, and nothing twice");
        end = *next_offset;
        let place =
            usize::try_from(*offset).expect("a place")..usize::try_from(end).expect("an end");
        let line: Value = serde_json::from_str(&text[place]).expect("JSON");
        assert_eq!(line["event"], **event);
    }
    assert_eq!(usize::try_from(end), Ok(text.len()));
    // Each one's in its order.
    let lines = lines(&server, "r");
    for writer in 0..16 {
        let prefix = format!("w{writer}.");
        let own: Vec<_> =
            events(&lines).into_iter().filter_map(|event| event.strip_prefix(&prefix)).collect();
        assert_eq!(own, (0..20).map(|n: i32| n.to_string()).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_torn_last_line_is_closed_and_hides_nothing() {
    let (server, mut client) = with_run().await;
    for torn in ["{\"event\":\"to", "\u{7f}", "{\"event\":\"whole\"}"] {
        let path = put(&server, "r", "events.jsonl", format!("{{\"event\":\"first\"}}\n{torn}"));
        let appended = client.event("r", "next", "").await.expect("an event");
        let written = text(&path);
        let before = format!("{{\"event\":\"first\"}}\n{torn}\n");
        assert!(written.starts_with(&before), "{written:?}");
        assert_eq!(usize::try_from(appended.offset), Ok(before.len()));
        let line: Value = serde_json::from_str(&written[before.len()..]).expect("JSON");
        assert_eq!(line["event"], "next");
    }
}

#[tokio::test]
async fn data_keeps_its_digits_and_its_order() {
    let (server, mut client) = with_run().await;
    let data = "{\"z\":9007199254740993,\"a\":1.10,\"big\":1e400,\"é\\u0000\":[ 1 ,2]}";
    client.event("r", "a", data).await.expect("an event");
    let with_breaks = data.replace(',', "\r\n,\n");
    client.event("r", "b", &format!(" {with_breaks}\n")).await.expect("an event");
    let written = text(&file(&server, "r", "events.jsonl"));
    let lines: Vec<_> = written.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].ends_with(&format!(",\"data\":{data}}}")), "{written}");
    assert!(lines[1].ends_with(&format!(",\"data\":{}}}", data.replace(',', "  , "))), "{written}");
}

#[tokio::test]
async fn bad_events_are_refused_and_nothing_is_appended() {
    let (server, mut client) = with_run().await;
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(60 << 10));
    let cases = [
        (new_event("r", "", ""), "REQUIRED_FIELD", "event"),
        (new_event("r", "two words", ""), "INVALID_FIELD", "event"),
        (new_event("r", "a\nb", ""), "INVALID_FIELD", "event"),
        (new_event("r", &"x".repeat(129), ""), "TOO_LARGE", "event"),
        (new_event("r", "a", "x"), "INVALID_FIELD", "data_json"),
        (new_event("r", "a", "[1]"), "INVALID_FIELD", "data_json"),
        (new_event("r", "a", "{}{}"), "INVALID_FIELD", "data_json"),
        (new_event("r", "a", &long), "TOO_LARGE", "data_json"),
        (new_event("", "a", ""), "REQUIRED_FIELD", "run_id"),
        (new_event("../r", "a", ""), "PATH_TRAVERSAL", "run_id"),
    ];
    for (request, expected, word) in cases {
        let refused = client.append_run_event(request).await;
        assert_refused(refused, Code::InvalidArgument, expected, word);
    }
    assert_refused(client.event("s", "a", "").await, Code::NotFound, "RUN_NOT_FOUND", "s");
    assert!(!file(&server, "r", "events.jsonl").exists());
    let most = format!("{{\"a\":\"{}\"}}", "x".repeat((60 << 10) - 8));
    client.event("r", "a", &most).await.expect("just as much as is allowed");
}

#[tokio::test]
async fn a_repeated_request_appends_once_also_after_a_crash_and_when_the_meta_changed() {
    let (mut server, mut client) = with_run().await;
    let request = pb::AppendRunEventRequest {
        request_id: "once".into(),
        ..new_event("r", "pushed", "{\"n\":1}")
    };
    let first = client.append_run_event(request.clone()).await.expect("an event");
    assert!(!first.duplicate);
    client.event("r", "other", "").await.expect("an event");
    for round in 0..3 {
        let again = client.append_run_event(request.clone()).await.expect("a repetition");
        assert_eq!(again, pb::AppendRunEventResponse { duplicate: true, ..first });
        // What the first call filled in is no longer the same.
        let repo = pb::RunMeta { repo_id: format!("moved-{round}"), ..Default::default() };
        client.set_meta("r", repo, &[]).await.expect("set");
        server.restart();
        client = StorageClient::connect(&server).await;
    }
    assert_eq!(events(&lines(&server, "r")), ["pushed", "other"]);
    for other in [
        pb::AppendRunEventRequest { data_json: "{\"n\":2}".into(), ..request.clone() },
        pb::AppendRunEventRequest { event: "x".into(), ..request.clone() },
        pb::AppendRunEventRequest { timestamp: time("2026-01-01T00:00:00Z"), ..request.clone() },
    ] {
        let refused = client.append_run_event(other).await;
        assert_refused(refused, Code::AlreadyExists, "REQUEST_ID_REUSED", "once");
    }
    assert_eq!(lines(&server, "r").len(), 2);
    // Without one a repetition is another event.
    let plain = pb::AppendRunEventRequest { request_id: String::new(), ..request };
    client.append_run_event(plain.clone()).await.expect("an event");
    client.append_run_event(plain).await.expect("an event");
    assert_eq!(lines(&server, "r").len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repetitions_at_once_append_once() {
    let (server, _client) = with_run().await;
    let mut calls = JoinSet::new();
    for _ in 0..32 {
        let mut client = StorageClient::connect(&server).await;
        let request =
            pb::AppendRunEventRequest { request_id: "one".into(), ..new_event("r", "a", "{}") };
        calls.spawn(async move { client.append_run_event(request).await.expect("an event") });
    }
    let answers = calls.join_all().await;
    assert_eq!(answers.iter().filter(|answer| !answer.duplicate).count(), 1);
    assert!(answers.iter().all(|answer| answer.offset == 0));
    assert_eq!(lines(&server, "r").len(), 1);
}

#[tokio::test]
async fn events_are_read_listed_and_followed_as_a_file_of_the_run() {
    let (server, mut client) = with_run().await;
    let absent = client.0.read_run_file(read("r", false)).await.map(drop);
    assert_refused(absent, Code::NotFound, "RUN_FILE_NOT_FOUND", "events");
    let mut followed = open(&mut client, true).await;
    let mut other = client.clone();
    for n in 0..3 {
        other.event("r", &format!("e{n}"), "").await.expect("an event");
        let line: Value =
            serde_json::from_str(&take_lines(&mut followed, 1).await).expect("one line");
        assert_eq!(line["event"], format!("e{n}"));
    }
    // What another program appends comes as well.
    let path = file(&server, "r", "events.jsonl");
    let written = text(&path);
    fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, b"{\"event\":\"foreign\"}\n"))
        .expect("written");
    assert_eq!(take_lines(&mut followed, 1).await, "{\"event\":\"foreign\"}\n");
    let whole = take_lines(&mut open(&mut client, false).await, usize::MAX).await;
    assert_eq!(whole, format!("{written}{{\"event\":\"foreign\"}}\n"));
    let tail = pb::ReadRunFileRequest { tail_lines: 1, ..read("r", false) };
    let mut tail = client.0.read_run_file(tail).await.expect("a stream").into_inner();
    assert_eq!(take_lines(&mut tail, usize::MAX).await, "{\"event\":\"foreign\"}\n");
    let request = pb::ListRunFilesRequest { run_id: "r".into(), ..Default::default() };
    let files = client.list_run_files(request).await.expect("the files").files;
    let listed: Vec<_> = files.iter().map(|file| (file.file.as_str(), file.size)).collect();
    assert_eq!(listed, [("events", i64::try_from(whole.len()).expect("a size"))]);
    // It ends with the run.
    client.end("r", "completed").await.expect("ended");
    assert_eq!(take_lines(&mut followed, 1).await, "");
    // Also then something may happen to it.
    client.event("r", "archived", "").await.expect("an event");
}

#[tokio::test]
async fn the_other_calls_for_files_of_a_run_refuse_to_write_events() {
    let (server, mut client) = with_run().await;
    client.event("r", "a", "").await.expect("an event");
    let before = text(&file(&server, "r", "events.jsonl"));
    let write = pb::WriteRunFileRequest {
        run_id: "r".into(),
        file: "events".into(),
        data: b"{}\n".into(),
        ..Default::default()
    };
    let refused = client.write_run_file(write).await;
    assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "events");
    for offset in [None, Some(0), Some(i64::try_from(before.len()).expect("a size"))] {
        let append = pb::AppendRunOutputRequest {
            run_id: "r".into(),
            file: "events".into(),
            chunk: b"{}\n".into(),
            offset,
            ..Default::default()
        };
        let refused = client.append_run_output(append).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "events");
    }
    assert_eq!(text(&file(&server, "r", "events.jsonl")), before);
}

#[tokio::test]
async fn an_id_in_two_places_is_ambiguous_until_its_place_is_named() {
    let (server, mut client) = with_run().await;
    client.create_run(new_run("p", "u", "r")).await.expect("a run");
    let refused = client.event("r", "a", "").await;
    assert_refused(refused, Code::FailedPrecondition, "RUN_AMBIGUOUS", "r");
    let refused = client.meta("r").await;
    assert_refused(refused, Code::FailedPrecondition, "RUN_AMBIGUOUS", "r");
    let named = pb::AppendRunEventRequest {
        project_id: "p".into(),
        task_id: "u".into(),
        ..new_event("r", "a", "")
    };
    client.append_run_event(named).await.expect("an event");
    assert!(server.root().join("p/u/runs/r/events.jsonl").exists());
    assert!(!file(&server, "r", "events.jsonl").exists());
}

#[tokio::test]
async fn data_that_other_readers_would_choke_on_is_refused_and_nothing_is_appended() {
    let (server, mut client) = with_run().await;
    let nested =
        |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
    let deep = nested(101);
    for bad in [deep.as_str(), "{\"a\":\"\\ud800\"}", "{\"\\udc00\":1}"] {
        let refused = client.event("r", "a", bad).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "data_json");
    }
    assert!(!file(&server, "r", "events.jsonl").exists());
    client.event("r", "a", &nested(100)).await.expect("just as deep as is allowed");
}
