//! `callboard artifact get`: fetches an artifact.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use callboard_client::{Error, ErrorReason};
use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::output::{Form, Output};
use crate::cli::place_flags::TaskFlags;
use crate::cli::terminal_text::TerminalText;
use crate::cli::transfer::Transfer;
use crate::cli::{output, size};
use crate::disk;
use crate::grpc::pb::GetArtifactResponse;

use super::super::interruption;
use super::name_or_path;

/// Print an artifact or an attachment of a task, or save it as a file
///
/// Its size and its SHA-256 are checked. With --output the file is there only when all of
/// it has arrived. On a terminal, control characters are made visible.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Get {
    /// Its name, or its path as `artifacts` lists it and a message's attachment: one that
    /// begins with artifacts/ or ATTACH-
    #[arg(value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    artifact: String,
    /// Save it as this file; - means stdout [default: print it]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Only its first bytes, as in 1000 or 4K
    #[arg(long, value_name = "N", value_parser = head, conflicts_with = "output")]
    head: Option<i64>,
    #[command(flatten)]
    place: TaskFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard artifact get --project demo --task task-1 report.md
  callboard artifact get artifacts/dump.2.sql --output dump.sql      # inside a run: of its task
  callboard artifact get dump.2.sql --head 4K

With --json each line is {artifact, chunk, offset, sha256}, the chunk in base64; with --output
it is the artifact alone.";

fn head(text: &str) -> Result<i64, String> {
    size::parse(text).and_then(|bytes| match bytes {
        0 => Err("at least 1".to_owned()),
        bytes => Ok(bytes),
    })
}

impl Get {
    /// Fetches the artifact.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let mut output = self.form.open();
        if self.file().is_none() {
            return self.fetch(&mut output).await;
        }
        // Ctrl-C must not leave half a file.
        let interruption =
            interruption::listen().map_err(|source| Failure::own("listen for signals", &source))?;
        tokio::select! {
            outcome = self.fetch(&mut output) => outcome,
            () = interruption => Err(Failure::own("fetch it", &"interrupted")),
        }
    }

    /// Returns the file to save it as.
    fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| path.as_os_str() != "-")
    }

    fn failure(&self, error: &Error) -> Failure {
        let failure = self.connection.failure(error);
        match error.is(ErrorReason::ChecksumMismatch) {
            true => failure.with_hint("it was damaged on its way: fetch it again"),
            false => failure,
        }
    }

    async fn fetch(&self, output: &mut Output) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        let (name, path) = name_or_path(self.artifact.clone());
        let client = self.connection.client_at(place).await?;
        let get =
            if path.is_empty() { client.get_artifact(name) } else { client.get_artifact_at(path) };
        let get = match self.head {
            Some(head) => get.head(head.unsigned_abs()),
            None => get,
        };
        let failed = |error| self.connection.failure(&error);
        let mut reader = get.open().await.map_err(failed)?;
        let mut sink = Sink::open(self.file(), output)?;
        let transfer = Transfer::begin(&self.artifact, Some(reader.size()));
        let mut transfer = if sink.is_on_terminal() { transfer.hidden() } else { transfer };
        let mut outcome = Ok(());
        while let Some(part) = reader.next_part().await {
            match part {
                Ok(part) => {
                    transfer.advance(part.chunk.len());
                    sink.write(&part)?;
                }
                Err(error) => outcome = Err(self.failure(&error)),
            }
        }
        drop(transfer);
        // What was printed is printed, also when it is not all.
        sink.finish(outcome.is_ok())?;
        outcome?;
        let artifact = reader.artifact();
        if let Some(path) = self.file() {
            output.print_json_only(artifact)?;
            output.flush()?;
            let size = size::text(artifact.size);
            output::note_to_person(&format!("saved {}: {size}", path.display()));
        }
        Ok(())
    }
}

/// Where it goes.
enum Sink<'a> {
    /// A file of the user's.
    File(disk::Output, &'a Path),
    /// Stdout; on a terminal nothing may act on it.
    Stdout(&'a mut Output, Option<TerminalText>),
}

impl<'a> Sink<'a> {
    fn open(file: Option<&'a Path>, output: &'a mut Output) -> Result<Self, Failure> {
        let Some(path) = file else {
            let bytes_on_terminal = output.is_terminal() && !output.is_json();
            return Ok(Self::Stdout(output, bytes_on_terminal.then(TerminalText::default)));
        };
        match disk::Output::create(path) {
            Ok(file) => Ok(Self::File(file, path)),
            Err(source) => Err(Failure::own(&format!("create {}", path.display()), &source)),
        }
    }

    fn is_on_terminal(&self) -> bool {
        matches!(self, Self::Stdout(output, _) if output.is_terminal())
    }

    fn write(&mut self, part: &GetArtifactResponse) -> Result<(), Failure> {
        match self {
            Self::File(file, path) => file
                .write_all(&part.chunk)
                .map_err(|source| Failure::own(&format!("write {}", path.display()), &source)),
            Self::Stdout(output, safe) => {
                match safe {
                    _ if output.is_json() => output.print(part, |_| String::new())?,
                    Some(safe) => output.print_bytes(safe.take(&part.chunk).as_bytes())?,
                    None => output.print_bytes(&part.chunk)?,
                }
                output.flush()
            }
        }
    }

    /// Ends it: a file gets its name only when all is well.
    fn finish(self, is_well: bool) -> Result<(), Failure> {
        match self {
            Self::File(file, path) if is_well => file
                .finish()
                .map_err(|source| Failure::own(&format!("write {}", path.display()), &source)),
            Self::File(..) => Ok(()),
            Self::Stdout(output, safe) => {
                if let Some(mut safe) = safe {
                    output.print_bytes(safe.end().as_bytes())?;
                }
                output.flush()
            }
        }
    }
}
