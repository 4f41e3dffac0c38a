//! `callboard artifacts` and `callboard artifact`.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};
use sha2::{Digest as _, Sha256};

use super::lost_answer::{cut_the_first_connection, lose_the_first_answer};
use super::{Running, code, json, stderr, stdout, with_stdin};
use crate::server::{Server, wait_with_deadline};

const PLACE: [&str; 2] = ["--project=p", "--task=t"];

fn server_with_task() -> Server {
    let server = Server::start();
    server.ok(&["task", "create", "--description=x", PLACE[0], PLACE[1]]);
    server
}

fn artifact<'a>(command: &[&'a str]) -> Vec<&'a str> {
    [&["artifact"], command, &PLACE].concat()
}

/// A file beside the root.
fn file(server: &Server, name: &str, content: &[u8]) -> PathBuf {
    let path = server.root().with_file_name(name);
    fs::write(&path, content).expect("a file");
    path
}

fn put(server: &Server, path: &Path, more: &[&str]) -> String {
    let path = path.to_str().expect("a name");
    server.ok(&[&artifact(&["put", path]), more].concat()).trim_end().to_owned()
}

/// Bytes of which no two chunks are alike.
fn bytes(length: usize) -> Vec<u8> {
    (0..length.div_ceil(8) as u64)
        .flat_map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes())
        .take(length)
        .collect()
}

fn hash(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

#[test]
fn artifacts_are_plain_versioned_or_attachments_and_listed_with_their_sizes() {
    let server = server_with_task();
    assert_eq!(server.ok(&[&["artifacts"][..], &PLACE].concat()), "");
    let report = file(&server, "report.md", b"# report\n");
    assert_eq!(put(&server, &report, &[]), "artifacts/report.md");
    assert_eq!(put(&server, &report, &["--versioned"]), "artifacts/report.1.md");
    assert_eq!(put(&server, &report, &["--versioned"]), "artifacts/report.2.md");
    assert_eq!(put(&server, &report, &["--name=sdd/spec.md"]), "artifacts/sdd/spec.md");
    let attachment = put(&server, &report, &["--attachment"]);
    assert!(
        attachment.starts_with("ATTACH-") && attachment.ends_with("-report.md"),
        "{attachment}"
    );

    let table = server.ok(&[&["artifacts", "--sha256"][..], &PLACE].concat());
    let lines: Vec<Vec<&str>> =
        table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["PATH", "VERSION", "SIZE", "MODIFIED", "SHA256"]);
    let names: Vec<&str> = lines[1..].iter().map(|line| line[0]).collect();
    let expected = [
        "artifacts/report.1.md",
        "artifacts/report.2.md",
        "artifacts/report.md",
        "artifacts/sdd/spec.md",
    ];
    assert_eq!(names, [&[attachment.as_str()][..], &expected].concat());
    assert_eq!(lines[3][1..4], ["2", "9", "B"]);
    assert_eq!(lines[3][5], hash(b"# report\n"));

    for name in ["report.2.md", "artifacts/report.2.md", "sdd/spec.md", &attachment] {
        assert_eq!(server.ok(&artifact(&["get", name])), "# report\n", "{name}");
    }
    for (name, reason) in
        [("none", "ARTIFACT_NOT_FOUND]\n  callboard artifacts"), ("../x", "PATH_TRAVERSAL]")]
    {
        let output = server.run(&artifact(&["get", name]));
        assert_eq!(code(&output), 1);
        assert!(stderr(&output).contains(reason), "{}", stderr(&output));
    }
    let output = server.run(&artifact(&["delete", "report.2.md"]));
    assert!(stderr(&output).contains("removed artifact report.2.md"), "{}", stderr(&output));
    assert_eq!(code(&server.run(&artifact(&["delete", &attachment]))), 0);
    assert_eq!(code(&server.run(&artifact(&["delete", "report.2.md"]))), 1);
    let again = artifact(&["delete", "report.2.md", "--allow-missing", "--json"]);
    assert_eq!(server.ok(&again), "{\"existed\":false}\n");
}

#[test]
fn artifacts_of_every_size_come_back_byte_for_byte() {
    let server = server_with_task();
    for (index, size) in [0, 1, 1 << 20, (1 << 20) + 1, 5_000_003].into_iter().enumerate() {
        let content = bytes(size);
        let path = file(&server, "content", &content);
        let name = format!("--name=from-file-{index}");
        put(&server, &path, &[&name]);
        let piped = format!("--name=from-stdin-{index}");
        let output =
            with_stdin(server.command(&artifact(&["put", "-", &piped, "--json"])), &content);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        assert_eq!(json(stdout(&output))["artifact"]["sha256"], hash(&content));
        for name in [&name, &piped] {
            let name = name.trim_start_matches("--name=");
            assert_eq!(server.run(&artifact(&["get", name])).stdout, content, "{name}");
            let target = server.root().with_file_name("target");
            let saved = server.ok(&artifact(&[
                "get",
                name,
                "--json",
                "-o",
                target.to_str().expect("a name"),
            ]));
            assert_eq!(json(&saved)["sha256"], hash(&content));
            assert_eq!(fs::read(&target).expect("the file"), content, "{name}");
        }
    }
    assert_eq!(server.run(&artifact(&["get", "from-file-4", "-o", "-"])).stdout, bytes(5_000_003));
    assert_eq!(server.run(&artifact(&["get", "from-file-4", "--head=4K"])).stdout, bytes(4096));
    assert_eq!(server.run(&artifact(&["get", "from-file-1", "--head=4K"])).stdout, bytes(1));
}

