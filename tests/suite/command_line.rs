//! What a person and a script see of the command line: output, notes, exit codes.

mod artifacts;
mod buses;
mod checkpoints;
mod env;
mod exits;
mod facts;
mod follow;
mod gc;
mod logs;
mod lost_answer;
mod place;
mod post;
mod projects;
mod read;
mod run_meta;
mod runs;
mod serve;
mod status;
mod task_log;
mod tasks;
mod wait;
mod watch;

use std::io::Write as _;
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::server::{Lines, Server, output_with_deadline, wait_with_deadline};

fn code(output: &Output) -> i32 {
    output.status.code().expect("ended by itself")
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("text")
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("text")
}

pub(crate) fn with_stdin(mut command: Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("callboard starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    // The command may have enough before the input ends.
    let _ = stdin.write_all(input);
    drop(stdin);
    output_with_deadline(child)
}

/// A client command that runs while the test goes on.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) stdout: Lines,
    pub(crate) stderr: Lines,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("callboard starts");
        let stdout = Lines::of(child.stdout.take().expect("piped"));
        let stderr = Lines::of(child.stderr.take().expect("piped"));
        Self { child, stdout, stderr }
    }

    fn interrupt(mut self) -> i32 {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a pid");
        kill_process(pid, Signal::INT).expect("it runs");
        wait_with_deadline(&mut self.child).code().expect("ended by itself")
    }

    fn body(&self) -> String {
        let line = self.stdout.next().expect("a message");
        let value: Value = serde_json::from_str(&line).expect("JSON");
        value["body"].as_str().expect("a body").to_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn post(server: &Server, project: &str, body: &str) -> String {
    let id = server.ok(&["post", "--project", project, "--type", "INFO", "--body", body]);
    id.trim_end().to_owned()
}

fn bodies(json_lines: &str) -> Vec<String> {
    json_lines
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).expect("JSON")["body"]
                .as_str()
                .expect("body")
                .to_owned()
        })
        .collect()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("no JSON: {error}\n{text}"))
}

/// Creates a run of the agent claude.
fn create_run(server: &Server, project: &str, task: &str, run: &str, more: &[&str]) {
    let arguments = ["run", "create", "--agent=claude"];
    let place = ["--project", project, "--task", task, "--run", run];
    assert_eq!(server.ok(&[&arguments, &place[..], more].concat()).trim_end(), run);
}

/// Returns the id of a process that is gone.
fn gone_pid() -> String {
    let mut child = Command::new("true").spawn().expect("true starts");
    let pid = child.id().to_string();
    child.wait().expect("it ends");
    pid
}
