//! Between the creation of the run and the start of its command: what goes wrong there
//! ends the run.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use tempfile::TempDir;

use super::{Running, exec, file, messages, run_info, types};
use crate::client::eventually;
use crate::server::Server;

/// More than fits into the request that creates a run.
const LONG: usize = (1 << 20) + 1;

/// A prompt that is a pipe: nobody knows how long it is.
fn pipe() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("prompt");
    assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
    (folder, path)
}

/// Starts a run with the prompt, and writes the first part of that.
fn start(server: &Server, path: &Path) -> (Running, fs::File) {
    let flag = format!("--prompt={}", path.display());
    let running = Running::start(exec(server, &[&flag], &["echo", "started"]));
    let mut prompt = OpenOptions::new().write(true).open(path).expect("a reader");
    prompt.write_all(&vec![b'x'; LONG]).expect("it is read");
    (running, prompt)
}

async fn assert_failed(server: &Server, word: &str) {
    let run = run_info(server).await;
    assert_eq!((run.status.as_str(), run.exit_code), ("failed", 125));
    assert!(run.error_summary.contains(word), "{}", run.error_summary);
    let messages = messages(server).await;
    assert_eq!(types(&messages), ["RUN_CRASH"]);
    assert_eq!(messages[0].body, run.error_summary);
}

#[tokio::test]
async fn a_signal_before_the_command_is_started_fails_the_run() {
    for (signal, name) in
        [(Signal::TERM, "SIGTERM"), (Signal::INT, "SIGINT"), (Signal::HUP, "SIGHUP")]
    {
        let server = Server::start();
        let (_folder, path) = pipe();
        let (mut running, _prompt) = start(&server, &path);
        let stored = file(&server, "prompt.md");
        eventually("it is stored", async || stored.exists()).await;
        running.signal(signal);
        assert_eq!(running.ended(), 125, "{name}");
        assert_eq!(running.stdout.rest(), [""; 0], "it is not started");
        let told = running.stderr.rest().join("\n");
        let sentence = format!("cannot start the command: told to end by {name}");
        assert!(told.contains(&sentence), "{told}");
        assert_failed(&server, &sentence).await;
    }
}

#[tokio::test]
async fn a_prompt_that_cannot_be_stored_fails_the_run() {
    let server = Server::start();
    let (_folder, path) = pipe();
    let (mut running, mut prompt) = start(&server, &path);
    let stored = file(&server, "prompt.md");
    let is_stored = async || fs::metadata(&stored).is_ok_and(|file| file.len() == LONG as u64);
    eventually("the first part is stored", is_stored).await;
    fs::remove_file(&stored).expect("it is there");
    fs::create_dir(&stored).expect("a folder");
    prompt.write_all(b"more").expect("it is read");
    drop(prompt);
    assert_eq!(running.ended(), 125);
    assert_eq!(running.stdout.rest(), [""; 0], "it is not started");
    assert_failed(&server, "prompt.md").await;
}
