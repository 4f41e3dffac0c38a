//! A real `callboard serve` on a port of its own, for tests to speak to.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long anything that should happen at once may take on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// The binary under test.
pub(crate) const CALLBOARD: &str = env!("CARGO_BIN_EXE_callboard");

/// A running server. It is killed when it is dropped.
pub(crate) struct Server {
    /// Holds the root unless the test brought its own, and the socket.
    folder: TempDir,
    root: PathBuf,
    addr: String,
    /// Further arguments of its command line.
    further: Vec<String>,
    child: Child,
    log: Arc<Log>,
}

/// What a server has written to stderr.
#[derive(Default)]
struct Log {
    text: Mutex<String>,
    grown: Condvar,
}

impl Server {
    /// Starts a server on a new empty root.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().join("root");
        Self::start_in(folder, root, &[])
    }

    /// Starts a server on a new empty root, with further arguments.
    pub(crate) fn start_with(further: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().join("root");
        Self::start_in(folder, root, further)
    }

    /// Starts a server on a root of the caller's, which stays when it is dropped.
    #[allow(dead_code, reason = "for tests that prepare a tree first")]
    pub(crate) fn start_on(root: &Path) -> Self {
        Self::start_in(tempfile::tempdir().expect("a temporary folder"), root.to_owned(), &[])
    }

    /// The same, with further arguments.
    pub(crate) fn start_on_with(root: &Path, further: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().expect("a temporary folder"), root.to_owned(), further)
    }

    fn start_in(folder: TempDir, root: PathBuf, further: &[&str]) -> Self {
        let log = Arc::default();
        let further: Vec<String> = further.iter().map(|&argument| argument.to_owned()).collect();
        let socket = folder.path().join("socket");
        let (child, addr) = spawn(&root, "127.0.0.1:0", &socket, &further, &log);
        Self { folder, root, addr, further, child, log }
    }

    /// Returns the address it listens on, `127.0.0.1:PORT`.
    pub(crate) fn addr(&self) -> &str {
        &self.addr
    }

    /// Returns its root.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the path of its unix socket.
    pub(crate) fn uds(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// Returns its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns what it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.text.lock().expect("the log").clone()
    }

    /// Waits until it has logged `text`.
    pub(crate) fn log_until(&self, text: &str) {
        let log = self.log.text.lock().expect("the log");
        let missing = |log: &mut String| !log.contains(text);
        let (log, timeout) =
            self.log.grown.wait_timeout_while(log, DEADLINE, missing).expect("the log");
        assert!(!timeout.timed_out(), "no {text:?} in the log within {DEADLINE:?}:\n{log}");
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a pid");
        kill_process(pid, signal).expect("the server is there to be signalled");
    }

    /// Kills it with SIGKILL, as a crash would, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        self.child.wait().expect("the server was ours to wait for");
    }

    /// Ends it with SIGTERM, and returns how it ended.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.ended()
    }

    /// Waits until it has ended by itself or by an earlier signal.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        wait_with_deadline(&mut self.child)
    }

    /// Starts it again on the same root, port and socket, after [`Server::kill`] or
    /// [`Server::terminate`].
    pub(crate) fn restart(&mut self) {
        self.kill();
        let (child, addr) = spawn(&self.root, &self.addr, &self.uds(), &self.further, &self.log);
        self.child = child;
        self.addr = addr;
    }

    /// Starts it again like [`Server::restart`], but kills it so soon after its process
    /// began, ready or not.
    pub(crate) fn start_and_kill(&mut self, after: Duration) {
        self.kill();
        let mut command = serve(&self.root, &self.addr, &self.uds(), &self.further);
        self.child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("callboard serve starts");
        thread::sleep(after);
        self.kill();
    }

    /// Returns a `callboard` command that finds this server through its environment
    /// and knows no project or task.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = callboard(arguments);
        command.env("CALLBOARD_ADDR", &self.addr).env("CALLBOARD_ROOT", &self.root);
        command
    }

    /// Runs a client command with an empty stdin to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        output_of(self.command(arguments))
    }

    /// Runs a client command that must succeed, and returns its stdout.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{arguments:?}: {}\n{stderr}\n{}",
            output.status,
            self.log()
        );
        String::from_utf8(output.stdout).expect("stdout is text")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            eprintln!("--- log of the server on {} ---\n{}", self.addr, self.log());
        }
    }
}

/// Waits until something of the file system holds, which tells nobody that it does.
pub(crate) fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + DEADLINE;
    while !holds() {
        assert!(std::time::Instant::now() < deadline, "not in time: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Returns the command that runs another one's command line below a program, such as a
/// tracer, which becomes it.
pub(crate) fn below(program: &str, arguments: &[String], command: &Command) -> Command {
    let mut below = Command::new(program);
    below.args(arguments).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => below.env(name, value),
            None => below.env_remove(name),
        };
    }
    below.stdin(Stdio::null()).current_dir("/");
    below
}

