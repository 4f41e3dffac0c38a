//! `callboard verify`: looks through the tree for what is wrong with it.
//!
//! Besides `serve` the only command that works on the tree itself: it must do without a
//! server, and beside one.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::{Map, Value};

use crate::clock::{Clock, SystemClock};
use crate::disk::{Disk, OsDisk};
use crate::domain::TreePath;
use crate::error::{Error, Holder, Reason};
use crate::files::verify::{self, Finding, Repaired, Report, Seen, Severity};

use super::failure::Failure;
use super::output::{self, Form};
use super::{escape, root};

/// Look through the whole tree for what is wrong with it
///
/// Works on the files themselves, with a server at work or without one, and changes nothing.
/// Checks the checksum of every message, reads every document and every line of the logs, and
/// looks at locks, artifacts and what dead servers left. Prints a line for each finding:
/// PATH:OFFSET: KIND: what is wrong (what to do). docs/verify.md explains the kinds.
///
/// A finding is damage, when something is lost or hidden; repairable, when nothing is lost
/// and --repair puts it right; or a note. Documents and artifacts have no checksum: of them it
/// is known that they can be read, not that they say what was written.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Verify {
    /// The folder that holds all projects [default: ~/run-agent]
    #[arg(long, value_name = "DIR", env = "CALLBOARD_ROOT", hide_env_values = true)]
    root: Option<PathBuf>,
    /// Put right what can be put right; nothing is deleted, what is in the way is moved
    /// aside. No server may be at work
    #[arg(long)]
    repair: bool,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard verify
  callboard verify --root /srv/agents --json | jq 'select(.severity == \"damage\")'
  callboard verify --root /srv/agents --repair

Exit codes: 0 when nothing is wrong, also when there are notes; 1 when something is damaged or
repairable, after --repair when something of that is left, or when the root cannot be read;
2 usage.";

impl Verify {
    /// Looks through the tree, and prints what is wrong.
    pub(super) fn run(self) -> Result<(), Failure> {
        let path = root::resolve(self.root)?;
        let failed = |error: Error| match error.reason() {
            Reason::RootLocked => Failure::refused(error.to_string(), Reason::RootLocked)
                .with_hint("stop that server and repair then; without --repair it may go on"),
            reason => Failure::refused(format!("{}: {error}", path.display()), reason),
        };
        let disk = OsDisk::open_existing_root(&path)
            // It says which root.
            .map_err(|error| Failure::refused(error.to_string(), error.reason()))?;
        let disk: Arc<dyn Disk> = Arc::new(disk);
        let report = if self.repair {
            let clock: Arc<dyn Clock> = Arc::new(SystemClock);
            verify::repair(&disk, &clock, std::process::id())
        } else {
            verify::verify(&*disk)
        };
        let report = report.map_err(failed)?;
        let mut output = self.form.open();
        for finding in &report.findings {
            if output.is_json() {
                output.print_value(&json(finding))?;
            } else {
                output.print_text(&escape::line(&text(finding)))?;
            }
        }
        output.flush()?;
        let summary = summary(&report);
        if is_well(&report.findings) {
            output::note(&summary);
            Ok(())
        } else {
            Err(Failure::found(summary))
        }
    }
}

/// Whether nothing is wrong, or nothing any more.
fn is_well(findings: &[Finding]) -> bool {
    !findings.iter().any(|it| it.is_left() && it.kind.severity() != Severity::Note)
}

fn text(finding: &Finding) -> String {
    let Finding { path, kind, message, .. } = finding;
    let offset = finding.offset.map(|offset| format!(":{offset}")).unwrap_or_default();
    let outcome = match &finding.repaired {
        None => kind.advice().to_owned(),
        Some(Repaired::Done { kept_in }) if kept_in.is_empty() => "repaired".to_owned(),
        Some(Repaired::Done { kept_in }) => {
            let files: Vec<_> = kept_in.iter().map(TreePath::as_str).collect();
            format!("repaired; the old bytes are in {}", files.join(" and "))
        }
        Some(Repaired::Failed(problem)) => format!("could not be repaired: {problem}"),
    };
    format!("{path}{offset}: {}: {message} ({outcome})", kind.as_str())
}

fn json(finding: &Finding) -> Value {
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| drop(object.insert(key.to_owned(), value));
    put("path", finding.path.as_str().into());
    if let Some(offset) = finding.offset {
        put("offset", offset.into());
    }
    put("kind", finding.kind.as_str().into());
    put("severity", finding.kind.severity().as_str().into());
    put("message", finding.message.as_str().into());
    put("advice", finding.kind.advice().into());
    match &finding.repaired {
        None => {}
        Some(Repaired::Done { kept_in }) => {
            put("repaired", true.into());
            if !kept_in.is_empty() {
                let files: Vec<_> = kept_in.iter().map(TreePath::as_str).collect();
                put("kept_in", files.into());
            }
        }
        Some(Repaired::Failed(problem)) => {
            put("repaired", false.into());
            put("problem", problem.as_str().into());
        }
    }
    Value::Object(object)
}

fn summary(report: &Report) -> String {
    let Seen { projects, tasks, runs, files, buses, messages } = report.seen;
    let counted = [
        plural(files, "file", "files"),
        plural(projects, "project", "projects"),
        plural(tasks, "task", "tasks"),
        plural(runs, "run", "runs"),
        format!(
            "{} with {}",
            plural(buses, "bus", "buses"),
            plural(messages, "message", "messages")
        ),
    ];
    let server = match report.server {
        Some(Holder(Some(pid))) => format!(", beside a server (pid {pid})"),
        Some(Holder(None)) => ", beside a server".to_owned(),
        None => String::new(),
    };
    format!("{}{server}: {}", counted.join(", "), counts(&report.findings))
}

/// Says how many findings of each severity there are, and how many were repaired.
fn counts(findings: &[Finding]) -> String {
    let count = |test: &dyn Fn(&&Finding) -> bool| findings.iter().filter(test).count() as u64;
    let left = |severity| count(&|it| it.kind.severity() == severity && it.is_left());
    let words = [
        (count(&|it| !it.is_left()), "repaired"),
        (left(Severity::Damage), "damaged"),
        (left(Severity::Repairable), "repairable"),
    ];
    let mut parts: Vec<String> = words
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    if parts.is_empty() {
        parts.push("nothing is wrong".to_owned());
    }
    let notes = left(Severity::Note);
    if notes > 0 {
        parts.push(plural(notes, "note", "notes"));
    }
    parts.join(", ")
}

fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
