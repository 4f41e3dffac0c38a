//! What a command writes: passed through, kept byte for byte, and its result.

use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;
use std::time::{Duration, Instant};

use callboard::grpc::pb;

use super::{Running, code, content, exec, file, run_info, run_script, stderr, storage};
use crate::client::eventually;
use crate::server::{DEADLINE, Server, output_of, wait_with_deadline};

#[tokio::test]
async fn both_streams_are_passed_through_and_kept_byte_for_byte() {
    let server = Server::start();
    let script = r"printf 'a\0\377\r\nb'; printf 'e\376\n' >&2; exit 7";
    let output = run_script(&server, &[], script);
    assert_eq!(code(&output), 7, "{}", stderr(&output));
    assert_eq!(output.stdout, b"a\0\xff\r\nb");
    assert_eq!(output.stderr, b"e\xfe\n");
    assert_eq!(content(&server, "agent-stdout.txt"), b"a\0\xff\r\nb");
    assert_eq!(content(&server, "agent-stderr.txt"), b"e\xfe\n");
    assert_eq!(content(&server, "output.md"), b"a\0\xff\r\nb");
}

#[tokio::test]
async fn quietly_it_is_kept_and_not_passed_through() {
    let server = Server::start();
    let output = run_script(&server, &["--quiet"], "echo out; echo err >&2");
    assert_eq!((code(&output), &output.stdout[..], &output.stderr[..]), (0, &b""[..], &b""[..]));
    assert_eq!(content(&server, "agent-stdout.txt"), b"out\n");
    assert_eq!(content(&server, "agent-stderr.txt"), b"err\n");
}

#[tokio::test]
async fn the_result_is_what_the_command_wrote_there_itself() {
    let server = Server::start();
    let script = r#"echo chatter; printf mine > "$JRUN_RUN_FOLDER/output.md""#;
    let output = run_script(&server, &[], script);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!(content(&server, "output.md"), b"mine");
    assert_eq!(content(&server, "agent-stdout.txt"), b"chatter\n");
}

#[tokio::test]
async fn a_command_that_says_nothing_has_an_empty_result() {
    let server = Server::start();
    let output = run_script(&server, &[], "echo only >&2");
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!(content(&server, "output.md"), b"");
}

#[tokio::test]
async fn a_follower_sees_a_line_while_the_command_runs() {
    let server = Server::start();
    let mut running = Running::start(exec(&server, &[], &["sh", "-c", "echo ready; read line"]));
    assert_eq!(running.stdout.next().as_deref(), Some("ready"));
    let request = pb::ReadRunFileRequest {
        run_id: "r".into(),
        file: "stdout".into(),
        follow: true,
        ..Default::default()
    };
    let mut parts =
        storage(&server).await.read_run_file(request).await.expect("a stream").into_inner();
    let part = tokio::time::timeout(DEADLINE, parts.message()).await.expect("in time");
    assert_eq!(part.expect("a part").expect("a part").chunk, b"ready\n");
    running.tell("go");
    assert_eq!(running.end(), 0);
}

#[tokio::test]
async fn twenty_mebibytes_are_kept_in_order_and_fast() {
    let server = Server::start();
    let began = Instant::now();
    let output = output_of(exec(&server, &[], &["seq", "1", "3000000"]));
    let took = began.elapsed();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let expected: String = (1..=3_000_000).map(|n| format!("{n}\n")).collect();
    assert!(expected.len() > 20 << 20);
    assert!(output.stdout == expected.as_bytes(), "it is passed through whole");
    assert!(content(&server, "agent-stdout.txt") == expected.as_bytes(), "it is kept whole");
    assert!(content(&server, "output.md") == expected.as_bytes(), "it is the result");
    assert!(took < Duration::from_secs(15), "it took {took:?}");
}

