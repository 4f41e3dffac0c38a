//! `callboard read`: prints messages that are there.

use clap::Args;

use crate::grpc::pb::read_messages_request::Start;
use crate::grpc::pb::{ReadMessagesRequest, ReadMessagesResponse};

use super::connection::Connection;
use super::failure::Failure;
use super::filter::FilterFlags;
use super::message_text;
use super::output::{self, Form};
use super::place::Place;
use super::place_flags::PlaceFlags;

/// How many messages are shown when nothing says where to start.
const TAIL_DEFAULT: i32 = 20;
/// `READ_LIMIT_MAX`, as the wire counts: what one call is asked for at most.
const LIMIT_MAX: i32 = 5000;

/// Print the messages of a bus, oldest first: by default the last 20
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Read {
    /// The last N messages that fit the filter
    #[arg(long, value_name = "N", group = "start", value_parser = clap::value_parser!(i32).range(1..=i64::from(LIMIT_MAX)))]
    tail: Option<i32>,
    /// Everything after the message with this id
    #[arg(long, value_name = "ID", group = "start")]
    since: Option<String>,
    /// Everything after this position, as --show-cursor prints it
    #[arg(long, value_name = "CURSOR", group = "start")]
    cursor: Option<String>,
    /// Everything there is
    #[arg(long, group = "start")]
    all: bool,
    #[command(flatten)]
    filter: FilterFlags,
    /// At most N messages, the oldest of the selection
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "tail")]
    limit: Option<u64>,
    /// Print at the end the position to read on from: a `cursor:` line, or with --json
    /// an object {messages: [], cursor, end_of_bus}
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
  callboard read --project demo
  callboard read --project demo --task task-1 --tail 5 --type ERROR
  callboard read --all --json | jq -r 'select(.run_id == \"r1\") | .body'
  callboard read --since \"$LAST_SEEN_ID\"";

impl Read {
    /// Reads and prints, answer by answer.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.place.resolve_bus()?;
        let mut output = self.form.open();
        let terminal = output.is_terminal();
        let mut client = self.connection.message_bus().await?;
        let mut request = self.first_request(&place);
        let mut left = self.most();
        let mut printed: u64 = 0;
        let last = loop {
            request.limit = i32::try_from(left).map_or(LIMIT_MAX, |left| left.min(LIMIT_MAX));
            let mut answer = self.connection.answer(client.read_messages(request.clone())).await?;
            for message in &answer.messages {
                output.print(message, |message| {
                    message_text::text(message, &place.project, &place.task, terminal)
                })?;
            }
            output.flush()?;
            let count = answer.messages.len() as u64;
            printed += count;
            left = left.saturating_sub(count);
            // The same cursor again would be asked for ever.
            let stuck = request.start == Some(Start::Cursor(answer.cursor.clone()));
            request.start = Some(Start::Cursor(std::mem::take(&mut answer.cursor)));
            if answer.end_of_bus || left == 0 || stuck {
                break answer;
            }
        };
        if printed == 0 {
            output::note_to_person(&format!("nothing to show in bus {}", place.bus_label()));
        }
        if self.show_cursor {
            let cursor = match request.start {
                Some(Start::Cursor(cursor)) => cursor,
                _ => String::new(),
            };
            let position =
                ReadMessagesResponse { messages: Vec::new(), cursor, end_of_bus: last.end_of_bus };
            output.print(&position, |position| format!("cursor: {}", position.cursor))?;
        }
        output.flush()
    }

    fn first_request(&self, place: &Place) -> ReadMessagesRequest {
        let start = if let Some(id) = &self.since {
            Some(Start::SinceId(id.clone()))
        } else if let Some(cursor) = &self.cursor {
            Some(Start::Cursor(cursor.clone()))
        } else if self.all || self.limit.is_some() {
            None
        } else {
            Some(Start::Tail(self.tail.unwrap_or(TAIL_DEFAULT)))
        };
        ReadMessagesRequest {
            project_id: place.project.clone(),
            task_id: place.task.clone(),
            start,
            limit: 0,
            types: self.filter.types.clone(),
            run_id: self.filter.run_id(),
        }
    }

    /// Returns how many messages to print at most.
    fn most(&self) -> u64 {
        let open_ended = self.since.is_some() || self.cursor.is_some() || self.all;
        let tail = u64::try_from(self.tail.unwrap_or(TAIL_DEFAULT)).unwrap_or(u64::MAX);
        self.limit.unwrap_or(if open_ended { u64::MAX } else { tail })
    }
}
