//! `callboard verify` finds what is wrong in a tree, and nothing else.

mod beside;
mod buses;
mod command;
mod documents;
mod fixtures;
mod flips;
mod leftovers;
mod repair;
mod tree;

use std::path::Path;
use std::process::Output;
use std::time::Duration;

use serde_json::Value;

use crate::server::{callboard, output_within};

/// What a look through a tree came to.
pub(crate) struct Verified {
    pub(crate) code: Option<i32>,
    stderr: String,
    pub(crate) findings: Vec<Value>,
}

impl Verified {
    fn of(output: Output) -> Self {
        let stdout = String::from_utf8(output.stdout).expect("text");
        let stderr = String::from_utf8(output.stderr).expect("text");
        let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        Self { code: output.status.code(), stderr, findings: stdout.lines().map(read).collect() }
    }

    /// The findings as `path:offset KIND`.
    fn short(&self) -> Vec<String> {
        let text = |finding: &Value| {
            let word = |key: &str| finding[key].as_str().expect("a text").to_owned();
            let offset = finding.get("offset").map(|it| format!(":{it}")).unwrap_or_default();
            format!("{}{offset} {}", word("path"), word("kind"))
        };
        self.findings.iter().map(text).collect()
    }

    /// Asserts that these are all findings, in their order.
    #[track_caller]
    fn assert_found(&self, expected: &[&str]) {
        assert_eq!(self.short(), expected, "{:#?}\n{}", self.findings, self.stderr);
        let is_wrong = |finding: &Value| {
            finding["severity"] != "note" && finding.get("repaired") != Some(&Value::Bool(true))
        };
        let code = i32::from(self.findings.iter().any(is_wrong));
        assert_eq!(self.code, Some(code), "{:#?}\n{}", self.findings, self.stderr);
    }
}

/// Looks through a tree.
pub(crate) fn verify(root: &Path) -> Verified {
    verify_with(root, &[])
}

/// Looks through a tree, and repairs it.
pub(crate) fn repair(root: &Path) -> Verified {
    verify_with(root, &["--repair"])
}

/// It reads all of a tree, which may be one that hundreds of rounds have filled.
const DEADLINE: Duration = Duration::from_secs(600);

fn verify_with(root: &Path, further: &[&str]) -> Verified {
    let mut command = callboard(&["verify", "--json"]);
    command.arg("--root").arg(root).args(further);
    Verified::of(output_within(command, DEADLINE))
}