#[tokio::test]
async fn a_reader_that_has_enough_stops_nothing() {
    let server = Server::start();
    let mut command = exec(&server, &[], &["sh", "-c", "seq 1 200000; echo end >&2; exit 4"]);
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut first = String::new();
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    stdout.read_line(&mut first).expect("a line");
    assert_eq!(first, "1\n");
    drop(stdout);
    let mut told = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut told).expect("text");
    assert_eq!(wait_with_deadline(&mut child).code(), Some(4));
    let note = "callboard: nobody reads stdout any more; the run goes on and is recorded";
    assert_eq!(told.lines().filter(|line| *line == note).count(), 1, "{told}");
    let expected: String = (1..=200_000).map(|n| format!("{n}\n")).collect();
    assert!(content(&server, "agent-stdout.txt") == expected.as_bytes());
    assert_eq!(content(&server, "agent-stderr.txt"), b"end\n");
}

#[tokio::test]
async fn a_reader_that_does_not_read_holds_up_no_end_of_the_run() {
    let server = Server::start();
    // More than waits for the reader while the command runs, but the rest fits into the
    // command's pipe.
    const BYTES: usize = 1340 << 10;
    let script = format!("head -c {BYTES} /dev/zero");
    let mut command = exec(&server, &[], &["sh", "-c", &script]);
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    eventually("the run exists", async || file(&server, "run-info.yaml").exists()).await;
    eventually("the run ends", async || run_info(&server).await.status == "completed").await;
    let mut passed_through = Vec::new();
    let mut stdout = child.stdout.take().expect("piped");
    stdout.read_to_end(&mut passed_through).expect("it is read");
    assert_eq!(passed_through.len(), BYTES);
    assert_eq!(wait_with_deadline(&mut child).code(), Some(0));
}

#[tokio::test]
async fn what_another_program_appends_stays_and_is_gone_on_behind() {
    let server = Server::start();
    let script = "echo one; read line; echo two; read line; echo three";
    let mut running = Running::start(exec(&server, &[], &["sh", "-c", script]));
    let path = file(&server, "agent-stdout.txt");
    let holds = async |text: &str| {
        let is = async || fs::read(&path).is_ok_and(|content| content == text.as_bytes());
        eventually(text, is).await;
    };
    holds("one\n").await;
    let mut foreign = OpenOptions::new().append(true).open(&path).expect("the file");
    foreign.write_all(b"foreign\n").expect("written");
    running.tell("go");
    holds("one\nforeign\ntwo\n").await;
    foreign.write_all(b"again\n").expect("written");
    running.tell("go");
    assert_eq!(running.end(), 0);
    assert_eq!(content(&server, "agent-stdout.txt"), b"one\nforeign\ntwo\nagain\nthree\n");
    assert_eq!(running.stdout.rest(), ["one", "two", "three"]);
    let notes = running.stderr.rest();
    assert_eq!(notes.len(), 1, "it is told once: {notes:?}");
    assert!(notes[0].contains("another program wrote to the run's stdout"), "{notes:?}");
}

#[tokio::test]
async fn a_prompt_of_any_length_is_kept_and_the_commands_stdin_is_its_own() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("prompt.md");
    let long: Vec<u8> = (0..(3 << 20) + 5).map(|n: u32| n.to_le_bytes()[1]).collect();
    for prompt in [&b"do it\n"[..], b"\xff no text", &long] {
        fs::write(&path, prompt).expect("written");
        let server = Server::start();
        let flag = format!("--prompt={}", path.display());
        let script = r#"cat "$JRUN_RUN_FOLDER/prompt.md"; cat >&2"#;
        let output = run_script(&server, &[&flag], script);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        assert!(output.stdout == prompt, "the command finds it");
        assert!(output.stderr.is_empty(), "stdin is empty");
    }
    let output = run_script(&server, &["--prompt=/nonexistent/prompt"], "echo started");
    assert_eq!((code(&output), &output.stdout[..]), (125, &b""[..]));
    assert!(stderr(&output).contains("cannot open /nonexistent/prompt"), "{}", stderr(&output));
}
