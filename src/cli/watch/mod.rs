//! `callboard watch`: shows what there is as it changes.

mod board;
mod lines;
mod screen;

use callboard_client::WatchEvent;
use clap::{Args, ValueEnum};

use crate::clock::{Clock as _, SystemClock};
use crate::grpc::pb::watch_response::Frame;
use crate::grpc::pb::{WatchKind, WatchRequest, WatchResponse};

use self::board::Board;
use self::screen::Screen;
use super::connection::Connection;
use super::failure::Failure;
use super::output::{self, Form, Output};
use super::place::Place;
use super::place_flags::ScopeFlags;

/// Watch projects, tasks, runs, artifacts and facts as they change
///
/// On a terminal it is a table of tasks and runs that is drawn anew in place; otherwise,
/// and for artifacts and facts, one line for each thing there is, and then for each change.
/// After a break (a server restart, a lost
/// connection) it connects again by itself; what went away meanwhile is told as deleted.
/// Ctrl-C ends it with exit code 0.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Watch {
    /// Only things of this kind; may be repeated
    #[arg(long, value_name = "KIND", value_enum)]
    kind: Vec<Kind>,
    #[command(flatten)]
    scope: ScopeFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

/// A kind of thing to watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Projects and their folders
    Project,
    /// Tasks: status, state, done
    Task,
    /// Runs: status, liveness, exit code
    Run,
    /// Artifacts and attachments of tasks
    Artifact,
    /// Facts about projects and tasks
    Fact,
}

/// What has a place in the table.
const IN_TABLE: [Kind; 3] = [Kind::Project, Kind::Task, Kind::Run];

const AFTER_HELP: &str = "\
Examples:
  callboard watch --everything
  callboard watch --project demo --kind run | grep failed
  callboard watch --project demo --kind artifact --kind fact
  callboard watch --project demo --json | jq -c 'select(.run) | [.run.run_id, .run.status]'

Lines are TIME, PROJECT or TASK or RUN or ARTIFACT or FACT, its name, and how it is now or
`deleted`. With --json each line is {project}, {task}, {run}, {artifact}, {fact}, {deleted} or
{synced}; after a break everything there is comes once more, and `synced` again.";

impl Watch {
    /// Watches until Ctrl-C.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.scope.resolve()?;
        let mut output = self.form.open();
        let in_table = self.kind.iter().all(|kind| IN_TABLE.contains(kind));
        let live = output.is_terminal() && !output.is_json() && in_table;
        let watching = async {
            if live {
                self.draw(&place, &mut output).await
            } else {
                self.print_all(&place, &mut output).await
            }
        };
        let outcome = tokio::select! {
            outcome = watching => outcome,
            interrupted = tokio::signal::ctrl_c() => {
                interrupted.map_err(|source| Failure::own("listen for Ctrl-C", &source))
            }
        };
        if live {
            // Of Ctrl-C, terminals show `^C` below the table.
            output.print_bytes(b"\r\x1b[K")?;
            output.flush()?;
        }
        outcome
    }

    /// Asks for the kinds that are named; else for those of the `default`, which means all
    /// when it is empty.
    fn request(&self, place: &Place, default: &[Kind]) -> WatchRequest {
        let kind = |kind: &Kind| match kind {
            Kind::Project => WatchKind::Project.into(),
            Kind::Task => WatchKind::Task.into(),
            Kind::Run => WatchKind::Run.into(),
            Kind::Artifact => WatchKind::Artifact.into(),
            Kind::Fact => WatchKind::Fact.into(),
        };
        let kinds = if self.kind.is_empty() { default } else { &self.kind };
        WatchRequest {
            project_id: place.project.clone(),
            task_id: place.task.clone(),
            kinds: kinds.iter().map(kind).collect(),
            ..Default::default()
        }
    }

    /// Prints a line for each change.
    async fn print_all(&self, place: &Place, output: &mut Output) -> Result<(), Failure> {
        let mut stream = self.connection.client().await?.watch(self.request(place, &[]));
        if let Some(narrowed) = self.scope.narrowed(place) {
            output::note_to_person(&narrowed);
        }
        let mut board = Board::default();
        while let Some(event) = stream.next().await {
            match event.map_err(|error| self.connection.failure(&error))? {
                WatchEvent::Frame(frame) => {
                    let is_synced = matches!(*frame, Frame::Synced(_));
                    for change in board.apply(*frame) {
                        print(output, change)?;
                    }
                    output.flush()?;
                    if is_synced {
                        output::note("synced");
                    }
                }
                WatchEvent::OpenedAgain => board.begin_anew(),
                _ => {}
            }
        }
        Ok(())
    }

    /// Draws the table, again and again.
    async fn draw(&self, place: &Place, output: &mut Output) -> Result<(), Failure> {
        let request = self.request(place, &IN_TABLE);
        let mut stream = self.connection.silent_client().await?.watch(request);
        let mut board = Board::default();
        let mut screen = Screen::new(place.scope_label());
        loop {
            tokio::select! {
                event = stream.next() => {
                    let Some(event) = event else { return Ok(()) };
                    match event.map_err(|error| self.connection.failure(&error))? {
                        WatchEvent::Frame(frame) => {
                            screen.note_change(&frame);
                            board.apply(*frame);
                        }
                        WatchEvent::Broken => screen.note_break(),
                        WatchEvent::OpenedAgain => board.begin_anew(),
                        _ => {}
                    }
                }
                () = screen.due(&board) => {
                    screen.draw(output, &board, SystemClock.now())?;
                }
            }
        }
    }
}

fn print(output: &mut Output, change: board::Change) -> Result<(), Failure> {
    if output.is_json() {
        return output.print(&WatchResponse { frame: Some(change.frame) }, |_| String::new());
    }
    match lines::text(&change.frame, SystemClock.now()) {
        Some(line) if change.is_news => output.print_text(&line),
        _ => Ok(()),
    }
}
