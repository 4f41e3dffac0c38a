//! `callboard follow`: prints messages as they arrive, for as long as it runs.

use callboard_client::Subscribe;
use clap::Args;

use crate::grpc::pb::subscribe_response::{Damaged, Delivery, Frame, Gap};

use super::connection::Connection;
use super::failure::Failure;
use super::filter::FilterFlags;
use super::message_text;
use super::output::{self, Form, Output};
use super::place::bus_label;
use super::place_flags::PlaceFlags;

/// Follow messages as they arrive: one bus, a project with its tasks, or everything
///
/// Starts with the messages that arrive from now on, unless told otherwise. After a
/// break (a server restart, a lost connection) it connects again by itself and goes
/// on where it was: each message is printed once. Ctrl-C ends it with exit code 0.
/// A line on stderr says when everything so far is printed and the live end is reached.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Follow {
    /// Start after the message with this id
    #[arg(long, value_name = "ID", group = "start", conflicts_with_all = ["everything", "with_tasks"])]
    since: Option<String>,
    /// Start after this position, as --show-cursor prints them
    #[arg(long, value_name = "CURSOR", group = "start", conflicts_with_all = ["everything", "with_tasks"])]
    cursor: Option<String>,
    /// Start at the oldest message there is
    #[arg(long, group = "start")]
    all: bool,
    #[command(flatten)]
    filter: FilterFlags,
    /// Follow every bus, also those that appear later
    #[arg(long, conflicts_with_all = ["project", "task", "with_tasks"])]
    everything: bool,
    /// Follow the project's bus and those of all its tasks, also later ones
    #[arg(long, conflicts_with = "task")]
    with_tasks: bool,
    /// Print the position after each message: a `cursor:` line, or with --json each message
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

const AFTER_HELP: &str = "\
Examples:
  callboard follow --project demo --task task-1
  callboard follow --project demo --with-tasks --type ERROR --type QUESTION
  callboard follow --everything --all --json | jq -r .body";

impl Follow {
    /// Follows until Ctrl-C.
    pub(super) async fn run(self) -> Result<(), Failure> {
        tokio::select! {
            outcome = self.print_all() => outcome,
            interrupted = tokio::signal::ctrl_c() => {
                interrupted.map_err(|source| Failure::own("listen for Ctrl-C", &source))
            }
        }
    }

    /// Returns what to follow, and how that is called.
    async fn subscribe(&self) -> Result<(Subscribe, String), Failure> {
        let (subscribe, label) = if self.everything {
            let client = self.connection.client().await?;
            (client.follow().everything(), "every bus".to_owned())
        } else {
            let place = self.place.resolve_bus()?;
            let label = match self.with_tasks {
                true => format!("{} and its tasks", place.project),
                false => place.bus_label(),
            };
            let subscribe = self.connection.client_at(place).await?.follow();
            (if self.with_tasks { subscribe.with_tasks() } else { subscribe }, label)
        };
        let subscribe = start(subscribe, self.since.as_deref(), self.cursor.as_deref());
        let subscribe = if self.all { subscribe.from_beginning() } else { subscribe };
        Ok((subscribe.types(&self.filter.types).of_run(self.filter.run_id()), label))
    }

    async fn print_all(&self) -> Result<(), Failure> {
        let (subscribe, label) = self.subscribe().await?;
        let mut output = self.form.open();
        let failed = |error| self.connection.failure(&error);
        let mut frames = subscribe.open().await.map_err(failed)?;
        let mut live = false;
        while let Some(frame) = frames.next_frame().await {
            match &frame.map_err(failed)? {
                Frame::Message(delivery) => {
                    print_delivery(&mut output, delivery, self.show_cursor)?;
                    output.flush()?;
                }
                // From here on nothing that is posted is missed: a script may wait
                // for this line before it sets something off.
                Frame::CaughtUp(_) if !live => {
                    output::note(&format!("following {label}; Ctrl-C ends"));
                    live = true;
                }
                frame => tell(frame),
            }
        }
        Ok(())
    }
}

/// Says where to start; none of them means with what arrives from now on.
pub(super) fn start(subscribe: Subscribe, since: Option<&str>, cursor: Option<&str>) -> Subscribe {
    match (since, cursor) {
        (Some(id), _) => subscribe.since_id(id),
        (None, Some(cursor)) => subscribe.cursor(cursor),
        (None, None) => subscribe,
    }
}

/// Prints a message as it came from a subscription, called by the bus it stands in.
pub(super) fn print_delivery(
    output: &mut Output,
    delivery: &Delivery,
    show_cursor: bool,
) -> Result<(), Failure> {
    let message = delivery.message.clone().unwrap_or_default();
    if show_cursor && output.is_json() {
        return output.print(delivery, |_| String::new());
    }
    let terminal = output.is_terminal();
    output.print(&message, |message| {
        message_text::text(message, &delivery.project_id, &delivery.task_id, terminal)
    })?;
    if show_cursor {
        output.print_text(&format!("  cursor: {}", delivery.cursor))?;
    }
    Ok(())
}

/// Tells of what is no message and should not go unnoticed.
pub(super) fn tell(frame: &Frame) {
    match frame {
        Frame::Gap(Gap { project_id, task_id, reason, .. }) => {
            let bus = bus_label(project_id, task_id);
            match reason.as_str() {
                "BUS_DELETED" => output::note(&format!("gap: bus {bus} was deleted [{reason}]")),
                _ => output::note(&format!(
                    "gap: messages of bus {bus} are missing; going on at the oldest there is [{reason}]"
                )),
            }
        }
        Frame::Damaged(Damaged { project_id, task_id, offset, length, detail }) => {
            let bus = bus_label(project_id, task_id);
            output::note(&format!(
                "damaged: {length} bytes at offset {offset} of bus {bus}: {detail}"
            ));
        }
        Frame::Opened(_)
        | Frame::Message(_)
        | Frame::CaughtUp(_)
        | Frame::Heartbeat(_)
        | Frame::Closing(_) => {}
    }
}
