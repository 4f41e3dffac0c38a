//! `callboard wait`: waits for something to happen, then says what.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::grpc::pb::subscribe_response::{Delivery, Frame};
use crate::grpc::pb::{SubscribeRequest, SubscribeScope};

use super::connection::Connection;
use super::failure::Failure;
use super::filter::FilterFlags;
use super::follow::{print_delivery, start, tell};
use super::output::{self, Form};
use super::place::bus_label;
use super::place_flags::PlaceFlags;
use super::{duration, subscription::Subscription};

/// Wait for the first message that fits, and print it
///
/// Only messages that arrive after the start count, unless --since or --cursor says
/// from where on. Exit code 4 when none came in time. A server restart in between
/// is bridged.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Wait {
    /// What to wait for
    #[arg(long = "for", value_name = "WHAT", value_enum)]
    awaited: Awaited,
    #[command(flatten)]
    filter: FilterFlags,
    /// Messages after the one with this id count too
    #[arg(long, value_name = "ID", group = "start")]
    since: Option<String>,
    /// Messages after this position count too
    #[arg(long, value_name = "CURSOR", group = "start")]
    cursor: Option<String>,
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
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Awaited {
    /// The first message that fits --type and --run
    Message,
}

const AFTER_HELP: &str = "\
Examples:
  callboard wait --for message --project demo --task task-1 --type ANSWER --timeout 10m
  id=$(callboard post --type QUESTION --body 'which branch?') &&
    callboard wait --for message --since \"$id\" --type ANSWER --json | jq -r .body";

impl Wait {
    /// Waits, and prints what came.
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self.awaited {
            Awaited::Message => self.message().await,
        }
    }

    async fn message(&self) -> Result<(), Failure> {
        let place = self.place.resolve_bus()?;
        let label = place.bus_label();
        let only_look = self.timeout.is_zero();
        let request = SubscribeRequest {
            project_id: place.project,
            task_id: place.task,
            scope: SubscribeScope::Bus.into(),
            start: start(self.since.as_deref(), self.cursor.as_deref(), false),
            types: self.filter.types.clone(),
            run_id: self.filter.run_id(),
            stop_at_tail: only_look,
            limit: 1,
            ..Default::default()
        };
        let found = if only_look {
            self.first_message(request).await?
        } else {
            // No answer in time, whatever the cause, is a time out.
            tokio::time::timeout(self.timeout, self.first_message(request))
                .await
                .unwrap_or(Ok(None))?
        };
        let Some(delivery) = found else {
            return Err(Failure::timed_out(format!(
                "no message that fits came to bus {label} within {}",
                duration::text(self.timeout)
            )));
        };
        let mut output = self.form.open();
        print_delivery(&mut output, &delivery, self.show_cursor)?;
        output.flush()
    }

    async fn first_message(&self, request: SubscribeRequest) -> Result<Option<Delivery>, Failure> {
        let label = bus_label(&request.project_id, &request.task_id);
        let mut subscription = Subscription::open(&self.connection, request).await?;
        let mut live = false;
        while let Some(frame) = subscription.next().await? {
            match frame {
                Frame::Message(delivery) => return Ok(Some(delivery)),
                Frame::CaughtUp(_) if !live && !self.timeout.is_zero() => {
                    output::note(&format!("waiting for a message in bus {label}"));
                    live = true;
                }
                other => tell(&other),
            }
        }
        Ok(None)
    }
}
