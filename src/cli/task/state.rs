//! `callboard task state`: prints or sets what a task's agents say of its state.

use std::path::Path;

use clap::Args;

use crate::cli::connection::Connection;
use crate::cli::escape;
use crate::cli::failure::Failure;
use crate::cli::output::{self, Form};
use crate::cli::place::Place;
use crate::cli::place_flags::TaskFlags;
use crate::cli::text_input::{self, Text};
use crate::grpc::pb::{GetTaskStateRequest, GetTaskStateResponse, SetTaskStateRequest};
use crate::limits::STATE_MARKDOWN_BYTES_MAX;

/// Print the state of a task as its agents tell it (TASK_STATE.md), or set it
///
/// It is a word and a text below it. Setting replaces both.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct State {
    /// Set the state to this word
    #[arg(long, value_name = "WORD")]
    set: Option<String>,
    /// The text below it; - means stdin [default: none]
    #[arg(long, value_name = "TEXT", requires = "set", allow_hyphen_values = true)]
    body: Option<String>,
    /// Only if the state still has this etag
    #[arg(long, value_name = "ETAG", requires = "set")]
    etag: Option<String>,
    #[command(flatten)]
    place: TaskFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard task state --project demo --task task-1
  callboard task state --set working --body 'step 2 of 3'
  callboard task state --set review --body - < notes.md";

/// The text of a state, as errors call it.
const BODY: Text = Text {
    what: "text of the state",
    bytes_max: STATE_MARKDOWN_BYTES_MAX,
    limit_name: "STATE_MARKDOWN_BYTES_MAX",
    too_large: "put long text into a file of the task's folder and name it here",
    no_text: text_input::KEEP_AS_ARTIFACT,
};

impl State {
    /// Prints or sets the state.
    pub(super) async fn run(mut self) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        match self.set.take() {
            Some(word) => self.set(place, word).await,
            None => self.show(place).await,
        }
    }

    async fn show(&self, place: Place) -> Result<(), Failure> {
        let label = place.bus_label();
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let request = GetTaskStateRequest { project_id: place.project, task_id: place.task };
        let answer = self.connection.answer(client.get_task_state(request)).await?;
        let terminal = output.is_terminal();
        if output.is_json() || !answer.state_status.is_empty() {
            output.print(&answer, |answer| text(answer, terminal))?;
        } else {
            output::note_to_person(&format!("task {label} has no state yet"));
        }
        output.flush()
    }

    async fn set(self, place: Place, word: String) -> Result<(), Failure> {
        let markdown = match self.body {
            Some(body) if body == "-" => text_input::file(&BODY, Path::new("-"))?,
            Some(body) => body,
            None => String::new(),
        };
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let request = SetTaskStateRequest {
            project_id: place.project,
            task_id: place.task,
            state_status: word,
            markdown,
            etag: self.etag.unwrap_or_default(),
        };
        let answer = self.connection.answer(client.set_task_state(request)).await?;
        output.print_json_only(&answer)?;
        output.flush()
    }
}

/// Returns the state as the file has it.
fn text(state: &GetTaskStateResponse, terminal: bool) -> String {
    let mut text = format!("status: {}\n", escape::line(&state.state_status));
    if !state.markdown.is_empty() {
        let safe =
            if terminal { escape::lines(&state.markdown) } else { state.markdown.as_str().into() };
        text.push('\n');
        text.push_str(&safe);
    }
    text
}
