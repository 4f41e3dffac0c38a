//! `callboard run exec`: a command as a run, from its start to its end.

mod breaks;
mod captured;
mod ends;
mod signals;
mod start;
mod surroundings;

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Output, Stdio};

use callboard::grpc::pb;
use pb::storage_client::StorageClient;
use rustix::process::{Pid, Signal, kill_process};
use tonic::transport::Channel;

use crate::client::{Client, channel};
use crate::server::{Lines, Server, output_of, wait_with_deadline};

/// Returns a command that runs another one as run `r` of task `t` in project `p`; never
/// in the foreground of the terminal that the tests may have.
fn exec(server: &Server, flags: &[&str], command: &[&str]) -> Command {
    let place = &["run", "exec", "--project=p", "--task=t", "--run=r", "--agent=sh"][..];
    let mut exec = server.command(&[place, flags, &["--"], command].concat());
    exec.process_group(0);
    exec
}

/// Runs a script as run `r` to its end.
fn run_script(server: &Server, flags: &[&str], script: &str) -> Output {
    output_of(exec(server, flags, &["sh", "-c", script]))
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("ended by itself")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Returns the path of a file of run `r`.
fn file(server: &Server, name: &str) -> PathBuf {
    server.root().join("p/t/runs/r").join(name)
}

fn content(server: &Server, name: &str) -> Vec<u8> {
    let path = file(server, name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

async fn storage(server: &Server) -> StorageClient<Channel> {
    StorageClient::new(channel(server.addr()).await)
}

/// Returns run `r`.
async fn run_info(server: &Server) -> pb::Run {
    let request = pb::GetRunInfoRequest { run_id: "r".into(), ..Default::default() };
    let answer = storage(server).await.get_run_info(request).await.expect("the run");
    answer.into_inner().run.expect("the run")
}

/// Returns the messages of task `t`.
async fn messages(server: &Server) -> Vec<pb::Message> {
    Client::connect(server).await.read_all("p", "t").await
}

fn types(messages: &[pb::Message]) -> Vec<&str> {
    messages.iter().map(|message| message.r#type.as_str()).collect()
}

/// A run that goes on while the test looks at it; its command is told by lines on stdin
/// to go on.
struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Lines,
    stderr: Lines,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("callboard starts");
        Self {
            stdin: child.stdin.take(),
            stdout: Lines::of(child.stdout.take().expect("piped")),
            stderr: Lines::of(child.stderr.take().expect("piped")),
            child,
        }
    }

    /// Writes a line to the command's stdin.
    fn tell(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("stdin is open");
        writeln!(stdin, "{line}").expect("the command reads");
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a pid");
        kill_process(pid, signal).expect("it runs");
    }

    /// Closes stdin, and returns the exit code.
    fn end(&mut self) -> i32 {
        self.stdin = None;
        self.ended()
    }

    /// Waits for the end, and returns the exit code.
    fn ended(&mut self) -> i32 {
        wait_with_deadline(&mut self.child).code().expect("ended by itself")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
