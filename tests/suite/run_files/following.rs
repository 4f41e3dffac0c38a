//! Following a file for as long as its run runs.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use callboard::grpc::pb;
use rustix::process::Signal;
use tonic::Code;

use super::{Chunks, append, append_directly, follow, with_run, write};
use crate::client::reason;
use crate::storage_client::{StorageClient, new_run};

/// Whatever is written before the end comes before the end.
#[tokio::test]
async fn a_followed_file_ends_with_its_run_and_with_all_that_was_written_before() {
    let (server, mut client, _) = with_run().await;
    for round in 0..20 {
        let run = format!("run-{round}");
        client.new_run("demo", "t", &run).await;
        let path = server.root().join("demo/t/runs").join(&run).join("agent-stdout.txt");
        append_directly(&path, b"begin\n");
        let request = pb::ReadRunFileRequest { run_id: run.clone(), ..follow("stdout") };
        let mut chunks = Chunks::open(&mut client, request).await;
        assert_eq!(chunks.bytes(6).await, b"begin\n");
        let mut other = client.clone();
        let mut expected = Vec::new();
        for n in 0..10 {
            let line = format!("{round}.{n}\n");
            append_directly(&path, line.as_bytes());
            expected.extend(line.into_bytes());
        }
        let last = pb::AppendRunOutputRequest {
            run_id: run.clone(),
            ..append("stdout", None, b"last\xe2")
        };
        other.append_run_output(last).await.expect("appended");
        // Half a character: nothing will complete it.
        expected.extend(b"last\xe2");
        other.end(&run, "completed").await.expect("an end");
        assert_eq!(chunks.rest().await, expected, "round {round}");
    }
    // One that has ended is read to its end, followed or not.
    let request = pb::ReadRunFileRequest { run_id: "run-0".into(), ..follow("stdout") };
    let all = Chunks::open(&mut client, request).await.rest().await;
    assert!(all.starts_with(b"begin\n0.0\n") && all.ends_with(b"last\xe2"));
}

/// Twenty appends, each made when the one before has come, are through in less than
/// the ten seconds that looking every half second would take.
#[tokio::test]
async fn what_agents_append_themselves_comes_without_waiting_for_a_look() {
    let (_server, mut client, folder) = with_run().await;
    for (file, name) in [("stdout", "agent-stdout.txt"), ("logs/own.log", "logs/own.log")] {
        append_directly(&folder.join(name), b"begin");
        let mut chunks = Chunks::open(&mut client, follow(file)).await;
        assert_eq!(chunks.bytes(5).await, b"begin");
        let began = Instant::now();
        for n in 0..20 {
            let line = format!("line {n}\n");
            append_directly(&folder.join(name), line.as_bytes());
            assert_eq!(chunks.bytes(line.len()).await, line.as_bytes());
        }
        let took = began.elapsed();
        assert!(took < Duration::from_secs(5), "{file}: {took:?}");
    }
}

#[tokio::test]
async fn half_a_character_waits_for_its_other_half() {
    let (_server, mut client, folder) = with_run().await;
    let path = folder.join("agent-stdout.txt");
    append_directly(&path, b"");
    let mut chunks = Chunks::open(&mut client, follow("stdout")).await;
    let steps: [(&[u8], &str); 8] = [
        (b"a\xe2", "a"),
        (b"\x82\xacb\xe2\x82", "€b"),
        (b"\xacc\xf0", "€c"),
        (b"\x9f\x98\x80d\xf0\x9f", "😀d"),
        (b"\x98\x80e\xf0\x9f\x98", "😀e"),
        (b"\x80f\xc3", "😀f"),
        (b"\xa9", "é"),
        (b"end", "end"),
    ];
    for (bytes, expected) in steps {
        append_directly(&path, bytes);
        assert_eq!(chunks.bytes(expected.len()).await, expected.as_bytes(), "{bytes:?}");
    }
    // Byte by byte.
    let text = "a€😀é".repeat(50);
    let writer = std::thread::spawn({
        let (path, text) = (path.clone(), text.clone());
        move || text.as_bytes().iter().for_each(|byte| append_directly(&path, &[*byte]))
    });
    let mut got = String::new();
    while got.len() < text.len() {
        let chunk = chunks.next().await.expect("more comes");
        got.push_str(std::str::from_utf8(&chunk.chunk).expect("whole characters"));
    }
    assert_eq!(got, text);
    writer.join().expect("all is written");
}

