//! `callboard wait`: waits for something to happen, then says what.

mod message;
mod state;

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::connection::Connection;
use super::duration;
use super::failure::Failure;
use super::output::Form;
use super::place_flags::PlaceFlags;

/// Wait for a message, for a task or for the end of a run, and print what was met
///
/// message: the first message that fits. Only those that arrive after the start count,
/// unless --since or --cursor says from where on.
/// done: until the task is marked as done. status: until the task has one of the statuses
/// of --status. run: until the run of --run has ended, well or not. What is so already is
/// met at once.
///
/// Exit code 4 when it did not happen in time, 1 when it cannot happen any more: the task
/// or the run is gone, or the task has another status that is final. A server restart in
/// between is bridged.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, verbatim_doc_comment)]
pub(super) struct Wait {
    /// What to wait for
    #[arg(long = "for", value_name = "WHAT", value_enum)]
    awaited: Awaited,
    /// message: only of this type; may be repeated
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// message: only of this run; run: the run
    #[arg(long, value_name = "ID", required_if_eq("awaited", "run"))]
    run: Option<String>,
    /// message: those after the one with this id count too
    #[arg(long, value_name = "ID", group = "start")]
    since: Option<String>,
    /// message: those after this position count too
    #[arg(long, value_name = "CURSOR", group = "start")]
    cursor: Option<String>,
    /// status: a status of the task, such as completed; may be repeated
    #[arg(long, value_name = "STATUS", required_if_eq("awaited", "status"))]
    status: Vec<String>,
    /// How long to wait, as in 30s, 5m or 1h30m; 0s only looks
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration::parse)]
    timeout: Duration,
    /// Print the position after the message: a `cursor:` line, or with --json the message
    /// wrapped as {message, cursor, project_id, task_id}
    #[arg(long, help_heading = "Output")]
    show_cursor: bool,
    #[command(flatten)]
    place: PlaceFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

/// What can be waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Awaited {
    /// The first message that fits --type and --run
    Message,
    /// That the task is done
    Done,
    /// That the task has one of the statuses of --status
    Status,
    /// That the run of --run has ended
    Run,
}

const AFTER_HELP: &str = "\
Examples:
  callboard wait --for message --project demo --task task-1 --type ANSWER --timeout 10m
  id=$(callboard post --type QUESTION --body 'which branch?') &&
    callboard wait --for message --since \"$id\" --type ANSWER --json | jq -r .body
  callboard wait --for done --project demo --task task-1 --timeout 1h
  callboard wait --for status --status completed --status rejected --task task-1 --timeout 1d
  test \"$(callboard wait --for run --run \"$run\" --timeout 1h)\" = completed";

impl Wait {
    /// Waits, and prints what came.
    pub(super) async fn run(self) -> Result<(), Failure> {
        self.check_flags()?;
        match self.awaited {
            Awaited::Message => self.message().await,
            Awaited::Done | Awaited::Status | Awaited::Run => self.state().await,
        }
    }

    /// Refuses flags that say nothing about what is waited for.
    fn check_flags(&self) -> Result<(), Failure> {
        let of_message = [Awaited::Message];
        let flags = [
            ("--type", !self.types.is_empty(), &of_message[..]),
            ("--since", self.since.is_some(), &of_message),
            ("--cursor", self.cursor.is_some(), &of_message),
            ("--show-cursor", self.show_cursor, &of_message),
            ("--run", self.run.is_some(), &[Awaited::Message, Awaited::Run]),
            ("--status", !self.status.is_empty(), &[Awaited::Status]),
        ];
        let odd = flags.iter().find(|(_, given, fits)| *given && !fits.contains(&self.awaited));
        let Some((flag, _, _)) = odd else { return Ok(()) };
        let awaited = self.awaited.to_possible_value();
        let awaited = awaited.as_ref().map_or("", |value| value.get_name());
        Err(Failure::usage(format!("{flag} says nothing about --for {awaited}")))
    }
}