#[test]
fn content_of_another_sha256_is_not_saved() {
    let server = server_with_task();
    let other = format!("--sha256={}", hash(b"other").to_uppercase());
    for size in [10, 3 << 20] {
        let path = file(&server, "content", &bytes(size));
        let put = artifact(&["put", path.to_str().expect("a name"), &other]);
        let output = server.run(&put);
        assert_eq!(code(&output), 1);
        assert!(stderr(&output).contains("[CHECKSUM_MISMATCH]"), "{}", stderr(&output));
        let piped = artifact(&["put", "-", "--name=content", &other]);
        let output = with_stdin(server.command(&piped), &bytes(size));
        assert!(stderr(&output).contains("[CHECKSUM_MISMATCH]"), "{}", stderr(&output));
    }
    assert_eq!(server.ok(&[&["artifacts"][..], &PLACE].concat()), "");
    let good = format!("--sha256={}", hash(&bytes(10)).to_uppercase());
    assert_eq!(put(&server, &file(&server, "content", &bytes(10)), &[&good]), "artifacts/content");
    assert_eq!(code(&server.run(&artifact(&["put", "-", "--name=x", "--sha256=abc"]))), 2);
    assert_eq!(code(&server.run(&artifact(&["put", "-"]))), 2);
    assert_eq!(code(&server.run(&artifact(&["put", "/nonexistent/file"]))), 1);
    assert_eq!(code(&server.run(&artifact(&["put", "/", "--name=x"]))), 1);
}

#[test]
fn a_file_that_is_not_fetched_to_its_end_leaves_what_was_there() {
    let server = server_with_task();
    put(&server, &file(&server, "a", b"new"), &[]);
    let folder = server.root().with_file_name("target");
    fs::create_dir(&folder).expect("a folder");
    let target = folder.join("file");
    fs::write(&target, "old").expect("a file");
    let target = target.to_str().expect("a name");
    let output = server.run(&artifact(&["get", "none", "-o", target]));
    assert_eq!(code(&output), 1);
    assert_eq!(fs::read(target).expect("the file"), b"old");
    let output = server.run(&artifact(&["get", "a", "-o", folder.to_str().expect("a name")]));
    assert!(stderr(&output).contains("it is no regular file"), "{}", stderr(&output));
    assert_eq!(server.ok(&artifact(&["get", "a", "-o", target])), "");
    assert_eq!(fs::read(target).expect("the file"), b"new");
    assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 1);
}

/// Saves a file as a new version while its connection is broken by `broken`: it is there
/// once.
fn save_across_a_break(length: usize, broken: impl FnOnce(&Server, &[&str]) -> Running) {
    let server = server_with_task();
    let content = file(&server, "dump.sql", &bytes(length));
    let command = artifact(&["put", content.to_str().expect("a name"), "--versioned"]);
    let put = broken(&server, &command);
    assert_eq!(put.stdout.next().as_deref(), Some("artifacts/dump.1.sql"));
    let listed = server.ok(&[&["artifacts", "--json", "--sha256"][..], &PLACE].concat());
    assert_eq!(json(&listed)["sha256"], hash(&bytes(length)));
}

#[test]
fn an_artifact_whose_answer_is_lost_is_sent_again_and_saved_once() {
    save_across_a_break(10, |server, command| {
        let watch = Running::start(server.command(&["watch", "--project=p", "--kind=artifact"]));
        watch.stderr.until("synced");
        lose_the_first_answer(server, command, || {
            watch.stdout.until("artifacts/dump.1.sql");
        })
    });
}

#[test]
fn an_upload_that_breaks_off_is_sent_again_and_saved_once() {
    save_across_a_break(8 << 20, |server, command| {
        cut_the_first_connection(server, command, 3 << 20)
    });
}

#[test]
fn the_same_request_id_saves_once() {
    let server = server_with_task();
    let content = file(&server, "a.md", b"a");
    let command =
        artifact(&["put", content.to_str().expect("a name"), "--versioned", "--request-id=r"]);
    assert_eq!(server.ok(&command), "artifacts/a.1.md\n");
    let again = server.run(&command);
    assert_eq!(stdout(&again), "artifacts/a.1.md\n");
    assert!(stderr(&again).contains("nothing was saved again"), "{}", stderr(&again));
}

#[test]
fn a_signal_ends_a_fetch_and_only_one_into_a_file_looks_after_that_itself() {
    let server = server_with_task();
    let folder = server.root().with_file_name("target");
    fs::create_dir(&folder).expect("a folder");
    let target = folder.join("file");
    let target = target.to_str().expect("a name");
    for (more, signal, code) in [
        (&["-o", target][..], Signal::INT, Some(1)),
        (&["-o", target], Signal::TERM, Some(1)),
        (&["-o", target], Signal::HUP, Some(1)),
        (&[], Signal::INT, None),
        (&["-o", "-"], Signal::TERM, None),
    ] {
        // A server that never answers.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound").to_string();
        let get = [&artifact(&["get", "a", "--addr", &address])[..], more].concat();
        let mut get = Running::start(server.command(&get));
        let _connection = listener.accept().expect("it connects");
        let pid = i32::try_from(get.child.id()).ok().and_then(Pid::from_raw).expect("a pid");
        kill_process(pid, signal).expect("it runs");
        let status = wait_with_deadline(&mut get.child);
        assert_eq!(status.code(), code, "{more:?} {signal:?}");
        assert_eq!(status.signal(), code.is_none().then_some(signal.as_raw()), "{more:?}");
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 0);
    }
}