#[tokio::test]
async fn a_file_that_does_not_exist_yet_is_waited_for() {
    let (_server, mut client, folder) = with_run().await;
    fs::remove_dir(folder.join("logs")).expect("an empty folder");
    for (file, name) in [("stdout", "agent-stdout.txt"), ("logs/new.log", "logs/new.log")] {
        let mut chunks = Chunks::open(&mut client, follow(file)).await;
        // Also one that is asked for its last lines.
        let request = pb::ReadRunFileRequest { tail_lines: 3, ..follow(file) };
        let mut tail = Chunks::open(&mut client, request).await;
        // It is told where it begins, to go on from there after a break.
        let first = tail.next().await.expect("where it begins");
        assert_eq!((first.chunk.len(), first.offset), (0, 0));
        fs::create_dir_all(folder.join("logs")).expect("a folder");
        append_directly(&folder.join(name), b"here");
        assert_eq!(chunks.bytes(4).await, b"here");
        assert_eq!(tail.bytes(4).await, b"here");
    }
    // Nothing ever comes of a run that ends.
    let mut chunks = Chunks::open(&mut client, follow("stderr")).await;
    client.end("r", "failed").await.expect("an end");
    assert_eq!(chunks.rest().await, b"");
}

#[tokio::test]
async fn following_ends_when_the_process_is_gone_or_the_run_removed() {
    let (_server, mut client, folder) = with_run().await;
    let mut child =
        Command::new("sleep").arg("600").stdout(Stdio::null()).spawn().expect("a process");
    let pid = i32::try_from(child.id()).expect("a pid");
    let run = pb::CreateRunRequest { pid, ..new_run("demo", "t", "p") };
    client.create_run(run).await.expect("a run");
    let request = pb::ReadRunFileRequest { run_id: "p".into(), ..follow("stdout") };
    let path = folder.parent().expect("a folder").join("p/agent-stdout.txt");
    append_directly(&path, b"begin");
    let mut chunks = Chunks::open(&mut client, request).await;
    assert_eq!(chunks.bytes(5).await, b"begin");
    append_directly(&path, b"last");
    child.kill().expect("it was there");
    child.wait().expect("it was ours");
    assert_eq!(chunks.rest().await, b"last");

    append_directly(&folder.join("agent-stdout.txt"), b"begin");
    let mut chunks = Chunks::open(&mut client, follow("stdout")).await;
    assert_eq!(chunks.bytes(5).await, b"begin");
    let delete = pb::DeleteRunRequest { run_id: "r".into(), ..Default::default() };
    client.delete_run(delete).await.expect("removed");
    assert_eq!(chunks.rest().await, b"");
}

