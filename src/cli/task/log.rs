//! `callboard task log`: appends to a task's log.

use callboard_client::Client;
use clap::Args;
use tokio::sync::mpsc;

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::input_lines::{self, Line};
use crate::cli::output::{self, Form, Output};
use crate::cli::place::Place;
use crate::cli::place_flags::TaskFlags;
use crate::cli::{json_object, request_id};
use crate::domain::JsonObject;
use crate::grpc::pb::{AppendTaskLogRequest, AppendTaskLogResponse};
use crate::limits::{LOG_BATCH_BYTES_MAX, LOG_ENTRIES_MAX, LOG_ENTRY_BYTES_MAX};

/// Append entries to a task's log, and print where the first of them begins
///
/// Each entry is a JSON object: an argument, or a line of stdin. Arguments are appended
/// all together or not at all; lines as they come, so that a program can be piped in. A
/// line that is no JSON object ends the command; those before it are appended. Print the
/// log with: callboard logs --task ID
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Log {
    /// The entries [default: the lines of stdin]
    #[arg(value_name = "ENTRY", value_parser = json_object::parse)]
    entries: Vec<JsonObject>,
    /// Makes repeating the command safe: the same id appends once. All entries are then
    /// appended together [default: a random one]
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
  callboard task log --project demo --task task-1 '{\"event\": \"begin\", \"n\": 1}'
  jq -c . events.json | callboard task log --task task-1
  ./agent --json-log | callboard task log            # inside a run: its task";

/// Entries that wait for the server.
#[derive(Default)]
struct Batch {
    entries: Vec<String>,
    bytes: usize,
    /// The line of stdin that the first of them stood in.
    first_line: u64,
}

impl Batch {
    fn add(&mut self, entry: &JsonObject) {
        self.bytes += entry.as_str().len();
        self.entries.push(entry.to_string());
    }

    /// Adds the entry of a line of stdin.
    fn add_line(&mut self, number: u64, entry: &JsonObject) {
        if self.entries.is_empty() {
            self.first_line = number;
        }
        self.add(entry);
    }

    /// Whether an entry of any size still fits.
    fn has_room(&self) -> bool {
        self.entries.len() < LOG_ENTRIES_MAX
            && self.bytes + LOG_ENTRY_BYTES_MAX <= LOG_BATCH_BYTES_MAX
    }
}

impl Log {
    /// Appends the entries.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        let mut batch = Batch::default();
        self.entries.iter().for_each(|entry| batch.add(entry));
        if self.entries.is_empty() {
            let lines = input_lines::stdin("entry", LOG_ENTRY_BYTES_MAX)?;
            let is_named = self.request_id.as_ref().is_some_and(|id| !id.is_empty());
            if !is_named {
                return self.append_as_they_come(&place, lines).await;
            }
            batch = all(lines).await?;
        }
        let mut output = self.form.open();
        let client = self.connection.client().await?;
        let appended = self.append(&client, &place, batch, &mut output).await?;
        self.print_offset(&mut output, appended.map(|answer| answer.offset))
    }

    async fn append_as_they_come(
        &self,
        place: &Place,
        mut lines: mpsc::Receiver<Line>,
    ) -> Result<(), Failure> {
        let mut output = self.form.open();
        // It connects anew by itself.
        let client = self.connection.client().await?;
        let mut first = None;
        let mut ended = Ok(());
        while let Some(line) = lines.recv().await {
            let mut batch = Batch::default();
            let mut next = Some(line);
            while let Some(line) = next {
                let number = line.number;
                match entry(line) {
                    Ok(Some(entry)) => batch.add_line(number, &entry),
                    Ok(None) => {}
                    Err(failure) => {
                        ended = Err(failure);
                        break;
                    }
                }
                // What is there already goes along.
                next = if batch.has_room() { lines.try_recv().ok() } else { None };
            }
            let first_line = batch.first_line;
            match self.append(&client, place, batch, &mut output).await {
                Ok(appended) => first = first.or(appended.map(|answer| answer.offset)),
                Err(failure) => {
                    output::note(&how_far(first_line, &failure));
                    ended = Err(failure);
                }
            }
            if ended.is_err() {
                break;
            }
        }
        if first.is_some() || ended.is_ok() {
            self.print_offset(&mut output, first)?;
        }
        ended
    }

    /// Appends a batch, if there is something in it.
    async fn append(
        &self,
        client: &Client,
        place: &Place,
        batch: Batch,
        output: &mut Output,
    ) -> Result<Option<AppendTaskLogResponse>, Failure> {
        if batch.entries.is_empty() {
            return Ok(None);
        }
        let (request_id, named_by_caller) = request_id::given_or_new(self.request_id.clone());
        let request = AppendTaskLogRequest {
            project_id: place.project.clone(),
            task_id: place.task.clone(),
            entries: batch.entries,
            request_id,
        };
        let answer = self.connection.call(client, request).await?;
        if answer.duplicate && named_by_caller {
            output::note("this request id was used before: nothing was appended again");
        }
        output.print_json_only(&answer)?;
        output.flush()?;
        Ok(Some(answer))
    }

    fn print_offset(&self, output: &mut Output, offset: Option<i64>) -> Result<(), Failure> {
        match offset {
            None => output::note_to_person("there was no entry"),
            Some(offset) if !output.is_json() => output.print_text(&offset.to_string())?,
            Some(_) => {}
        }
        output.flush()
    }
}

/// Says which lines are appended when those from `first_line` on could not be.
fn how_far(first_line: u64, failure: &Failure) -> String {
    let before = match first_line {
        ..=1 => "no line of stdin is appended".to_owned(),
        2 => "line 1 of stdin is appended".to_owned(),
        line => format!("lines 1 to {} of stdin are appended", line - 1),
    };
    if failure.is_of_lost_answer() {
        format!("{before}; line {first_line} may be: look with callboard logs --task ID")
    } else {
        format!("{before}; line {first_line} and what follows are not")
    }
}

/// Collects all lines; they must fit into one batch.
async fn all(mut lines: mpsc::Receiver<Line>) -> Result<Batch, Failure> {
    let mut batch = Batch::default();
    while let Some(line) = lines.recv().await {
        if let Some(entry) = entry(line)? {
            if !batch.has_room() {
                return Err(Failure::usage(format!(
                    "with --request-id at most LOG_ENTRIES_MAX = {LOG_ENTRIES_MAX} entries of \
                     together LOG_BATCH_BYTES_MAX = {LOG_BATCH_BYTES_MAX} bytes are appended"
                )));
            }
            batch.add(&entry);
        }
    }
    Ok(batch)
}

/// Reads an entry; none in an empty line.
fn entry(line: Line) -> Result<Option<JsonObject>, Failure> {
    let text = line.text?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    JsonObject::parse(&text).map(Some).map_err(|problem| {
        Failure::usage(format!("line {} of stdin is no JSON object: {problem}", line.number))
    })
}
