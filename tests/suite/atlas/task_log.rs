//! task.log: JSON lines that are appended in batches, read and followed.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use callboard::grpc::pb;
use rustix::process::Signal;
use tokio::task::JoinSet;
use tonic::{Code, Status, Streaming};

use super::{put, with_task};
use crate::client::{assert_refused, reason};
use crate::server::{DEADLINE, Server};
use crate::storage_client::{StorageClient, log_of};

pub(super) fn read(offset: i64) -> pb::ReadTaskLogRequest {
    pb::ReadTaskLogRequest {
        project_id: "p".into(),
        task_id: "t".into(),
        offset,
        ..Default::default()
    }
}

/// A log that is followed.
pub(super) struct Followed {
    stream: Streaming<pb::ReadTaskLogResponse>,
    next_offset: i64,
}

impl Followed {
    pub(super) async fn open(client: &mut StorageClient, offset: i64) -> Self {
        let request = pb::ReadTaskLogRequest { follow: true, ..read(offset) };
        let stream = client.0.read_task_log(request).await.expect("a log").into_inner();
        Self { stream, next_offset: offset }
    }

    async fn try_next(&mut self) -> Result<Option<pb::ReadTaskLogResponse>, Status> {
        let next = tokio::time::timeout(DEADLINE, self.stream.message()).await;
        let part = next.expect("more of the log in time")?;
        if let Some(part) = &part {
            assert!(part.next_offset >= self.next_offset || part.restarted, "{part:?}");
            self.next_offset = part.next_offset;
        }
        Ok(part)
    }

    /// Waits until so many further entries have come.
    pub(super) async fn entries(&mut self, count: usize) -> Vec<pb::TaskLogEntry> {
        let mut entries = Vec::new();
        while entries.len() < count {
            let part = self.try_next().await.expect("the stream goes on");
            entries.extend(part.expect("one that follows ends with an error only").entries);
        }
        assert_eq!(entries.len(), count, "no more than were appended");
        entries
    }
}

fn lines(entries: &[pb::TaskLogEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.entry.as_str()).collect()
}

pub(super) fn sound(entries: &[pb::TaskLogEntry]) -> Vec<&str> {
    let sound = entries.iter().filter(|entry| !entry.damaged);
    sound.map(|entry| entry.entry.as_str()).collect()
}

pub(super) fn append_directly(path: &Path, bytes: &[u8]) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).expect("a file");
    file.write_all(bytes).expect("written");
}

#[tokio::test]
async fn two_entries_are_both_there_in_order_one_a_line() {
    let (server, mut client) = with_task().await;
    let first = client.log("p", "t", &["{\"n\":1,\"big\":9007199254740993}"]).await.expect("one");
    let second = client.log("p", "t", &["{\"n\": 2,\n  \"text\": \"a\\nb\"}"]).await.expect("two");
    let expected = "{\"n\":1,\"big\":9007199254740993}\n{\"n\": 2,   \"text\": \"a\\nb\"}\n";
    let written = fs::read_to_string(server.root().join("p/t/task.log")).expect("the log");
    assert_eq!(written, expected);
    assert_eq!((first.offset, first.next_offset, first.duplicate), (0, second.offset, false));
    assert_eq!(usize::try_from(second.next_offset), Ok(written.len()));
    let entries = client.read_log("p", "t").await;
    assert_eq!(lines(&entries), expected.lines().collect::<Vec<_>>());
    assert_eq!([entries[0].offset, entries[1].offset], [0, second.offset]);
    assert!(entries.iter().all(|entry| !entry.damaged));
}

