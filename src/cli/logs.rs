//! `callboard logs`: prints a file of a run, or the log of a task, and follows it.

use clap::Args;

use crate::grpc::pb::TaskLogEntry;

use super::connection::Connection;
use super::escape;
use super::failure::Failure;
use super::output::{self, Form, Output};
use super::place_flags::RunFlags;
use super::terminal_text::TerminalText;

/// Print a file of a run, by default what it wrote to stdout; with --task and no --run the
/// log of the task
///
/// The bytes of a run's file are printed as they are; on a terminal, control characters
/// are made visible, but for line breaks, tabs and colours. --follow goes on with what is
/// appended until the run has ended, also across a restart of the server.
///
/// The log of a task is its entries, each a JSON object on a line. Lines that are none are
/// printed too, with a warning on stderr. --follow ends with Ctrl-C.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Logs {
    /// Which file of the run: stdout, stderr, output, prompt, events or logs/NAME [default:
    /// stdout]
    #[arg(long, value_name = "FILE")]
    file: Option<String>,
    /// Go on with what is appended, until the run has ended; of a task's log for ever
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
  callboard logs --run \"$run\" --file events | jq -r .event
  callboard logs --run \"$run\" --json | jq -r '.chunk | @base64d'
  callboard logs --project demo --task task-1 --tail 100 --follow | jq .

With --json each line is {chunk, offset, restarted}; the chunk is in base64, because it may be
any bytes. Of a task's log it is {entry, offset, damaged}; the entry is a string, because a
damaged one may be any text.";

/// Which file it is unless told otherwise.
const FILE_DEFAULT: &str = "stdout";

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
        safe: Option<&mut TerminalText>,
    ) -> Result<(), Failure> {
        // Of the surroundings, a run comes with its task: only a task that is named alone
        // is what is meant.
        if self.place.task.is_some() && self.place.run.is_none() && self.file.is_none() {
            self.print_task_log(output).await
        } else {
            self.print_run_file(output, safe).await
        }
    }

    async fn print_run_file(
        &self,
        output: &mut Output,
        mut safe: Option<&mut TerminalText>,
    ) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        let file = self.file.as_deref().unwrap_or(FILE_DEFAULT);
        let get = self.connection.client_at(place).await?.get_run_file(file);
        let get = get.offset(self.offset.unwrap_or_default());
        let get = get.tail_lines(self.tail.unwrap_or_default());
        let get = if self.follow { get.follow() } else { get };
        let failed = |error| self.connection.failure(&error);
        let mut parts = get.open().map_err(failed)?;
        while let Some(part) = parts.next_part().await {
            let part = part.map_err(failed)?;
            if part.restarted {
                output::note(&format!("{file} began anew: it was replaced or cut"));
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

    async fn print_task_log(&self, output: &mut Output) -> Result<(), Failure> {
        let place = self.place.resolve_task()?;
        let read = self.connection.client_at(place).await?.read_log();
        let read = read.offset(self.offset.unwrap_or_default());
        let read = read.tail(self.tail.unwrap_or_default());
        let read = if self.follow { read.follow() } else { read };
        let failed = |error| self.connection.failure(&error);
        let mut parts = read.open().map_err(failed)?;
        while let Some(part) = parts.next_part().await {
            let part = part.map_err(failed)?;
            if part.restarted {
                output::note("the log began anew: it was replaced or cut");
            }
            for entry in &part.entries {
                let terminal = output.is_terminal();
                output.print(entry, |entry| line(entry, terminal))?;
            }
            output.flush()?;
            for entry in part.entries.iter().filter(|entry| entry.damaged) {
                output::note(&format!(
                    "damaged: the line at offset {} of the log is no JSON object",
                    entry.offset
                ));
            }
        }
        Ok(())
    }
}

/// Returns an entry as it stands in the log; on a terminal with nothing that acts on it.
fn line(entry: &TaskLogEntry, terminal: bool) -> String {
    match (terminal, entry.damaged) {
        (false, _) => format!("{}\n", entry.entry),
        (true, false) => escape::json(&entry.entry).into_owned(),
        (true, true) => escape::line(&entry.entry).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_keeps_its_meaning_on_a_terminal_and_is_untouched_elsewhere() {
        let entry = |text: &str, damaged| TaskLogEntry { entry: text.into(), offset: 0, damaged };
        let deleting = "{\"a\":\"\u{7f}\"}";
        assert_eq!(line(&entry(deleting, false), true), "{\"a\":\"\\u007f\"}");
        assert_eq!(line(&entry(deleting, false), false), format!("{deleting}\n"));
        assert_eq!(line(&entry("\x1b[2J", true), true), "\\x1b[2J");
    }
}
