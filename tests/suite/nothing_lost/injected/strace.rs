//! strace: looks at the system calls of a server, and makes some of them fail.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::server::{Lines, wait_with_deadline};

/// One system call, of one thread.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) thread: u32,
    pub(super) name: String,
    /// As strace writes them, with the paths of descriptors.
    pub(super) arguments: String,
    pub(super) result: String,
    /// The lines of the trace in which it begins and ends: what comes first, happened first.
    pub(super) begun: usize,
    pub(super) ended: usize,
}

impl Call {
    /// Whether strace made it fail.
    pub(super) fn is_injected(&self) -> bool {
        self.result.contains("(INJECTED)")
    }

    /// Whether it is about something below a root.
    pub(super) fn is_below(&self, root: &Path) -> bool {
        self.arguments.contains(&*root.to_string_lossy())
    }

    /// Returns the strings of its arguments.
    pub(super) fn strings(&self) -> Vec<Vec<u8>> {
        self.arguments.split('"').skip(1).step_by(2).map(decoded).collect()
    }

    /// Returns the path of its first descriptor, if it has one.
    pub(super) fn path(&self) -> String {
        self.descriptors().into_iter().next().unwrap_or_default()
    }

    /// Returns the paths of the descriptors of its arguments.
    pub(super) fn descriptors(&self) -> Vec<String> {
        let outside = self.arguments.split('"').step_by(2);
        let bracketed = outside.flat_map(|text| text.split('<').skip(1));
        let paths = bracketed.filter_map(|text| text.split_once('>')).map(|(path, _)| path);
        paths.map(|path| String::from_utf8_lossy(&decoded(path)).into_owned()).collect()
    }
}

/// Returns the bytes of a text of a trace, which may be in hexadecimal digits.
fn decoded(text: &str) -> Vec<u8> {
    if !text.starts_with("\\x") {
        return text.as_bytes().to_vec();
    }
    let digits = text.split("\\x").skip(1);
    digits.map(|digits| u8::from_str_radix(digits, 16).expect("two digits")).collect()
}

/// A tracer at work.
pub(super) struct Strace {
    child: Child,
    folder: TempDir,
    /// The thread of lines that do not say theirs.
    only: u32,
    /// What it says further: it ends when nobody reads that.
    _said: Lines,
}

impl Strace {
    /// Says why there can be no tracer here, if that is so.
    pub(super) fn missing() -> Option<&'static str> {
        let tried = Command::new("strace")
            .args(["-f", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", "true"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        match tried {
            Ok(status) if status.success() => None,
            Ok(_) => Some("strace may not trace here"),
            Err(_) => Some("strace is not installed"),
        }
    }

    /// Attaches to these threads of a process, and waits until it sees all of them.
    pub(super) fn attach(threads: &[u32], arguments: &[String]) -> Self {
        let mut command = Command::new("strace");
        for thread in threads {
            command.arg("-p").arg(thread.to_string());
        }
        // The lines of a single thread do not say of which they are.
        let only = threads.first().copied().unwrap_or_default();
        Self::attached(command, threads.len(), only, arguments)
    }

    /// Attaches to all threads of a process, also to those that it begins later.
    pub(super) fn attach_to_all(process: u32, arguments: &[String]) -> Self {
        let mut command = Command::new("strace");
        command.arg("-f").arg("-p").arg(process.to_string());
        Self::attached(command, 1, process, arguments)
    }

    fn attached(mut command: Command, count: usize, only: u32, arguments: &[String]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut child = command
            .arg("-y")
            .arg("-o")
            .arg(output(&folder))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("strace starts");
        let said = Lines::of(child.stderr.take().expect("stderr is piped"));
        for _ in 0..count {
            until_attached(&said);
        }
        Self { child, folder, only, _said: said }
    }

    /// Lets the process go on without it, and returns what it saw.
    pub(super) fn detach(mut self) -> Vec<Call> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a pid");
        kill_process(pid, Signal::INT).expect("strace is there");
        wait_with_deadline(&mut self.child);
        read(&output(&self.folder), self.only)
    }
}

/// Waits until a tracer sees one more thread, or finds that it has ended.
fn until_attached(said: &Lines) {
    loop {
        let line = said.next().expect("the tracer goes on");
        if line.contains("attached") || line.contains("No such process") {
            return;
        }
    }
}

fn output(folder: &TempDir) -> PathBuf {
    folder.path().join("trace")
}

impl Drop for Strace {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads the file that a tracer wrote, of one thread alone or of several.
pub(super) fn read(path: &Path, only: u32) -> Vec<Call> {
    let bytes = fs::read(path).expect("a trace");
    parse(&String::from_utf8_lossy(&bytes), only)
}

/// Reads a trace. Calls that did not end are left out.
pub(super) fn parse(trace: &str, only: u32) -> Vec<Call> {
    let mut begun = BTreeMap::<u32, (usize, String)>::new();
    let mut calls = Vec::new();
    for (at, line) in trace.lines().enumerate() {
        let said = line.split_once(' ').and_then(|(id, rest)| Some((id.parse().ok()?, rest)));
        let (thread, rest) = said.unwrap_or((only, line));
        let rest = rest.trim();
        let (from, text) = if let Some(rest) = rest.strip_prefix("<... ") {
            let resumed = rest.split_once(" resumed>");
            let (Some((_, end)), Some((from, text))) = (resumed, begun.remove(&thread)) else {
                continue;
            };
            (from, text + end)
        } else {
            (at, rest.to_owned())
        };
        if let Some(text) = text.strip_suffix("<unfinished ...>") {
            begun.insert(thread, (from, text.to_owned()));
            continue;
        }
        let (Some((name, _)), Some((call, result))) =
            (text.split_once('('), text.rsplit_once(" = "))
        else {
            continue;
        };
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            continue;
        }
        let arguments = call.trim_end().strip_suffix(')').unwrap_or(call);
        calls.push(Call {
            thread,
            name: name.to_owned(),
            arguments: arguments[name.len() + 1..].to_owned(),
            result: result.to_owned(),
            begun: from,
            ended: at,
        });
    }
    calls.sort_by_key(|call| call.begun);
    calls
}
