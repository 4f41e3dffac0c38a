//! The programs in tests/neighbours, and the interpreter that runs them.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

use crate::server::{Lines, wait_with_deadline};
use crate::skip::skip;

/// Returns the interpreter; says that the test is skipped when there is none.
fn python() -> Option<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let mut asked = Command::new("python3");
        let said = asked.args(["-c", "import sys; print(sys.executable)"]).output().ok()?;
        let path = String::from_utf8(said.stdout).ok()?;
        (said.status.success()).then(|| PathBuf::from(path.trim_end()))
    });
    if found.is_none() {
        skip("there is no python3");
    }
    found.as_deref()
}

/// Whether the programs can run here; says so when they cannot.
pub(super) fn can_run() -> bool {
    python().is_some()
}

/// A running program. It is killed when it is dropped.
pub(super) struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Lines,
}

impl Program {
    /// Starts a script of tests/neighbours with arguments.
    pub(super) fn start(script: &str, arguments: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/neighbours");
        let mut child = Command::new(python().expect("an interpreter"))
            // It must leave nothing among the sources.
            .arg("-B")
            .arg(folder.join(script))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let lines = Lines::of(child.stdout.take().expect("stdout is piped"));
        Self { stdin: child.stdin.take(), child, lines }
    }

    /// Returns its process id.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has a file open.
    pub(super) fn has_open(&self, path: &Path) -> bool {
        let inode = |path: &Path| fs::metadata(path).ok().map(|data| (data.dev(), data.ino()));
        let there = inode(path).expect("the file is there");
        let open = fs::read_dir(format!("/proc/{}/fd", self.pid())).expect("it is running");
        open.flatten().any(|entry| inode(&entry.path()) == Some(there))
    }

    /// Gives it a line.
    pub(super) fn tell(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("it is running");
        stdin.write_all(format!("{line}\n").as_bytes()).expect("it reads");
    }

    /// Waits until it says something, which must be this.
    pub(super) fn says(&self, expected: &str) {
        assert_eq!(self.lines.next().as_deref(), Some(expected));
    }

    /// Ends its stdin, and waits until it has ended, and well; returns the rest of what it
    /// said.
    pub(super) fn end(mut self) -> Vec<String> {
        drop(self.stdin.take());
        let said = self.lines.rest();
        assert!(wait_with_deadline(&mut self.child).success(), "it failed: {said:?}");
        said
    }

    /// The same, for a caller that must not block.
    pub(super) async fn ended(self) -> Vec<String> {
        tokio::task::spawn_blocking(|| self.end()).await.expect("it ends well")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a path as an argument.
pub(super) fn argument(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}