#[tokio::test]
async fn a_file_that_is_cut_or_replaced_is_begun_anew() {
    let (_server, mut client, folder) = with_run().await;
    let path = folder.join("agent-stdout.txt");
    append_directly(&path, b"a first content");
    let mut chunks = Chunks::open(&mut client, follow("stdout")).await;
    let first = chunks.next().await.expect("a chunk");
    assert_eq!((first.chunk.as_slice(), first.restarted), (&b"a first content"[..], false));
    // As `> file` does.
    fs::write(&path, "cut").expect("written");
    let mut cut = Vec::new();
    let mut restarts = 0;
    while cut != b"cut" {
        let chunk = chunks.next().await.expect("a chunk");
        if chunk.restarted {
            restarts += 1;
            cut.clear();
        }
        cut.extend(chunk.chunk);
    }
    assert_eq!(restarts, 1);
    append_directly(&path, b", more");
    let more = chunks.next().await.expect("a chunk");
    assert_eq!((more.chunk.as_slice(), more.restarted), (&b", more"[..], false));
    // By the service, with something longer; and by rename, with the same length.
    client.write_run_file(write("stdout", b"replaced by us")).await.expect("written");
    let chunk = chunks.next().await.expect("a chunk");
    assert_eq!((chunk.chunk.as_slice(), chunk.restarted), (&b"replaced by us"[..], true));
    fs::write(folder.join("new"), "replaced by ME").expect("written");
    fs::rename(folder.join("new"), &path).expect("renamed");
    let chunk = chunks.next().await.expect("a chunk");
    assert_eq!((chunk.chunk.as_slice(), chunk.restarted), (&b"replaced by ME"[..], true));
    append_directly(&path, b"!");
    assert_eq!(chunks.bytes(1).await, b"!");
    client.end("r", "completed").await.expect("an end");
    assert!(chunks.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn following_goes_on_at_its_offset_after_a_crash_of_the_server() {
    let (mut server, mut client, folder) = with_run().await;
    let path = folder.join("agent-stdout.txt");
    append_directly(&path, b"");
    let (mut text, mut got) = (Vec::<u8>::new(), Vec::<u8>::new());
    for crash in 0..4 {
        let part: String = (0..5_000).map(|n| format!("€ {crash}.{n}\n")).collect();
        text.extend(part.as_bytes());
        // It goes on while the server is gone.
        let writer = std::thread::spawn({
            let path = path.clone();
            move || part.as_bytes().chunks(101).for_each(|bytes| append_directly(&path, bytes))
        });
        let offset = i64::try_from(got.len()).expect("a size");
        let request = pb::ReadRunFileRequest { offset, ..follow("stdout") };
        let mut chunks = Chunks::open(&mut client, request).await;
        while let Ok(Some(chunk)) = chunks.try_next().await {
            got.extend(chunk.chunk);
            // Only what this round writes leads there.
            if got.len() > text.len() - 20_000 {
                server.kill();
            }
        }
        writer.join().expect("all is written");
        server.restart();
        client = StorageClient::connect(&server).await;
    }
    client.end("r", "completed").await.expect("an end");
    let offset = i64::try_from(got.len()).expect("a size");
    let request = pb::ReadRunFileRequest { offset, ..follow("stdout") };
    got.extend(Chunks::open(&mut client, request).await.rest().await);
    assert!(got == text, "{} of {} bytes", got.len(), text.len());
}

// The client must go on working while the test waits for the process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn following_ends_with_the_server_and_does_not_hold_it_up() {
    let (mut server, mut client, folder) = with_run().await;
    append_directly(&folder.join("agent-stdout.txt"), b"begin");
    let mut chunks = Chunks::open(&mut client, follow("stdout")).await;
    assert_eq!(chunks.bytes(5).await, b"begin");
    let began = Instant::now();
    server.signal(Signal::TERM);
    let ended = chunks.try_next().await.expect_err("an error ends it");
    assert_eq!((ended.code(), reason(&ended).as_str()), (Code::Unavailable, "SHUTTING_DOWN"));
    assert_eq!(server.ended().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

/// Whoever records the output of a process that has ended may need a moment.
#[tokio::test]
async fn what_is_recorded_after_the_process_is_gone_still_comes() {
    let (_server, mut client, _) = with_run().await;
    let mut child =
        Command::new("sleep").arg("600").stdout(Stdio::null()).spawn().expect("a process");
    let pid = i32::try_from(child.id()).expect("a pid");
    let run = pb::CreateRunRequest { pid, ..new_run("demo", "t", "p") };
    client.create_run(run).await.expect("a run");
    let of_p = |request| pb::AppendRunOutputRequest { run_id: "p".into(), ..request };
    client.append_run_output(of_p(append("stdout", None, b"begin"))).await.expect("appended");
    let request = pb::ReadRunFileRequest { run_id: "p".into(), ..follow("stdout") };
    let mut chunks = Chunks::open(&mut client, request).await;
    assert_eq!(chunks.bytes(5).await, b"begin");
    child.kill().expect("it was there");
    child.wait().expect("it was ours");
    let mut rest = Box::pin(chunks.rest());
    // Longer than it takes to look again and see that the process is gone.
    let early = tokio::time::timeout(Duration::from_millis(1500), &mut rest).await;
    assert!(early.is_err(), "it ended while output may still be recorded: {early:?}");
    client.append_run_output(of_p(append("stdout", None, b"last"))).await.expect("appended");
    client.end("p", "completed").await.expect("an end");
    assert_eq!(rest.await, b"last");
}
