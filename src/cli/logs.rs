//! `callboard logs`: prints a file of a run, and follows it.

use clap::Args;

use crate::grpc::pb::ReadRunFileRequest;

use super::connection::Connection;
use super::failure::Failure;
use super::output::{self, Form, Output};
use super::place_flags::RunFlags;
use super::run_file::RunFileStream;
use super::terminal_text::TerminalText;

/// Print a file of a run: by default what it wrote to stdout
///
/// The bytes are printed as they are; on a terminal, control characters are made
/// visible, but for line breaks, tabs and colours. --follow goes on with what is
/// appended until the run has ended, also across a restart of the server.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Logs {
    /// Which file: stdout, stderr, output, prompt or logs/NAME
    #[arg(long, value_name = "FILE", default_value = "stdout")]
    file: String,
    /// Go on with what is appended, until the run has ended
    #[arg(long)]
    follow: bool,
    /// Begin with the last N lines
    #[arg(long, value_name = "N", group = "start", value_parser = clap::value_parser!(i32).range(1..=100_000))]
    tail: Option<i32>,
    /// Begin at this byte, counted from 0
    #[arg(long, value_name = "N", group = "start", value_parser = clap::value_parser!(i64).range(0..))]
    offset: Option<i64>,
    #[command(flatten)]
    place: RunFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard logs --run \"$run\" --follow
  callboard logs --run \"$run\" --file stderr --tail 20
  callboard logs --run \"$run\" --json | jq -r '.chunk | @base64d'

With --json each line is {chunk, offset, restarted}; the chunk is in base64, because it may be
any bytes.";

impl Logs {
    /// Prints the file; a followed one until the run has ended, or Ctrl-C.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let mut output = self.form.open();
        let mut safe = output.is_terminal().then(TerminalText::default);
        let outcome = tokio::select! {
            outcome = self.print_all(&mut output, safe.as_mut()) => outcome,
            interrupted = tokio::signal::ctrl_c() => {
                interrupted.map_err(|source| Failure::own("listen for Ctrl-C", &source))
            }
        };
        if let Some(safe) = &mut safe {
            output.print_bytes(safe.end().as_bytes())?;
        }
        output.flush()?;
        outcome
    }

    async fn print_all(
        &self,
        output: &mut Output,
        mut safe: Option<&mut TerminalText>,
    ) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        let request = ReadRunFileRequest {
            project_id: place.project,
            task_id: place.task,
            run_id: place.run,
            file: self.file.clone(),
            offset: self.offset.unwrap_or_default(),
            tail_lines: self.tail.unwrap_or_default(),
            follow: self.follow,
        };
        let mut stream = RunFileStream::open(&self.connection, request).await?;
        while let Some(part) = stream.next().await? {
            if part.restarted {
                output::note(&format!("{} began anew: it was replaced or cut", self.file));
            }
            if output.is_json() {
                output.print(&part, |_| String::new())?;
            } else if let Some(safe) = &mut safe {
                output.print_bytes(safe.take(&part.chunk).as_bytes())?;
            } else {
                output.print_bytes(&part.chunk)?;
            }
            output.flush()?;
        }
        Ok(())
    }
}
