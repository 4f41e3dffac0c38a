//! `callboard artifact put`: saves an artifact.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use callboard_client::{Content, Progress};
use clap::Args;

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::output::{self, Form};
use crate::cli::place_flags::TaskFlags;
use crate::cli::transfer::Transfer;
use crate::cli::{escape, request_id};
use crate::grpc::pb::SaveArtifactResponse;

use super::sha256;

/// Save a file as an artifact of a task, and print its path
///
/// Whole or not at all: a plain artifact takes the place of the one with its name, a
/// versioned one gets the next number, an attachment a name of its own. The path is what
/// `artifact get`, `task step --artifact` and `post --attachment` take.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Put {
    /// The file; - means stdin, and needs --name
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Its name, also with folders, as in sdd/spec.md [default: the file's]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Save it beside older versions: report.md becomes report.1.md, report.2.md and so on
    #[arg(long)]
    versioned: bool,
    /// Save it for a message to point to, as ATTACH-<stamp>-<name>
    #[arg(long, conflicts_with = "versioned")]
    attachment: bool,
    /// Save it only if this is the SHA-256 of its content
    #[arg(long, value_name = "HEX", value_parser = sha256::parse)]
    sha256: Option<String>,
    /// Makes repeating the command safe: the same id saves once [default: a random one]
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    #[command(flatten)]
    place: TaskFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard artifact put --project demo --task task-1 report.md
  callboard artifact put --versioned --name sdd/spec.md spec.md      # inside a run: of its task
  git diff | callboard artifact put --name change.diff -
  log=$(callboard artifact put --attachment build.log) &&
    callboard post --type FACT --body 'the log of the build' --attachment \"$log\"";

impl Put {
    /// Saves the artifact.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        let name = self.name()?;
        let content = self.content()?;
        let (request_id, named_by_caller) = request_id::given_or_new(self.request_id.clone());
        let mut output = self.form.open();
        let put = self.connection.client_at(place).await?.put_artifact(content);
        let put = put.name(&name).request_id(request_id);
        let put = put.sha256(self.sha256.clone().unwrap_or_default());
        let put = if self.versioned { put.versioned() } else { put };
        let put = if self.attachment { put.attachment() } else { put };
        let saved = put.on_progress(shown(self.file.display().to_string(), name)).send().await;
        let saved = saved.map_err(|error| self.connection.failure(&error))?;
        if saved.duplicate && named_by_caller {
            output::note("this request id was used before: nothing was saved again");
        }
        let (artifact, duplicate) = (Some(saved.artifact), saved.duplicate);
        output.print(&SaveArtifactResponse { artifact, duplicate }, |answer| {
            let path = answer.artifact.as_ref().map_or("", |artifact| &artifact.path);
            escape::line(path).into_owned()
        })?;
        output.flush()
    }

    fn name(&self) -> Result<String, Failure> {
        if let Some(name) = &self.name {
            return Ok(name.clone());
        }
        if self.file.as_os_str() == "-" {
            return Err(Failure::usage("which name? with stdin give --name NAME"));
        }
        let name = self.file.file_name().and_then(|name| name.to_str());
        name.map(str::to_owned).ok_or_else(|| {
            let shown = self.file.display();
            Failure::usage(format!("{shown} has no name to save it by; give --name NAME"))
        })
    }

    fn content(&self) -> Result<Content, Failure> {
        if self.file.as_os_str() != "-" {
            return Ok(Content::path(&self.file));
        }
        if io::stdin().is_terminal() {
            return Err(Failure::usage("- means stdin; name a file, or pipe into stdin")
                .with_hint("stdin is a terminal here; it must be a pipe or a file"));
        }
        Ok(Content::stream(tokio::io::stdin()))
    }
}

/// Shows how far it has come: first with reading the file, then with sending it.
fn shown(file: String, name: String) -> impl FnMut(Progress) + Send + 'static {
    let mut transfer: Option<(bool, u64, Transfer)> = None;
    move |progress| {
        let (is_sent, bytes, total) = match progress {
            Progress::Sent { bytes, total } => (true, bytes, total),
            Progress::Read(bytes) => (false, bytes, None),
            _ => return,
        };
        // Sending follows reading, and begins again after a break.
        transfer.take_if(|(was_sent, done, _)| *was_sent != is_sent || bytes < *done);
        let label = || if is_sent { name.clone() } else { format!("reading {file}") };
        let begin = || (is_sent, 0, Transfer::begin(&label(), total));
        let (_, done, transfer) = transfer.get_or_insert_with(begin);
        transfer.advance(usize::try_from(bytes - *done).unwrap_or(usize::MAX));
        *done = bytes;
    }
}