#[tokio::test]
async fn a_missing_final_newline_is_added() {
    let (server, mut client) = with_task().await;
    let file = put(server.root(), "p/t/task.log", "{\"n\":1}\n{\"n\":2}");
    client.log("p", "t", &["{\"n\":3}"]).await.expect("appended");
    assert_eq!(fs::read(&file).expect("the log"), b"{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
    let entries = client.read_log("p", "t").await;
    assert_eq!(sound(&entries), ["{\"n\":1}", "{\"n\":2}", "{\"n\":3}"]);
}

#[tokio::test]
async fn a_torn_last_line_is_closed_and_reported_as_damaged() {
    let (server, mut client) = with_task().await;
    let file = put(server.root(), "p/t/task.log", "{\"n\":1}\n{\"n\":2,\"te");
    let answer = client.log("p", "t", &["{\"n\":3}", "{\"n\":4}"]).await.expect("appended");
    let written = fs::read_to_string(&file).expect("the log");
    assert_eq!(written, "{\"n\":1}\n{\"n\":2,\"te\n{\"n\":3}\n{\"n\":4}\n");
    let at = |offset: i64| &written[usize::try_from(offset).expect("an offset")..];
    assert!(at(answer.offset).starts_with("{\"n\":3}"), "{answer:?}");
    assert_eq!(at(answer.next_offset), "");
    let entries = client.read_log("p", "t").await;
    assert_eq!(lines(&entries), ["{\"n\":1}", "{\"n\":2,\"te", "{\"n\":3}", "{\"n\":4}"]);
    let damaged: Vec<_> = entries.iter().map(|entry| entry.damaged).collect();
    assert_eq!(damaged, [false, true, false, false]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_20_concurrent_appends_all_are_there_and_each_batch_in_one_piece() {
    let (server, mut client) = with_task().await;
    let mut appends = JoinSet::new();
    for writer in 0..20 {
        let mut client = StorageClient::connect(&server).await;
        appends.spawn(async move {
            let entries: Vec<String> =
                (0..5).map(|n| format!("{{\"writer\":{writer},\"n\":{n}}}")).collect();
            let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
            let answer = client.log("p", "t", &entries).await.expect("appended");
            (answer.offset, answer.next_offset, entries.join("\n") + "\n")
        });
    }
    let mut answers = appends.join_all().await;
    answers.sort();
    let written = fs::read_to_string(server.root().join("p/t/task.log")).expect("the log");
    let mut end = 0;
    for (offset, next_offset, entries) in &answers {
        assert_eq!(*offset, end, "one after the other");
        end = *next_offset;
        let range = usize::try_from(*offset).expect("it")..usize::try_from(end).expect("it");
        assert_eq!(&written[range], entries);
    }
    assert_eq!(usize::try_from(end), Ok(written.len()));
    assert_eq!(client.read_log("p", "t").await.len(), 100);
}

#[tokio::test]
async fn one_who_follows_from_the_last_entries_is_told_where_that_is_before_there_are_any() {
    let (_server, mut client) = with_task().await;
    let request = pb::ReadTaskLogRequest { tail_entries: 1, follow: true, ..read(0) };
    let mut stream = client.0.read_task_log(request.clone()).await.expect("a log").into_inner();
    let part = stream.message().await.expect("the stream goes on").expect("where it is");
    // Whoever goes on from there after a break misses none of those that come meanwhile.
    assert_eq!((part.entries.len(), part.next_offset), (0, 0));

    let entries = [r#"{"n":1}"#, r#"{"n":2}"#];
    client.log("p", "t", &entries).await.expect("appended");
    let part = stream.message().await.expect("the stream goes on").expect("more");
    assert_eq!(lines(&part.entries), entries);
    let mut stream = client.0.read_task_log(request).await.expect("a log").into_inner();
    let part = stream.message().await.expect("the stream goes on").expect("the last");
    assert_eq!(lines(&part.entries), entries[1..]);
}

#[tokio::test]
async fn a_batch_of_1000_is_appended_whole_and_one_more_is_refused() {
    let (server, mut client) = with_task().await;
    let entries: Vec<String> = (0..1001).map(|n| format!("{{\"n\":{n}}}")).collect();
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let refused = client.log("p", "t", &entries).await;
    assert_refused(refused, Code::InvalidArgument, "TOO_LARGE", "entries");
    assert!(client.read_log("p", "t").await.is_empty());
    client.log("p", "t", &entries[..1000]).await.expect("appended");
    let log = client.read_log("p", "t").await;
    assert_eq!(lines(&log), entries[..1000]);
    // The last ones, and those behind an offset.
    for (tail_entries, expected) in [(1, 999..1000), (17, 983..1000), (100_000, 0..1000)] {
        let request = pb::ReadTaskLogRequest { tail_entries, ..read(0) };
        let mut stream = client.0.read_task_log(request).await.expect("a log").into_inner();
        let mut tail = Vec::new();
        while let Some(part) = stream.message().await.expect("the stream goes on") {
            tail.extend(part.entries);
        }
        assert_eq!(lines(&tail), entries[expected], "{tail_entries}");
    }
    let mut stream = client.0.read_task_log(read(log[990].offset)).await.expect("it").into_inner();
    let part = stream.message().await.expect("the stream goes on").expect("more");
    assert_eq!(lines(&part.entries), entries[990..1000]);
    let size = fs::metadata(server.root().join("p/t/task.log")).expect("the log").len();
    assert_eq!(u64::try_from(part.next_offset), Ok(size));
    let behind = read(part.next_offset + 1);
    let refused = refused_read(&mut client, behind).await;
    assert_refused(Err::<(), _>(refused), Code::Aborted, "OFFSET_MISMATCH", "task.log");
    for bad in [read(-1), pb::ReadTaskLogRequest { tail_entries: 100_001, ..read(0) }] {
        let refused = refused_read(&mut client, bad).await;
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
    }
}

/// Reads until the refusal, which may come with the call or in the stream.
async fn refused_read(client: &mut StorageClient, request: pb::ReadTaskLogRequest) -> Status {
    match client.0.read_task_log(request).await {
        Err(refused) => refused,
        Ok(stream) => stream.into_inner().message().await.expect_err("a refusal"),
    }
}

/// The original gives an error.
#[tokio::test]
async fn reading_a_log_that_does_not_exist_yet_gives_an_empty_log() {
    let (server, mut client) = with_task().await;
    assert!(client.read_log("p", "t").await.is_empty());
    assert!(!server.root().join("p/t/task.log").exists(), "a read writes nothing");
    let mut followed = Followed::open(&mut client, 0).await;
    client.log("p", "t", &["{\"n\":1}"]).await.expect("appended");
    assert_eq!(lines(&followed.entries(1).await), ["{\"n\":1}"]);
    for (project, task, expected) in [("p", "x", "TASK_NOT_FOUND"), ("q", "t", "PROJECT_NOT_FOUND")]
    {
        let refused = client.log(project, task, &["{}"]).await;
        assert_refused(refused, Code::NotFound, expected, if task == "x" { "p/x" } else { "q" });
        let request =
            pb::ReadTaskLogRequest { project_id: project.into(), task_id: task.into(), ..read(0) };
        assert_eq!(reason(&refused_read(&mut client, request).await), expected);
        assert!(!server.root().join(project).join(task).exists());
    }
}

#[tokio::test]
async fn entries_that_are_no_object_or_over_64_kib_are_refused_and_nothing_is_appended() {
    let (server, mut client) = with_task().await;
    client.log("p", "t", &["{\"n\":1}"]).await.expect("appended");
    let file = server.root().join("p/t/task.log");
    let before = fs::read(&file).expect("the log");
    let not_json = [
        "",
        "x",
        "{",
        "{\"a\":1}{\"b\":2}",
        "{\"a\":1}\n{\"b\":2}",
        "\"text\"",
        "[1]",
        "5",
        "null",
    ];
    for bad in not_json {
        // It takes its neighbours with it.
        let refused = client.log("p", "t", &["{\"fine\":1}", bad, "{\"fine\":2}"]).await;
        assert_refused(refused, Code::InvalidArgument, "INVALID_FIELD", "entries");
        let refused = client.log("p", "t", &["{}", bad]).await.expect_err("a refusal");
        assert!(refused.message().contains("entry 1"), "{refused:?}");
    }
    let entry = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
    let (largest, larger) = (entry((64 << 10) - 1), entry(64 << 10));
    let refused = client.log("p", "t", &["{}", &larger]).await;
    assert_refused(refused, Code::InvalidArgument, "TOO_LARGE", "LOG_ENTRY_BYTES_MAX");
    let many: Vec<&str> = (0..49).map(|_| largest.as_str()).collect();
    let refused = client.log("p", "t", &many).await;
    assert_refused(refused, Code::InvalidArgument, "TOO_LARGE", "LOG_BATCH_BYTES_MAX");
    let refused = client.log("p", "t", &[]).await;
    assert_refused(refused, Code::InvalidArgument, "REQUIRED_FIELD", "entries");
    assert_eq!(fs::read(&file).expect("the log"), before);
    client.log("p", "t", &[&largest]).await.expect("it just fits");
    let entries = client.read_log("p", "t").await;
    assert_eq!((entries[1].entry.as_str(), entries[1].damaged), (largest.as_str(), false));
}

#[tokio::test]
async fn a_request_id_makes_a_repetition_the_first_answer_also_after_a_crash() {
    let (mut server, mut client) = with_task().await;
    let request = pb::AppendTaskLogRequest {
        request_id: "one".into(),
        ..log_of("p", "t", &["{\"n\":1}", "{\"n\":2}"])
    };
    client.log("p", "t", &["{\"n\":0}"]).await.expect("appended");
    let first = client.append_task_log(request.clone()).await.expect("appended");
    assert!(!first.duplicate);
    client.log("p", "t", &["{\"n\":3}"]).await.expect("appended");
    for crash in [false, true, true] {
        if crash {
            server.restart();
            client = StorageClient::connect(&server).await;
        }
        let again = client.append_task_log(request.clone()).await.expect("a repetition");
        assert_eq!(again, pb::AppendTaskLogResponse { duplicate: true, ..first });
        for entries in
            [&["{\"n\":1}"][..], &["{\"n\":1}", "{\"n\":9}"], &["{\"n\":1}", "{\"n\":2}", "{}"]]
        {
            let other =
                pb::AppendTaskLogRequest { request_id: "one".into(), ..log_of("p", "t", entries) };
            let refused = client.append_task_log(other).await;
            assert_refused(refused, Code::AlreadyExists, "REQUEST_ID_REUSED", "one");
        }
    }
    let log = client.read_log("p", "t").await;
    assert_eq!(lines(&log), ["{\"n\":0}", "{\"n\":1}", "{\"n\":2}", "{\"n\":3}"]);
    // One without an id appends again.
    client.log("p", "t", &["{\"n\":3}"]).await.expect("appended");
    assert_eq!(client.read_log("p", "t").await.len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repetitions_at_once_append_once() {
    let (server, mut client) = with_task().await;
    let mut appends = JoinSet::new();
    for n in 0..32 {
        let mut client = StorageClient::connect(&server).await;
        appends.spawn(async move {
            let request = pb::AppendTaskLogRequest {
                request_id: format!("id-{}", n % 4),
                ..log_of("p", "t", &[&format!("{{\"id\":{}}}", n % 4)])
            };
            let answer = client.append_task_log(request).await.expect("appended");
            (n % 4, answer.offset, answer.duplicate)
        });
    }
    let answers = appends.join_all().await;
    assert_eq!(answers.iter().filter(|(_, _, duplicate)| !duplicate).count(), 4);
    let places: BTreeSet<_> = answers.iter().map(|(id, offset, _)| (id, offset)).collect();
    assert_eq!(places.len(), 4, "of one id all have one answer");
    assert_eq!(client.read_log("p", "t").await.len(), 4);
}

// The client must go on working while the test waits for the process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_goes_on_from_its_next_offset_after_a_restart() {
    let (mut server, mut client) = with_task().await;
    let mut seen = Vec::new();
    let mut offset = 0;
    for round in 0..3 {
        let mut followed = Followed::open(&mut client, offset).await;
        for n in 0..5 {
            client.log("p", "t", &[&format!("{{\"n\":\"{round}.{n}\"}}")]).await.expect("appended");
        }
        let entries = followed.entries(5).await;
        seen.extend(lines(&entries).into_iter().map(str::to_owned));
        offset = followed.next_offset;
        if round == 1 {
            server.signal(Signal::TERM);
            let ended = followed.try_next().await.expect_err("an error ends it");
            let ended = (ended.code(), reason(&ended));
            assert_eq!(ended, (Code::Unavailable, "SHUTTING_DOWN".to_owned()));
            assert_eq!(server.ended().code(), Some(0));
        }
        server.restart();
        // What is appended while nobody follows is not missed.
        append_directly(
            &server.root().join("p/t/task.log"),
            format!("{{\"n\":\"{round}.between\"}}\n").as_bytes(),
        );
        client = StorageClient::connect(&server).await;
        let entries = Followed::open(&mut client, offset).await.entries(1).await;
        seen.extend(lines(&entries).into_iter().map(str::to_owned));
        offset += i64::try_from(entries[0].entry.len()).expect("a length") + 1;
    }
    let all = client.read_log("p", "t").await;
    assert_eq!(lines(&all), seen, "nothing is missed, and nothing twice");
    assert_eq!(seen.len(), 18);
}

#[tokio::test]
async fn a_follower_sees_what_a_shell_appends() {
    let (server, mut client) = with_task().await;
    client.log("p", "t", &["{\"n\":0}"]).await.expect("appended");
    let mut followed = Followed::open(&mut client, 0).await;
    followed.entries(1).await;
    let began = std::time::Instant::now();
    for n in 1..=20 {
        let status = Command::new("sh")
            .args(["-c", &format!("echo '{{\"n\":{n}}}' >> task.log")])
            .current_dir(server.root().join("p/t"))
            .status();
        assert!(status.expect("a shell").success());
        assert_eq!(lines(&followed.entries(1).await), [format!("{{\"n\":{n}}}")]);
    }
    let took = began.elapsed();
    assert!(took < std::time::Duration::from_secs(8), "without waiting for a look: {took:?}");
    // Half a line is waited for.
    let file = server.root().join("p/t/task.log");
    append_directly(&file, b"{\"half\":");
    append_directly(&file, b"1}\n{\"whole\":2}\n");
    let entries = followed.entries(2).await;
    assert_eq!(sound(&entries), ["{\"half\":1}", "{\"whole\":2}"]);
}

#[tokio::test]
async fn a_follower_is_told_when_the_task_is_removed_and_when_the_log_begins_anew() {
    let (server, mut client) = with_task().await;
    client.log("p", "t", &["{\"n\":1}", "{\"n\":2}"]).await.expect("appended");
    let mut followed = Followed::open(&mut client, 0).await;
    followed.entries(2).await;
    let file = server.root().join("p/t/task.log");
    put(server.root(), "p/t/other", "{\"anew\":1}\n{\"anew\":2}\n{\"anew\":3}\n");
    fs::rename(server.root().join("p/t/other"), &file).expect("renamed");
    let mut part = followed.try_next().await.expect("the stream goes on").expect("more");
    assert!(part.restarted, "{part:?}");
    while part.entries.len() < 3 {
        let more = followed.try_next().await.expect("the stream goes on").expect("more");
        assert!(!more.restarted, "it is told once: {more:?}");
        part.entries.extend(more.entries);
    }
    assert_eq!(lines(&part.entries), ["{\"anew\":1}", "{\"anew\":2}", "{\"anew\":3}"]);
    let delete =
        pb::DeleteTaskRequest { project_id: "p".into(), task_id: "t".into(), ..Default::default() };
    client.delete_task(delete).await.expect("deleted");
    let ended = followed.try_next().await.expect_err("it is over");
    assert_eq!((ended.code(), reason(&ended).as_str()), (Code::NotFound, "TASK_NOT_FOUND"));
}

#[tokio::test]
async fn what_is_no_text_is_damaged_and_hides_nothing() {
    let (server, mut client) = with_task().await;
    let utf16: Vec<u8> =
        "\u{feff}{\"a\":\"ü\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut bytes = b"{\"n\":1}\n".to_vec();
    bytes.extend(&utf16);
    bytes
        .extend(b"\n\x00\x01\xff\xfe\x80\n{\"n\":2}\r\n\n   \n[3]\nnot json\n{\"bad\":\"\xff\"}\n");
    bytes.extend(format!("{{\"long\":\"{}\"}}\n", "x".repeat(100_000)).as_bytes());
    bytes.extend(b"{\"n\":3}\n");
    let file = put(server.root(), "p/t/task.log", &bytes);
    let entries = client.read_log("p", "t").await;
    let sound: Vec<_> = sound(&entries).into_iter().map(str::trim).collect();
    assert_eq!(sound, ["{\"n\":1}", "{\"n\":2}", "{\"n\":3}"]);
    let damaged: Vec<_> = entries.iter().filter(|entry| entry.damaged).collect();
    for word in ["[3]", "not json", "{\"bad\":\"\u{fffd}\"}"] {
        assert!(damaged.iter().any(|entry| entry.entry == word), "{word}: {damaged:?}");
    }
    let long = damaged.iter().find(|entry| entry.entry.starts_with("{\"long\"")).expect("the line");
    assert!(long.entry.len() <= 64 << 10, "only its beginning: {}", long.entry.len());
    assert!(damaged.len() >= 6, "the two halves of bytes, too");
    assert_eq!(fs::read(&file).expect("the log"), bytes, "a read only reports");
    client.log("p", "t", &["{\"n\":4}"]).await.expect("appended");
    let written = fs::read(&file).expect("the log");
    assert_eq!(written[..bytes.len()], bytes, "and so does an append");
    assert_eq!(client.read_log("p", "t").await.last().expect("entries").entry, "{\"n\":4}");
}

#[tokio::test]
async fn a_symlink_in_place_of_a_log_is_refused_and_never_followed() {
    let (server, mut client) = with_task().await;
    let outside = tempfile::tempdir().expect("a folder");
    let target = put(outside.path(), "target", "{\"secret\":1}\n");
    std::os::unix::fs::symlink(&target, server.root().join("p/t/task.log")).expect("a link");
    let refused = client.log("p", "t", &["{}"]).await;
    assert_refused(refused, Code::FailedPrecondition, "NOT_A_REGULAR_FILE", "task.log");
    let refused = refused_read(&mut client, read(0)).await;
    assert_eq!(reason(&refused), "NOT_A_REGULAR_FILE");
    assert_eq!(fs::read(&target).expect("the target"), b"{\"secret\":1}\n");
}

#[tokio::test]
async fn a_large_log_is_read_in_parts_and_completely() {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_task("p", "t").await;
    let line = |n: usize| format!("{{\"n\":{n},\"fill\":\"{}\"}}", "x".repeat(n % 3000));
    let content: String = (0..6000).map(|n| line(n) + "\n").collect();
    assert!(content.len() > 8 << 20);
    put(server.root(), "p/t/task.log", &content);
    let mut stream = client.0.read_task_log(read(0)).await.expect("a log").into_inner();
    let (mut entries, mut next_offset) = (Vec::new(), 0);
    while let Some(part) = stream.message().await.expect("the stream goes on") {
        assert!(part.entries.first().is_none_or(|first| first.offset == next_offset));
        next_offset = part.next_offset;
        entries.extend(part.entries);
    }
    assert_eq!(usize::try_from(next_offset), Ok(content.len()));
    assert_eq!(lines(&entries), content.lines().collect::<Vec<_>>());
}