/// Returns a `callboard` command with an empty stdin, in a folder outside of any
/// root, without the variables that would tell it where it is.
pub(crate) fn callboard(arguments: &[&str]) -> Command {
    let mut command = Command::new(CALLBOARD);
    command.args(arguments).stdin(Stdio::null()).current_dir("/");
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CALLBOARD_") || name.starts_with("JRUN_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command to its end, and fails the test when it does not end.
pub(crate) fn output_of(command: Command) -> Output {
    output_within(command, DEADLINE)
}

/// As [`output_of`], for a command that may take longer.
pub(crate) fn output_within(mut command: Command, deadline: Duration) -> Output {
    let child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("callboard starts");
    output_until(child, deadline)
}

/// Collects the output of a process until it has ended, and fails the test when it
/// does not end.
pub(crate) fn output_with_deadline(child: Child) -> Output {
    output_until(child, DEADLINE)
}

fn output_until(child: Child, deadline: Duration) -> Output {
    let watchdog = Watchdog::of(&child, deadline);
    let output = child.wait_with_output().expect("the process was ours to wait for");
    watchdog.call_off();
    output
}

/// Waits until a process has ended, and fails the test when it does not.
pub(crate) fn wait_with_deadline(child: &mut Child) -> ExitStatus {
    let watchdog = Watchdog::of(child, DEADLINE);
    let status = child.wait().expect("the process was ours to wait for");
    watchdog.call_off();
    status
}

/// Kills a process at the deadline, so that whoever waits for it gets an answer.
struct Watchdog {
    ended: mpsc::Sender<()>,
    thread: thread::JoinHandle<bool>,
    deadline: Duration,
}

impl Watchdog {
    fn of(child: &Child, deadline: Duration) -> Self {
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a pid");
        let (ended, end) = mpsc::channel();
        let thread = thread::spawn(move || {
            let too_late = end.recv_timeout(deadline) == Err(mpsc::RecvTimeoutError::Timeout);
            if too_late {
                let _ = kill_process(pid, Signal::KILL);
            }
            too_late
        });
        Self { ended, thread, deadline }
    }

    fn call_off(self) {
        drop(self.ended);
        let too_late = self.thread.join().expect("the watchdog does not panic");
        assert!(!too_late, "the process did not end within {:?}", self.deadline);
    }
}

/// Lines of a process's output, each awaited with a deadline.
pub(crate) struct Lines {
    lines: mpsc::Receiver<String>,
}

impl Lines {
    /// Reads the lines of `from` as they come.
    pub(crate) fn of(from: impl std::io::Read + Send + 'static) -> Self {
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(from).lines() {
                let Ok(line) = line else { return };
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { lines }
    }

    /// Returns the next line, or none when the output has ended.
    pub(crate) fn next(&self) -> Option<String> {
        match self.lines.recv_timeout(DEADLINE) {
            Ok(line) => Some(line),
            Err(mpsc::RecvTimeoutError::Disconnected) => None,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("no line within {DEADLINE:?}"),
        }
    }

    /// Passes lines over until one holds `text`, and returns it.
    pub(crate) fn until(&self, text: &str) -> String {
        loop {
            match self.next() {
                Some(line) if line.contains(text) => return line,
                Some(_) => {}
                None => panic!("the output ended before a line with {text:?}"),
            }
        }
    }

    /// Returns all lines up to the end.
    pub(crate) fn rest(&self) -> Vec<String> {
        std::iter::from_fn(|| self.next()).collect()
    }
}

/// Returns the command of a server.
fn serve(root: &Path, listen: &str, uds: &Path, further: &[String]) -> Command {
    // The server may refuse a folder for its socket that others can enter.
    if let Some(folder) = uds.parent() {
        let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    }
    let mut command = callboard(&["serve", "--listen", listen]);
    command.arg("--root").arg(root).arg("--uds").arg(uds).args(further);
    command
}

fn spawn(
    root: &Path,
    listen: &str,
    uds: &Path,
    further: &[String],
    log: &Arc<Log>,
) -> (Child, String) {
    let mut child = serve(root, listen, uds, further)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("callboard serve starts");
    keep_log(child.stderr.take().expect("stderr is piped"), Arc::clone(log));
    let stdout = Lines::of(child.stdout.take().expect("stdout is piped"));
    let ready = stdout.lines.recv_timeout(DEADLINE);
    let Ok(ready) = ready else {
        let _ = child.kill();
        let _ = child.wait();
        // Nobody has the log while this panics: whoever is dropped then prints it.
        let log = log.text.lock().expect("the log").clone();
        panic!("no ready line: {ready:?}\n{log}");
    };
    let addr = ready
        .strip_prefix("callboard listening on ")
        .and_then(|rest| rest.split_once(" root="))
        .map(|(addr, _)| addr.to_owned())
        .unwrap_or_else(|| panic!("not a ready line: {ready}"));
    (child, addr)
}

fn keep_log(mut stderr: impl std::io::Read + Send + 'static, log: Arc<Log>) {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = stderr.read(&mut buffer) {
            log.text.lock().expect("the log").push_str(&String::from_utf8_lossy(&buffer[..count]));
            log.grown.notify_all();
        }
    });
}
