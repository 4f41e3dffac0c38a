//! `callboard task step`: saves the result of a step.

use std::path::PathBuf;

use clap::Args;

use crate::cli::connection::Connection;
use crate::cli::failure::{self, Failure};
use crate::cli::output::Form;
use crate::cli::place_flags::TaskFlags;
use crate::cli::text_input::{self, Text};
use crate::cli::{json_object, moment};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::JsonObject;
use crate::grpc::pb::{SaveStepResultRequest, StepResult};
use crate::limits::TEXT_BYTES_MAX;

/// Save the result of a step, and print the step that the task is at then
///
/// The result, the state of the step and, when given, the current step and the status of
/// the task are saved in one write: after a crash either all of it is there or nothing.
/// Results are only appended: a step that is tried again has several. With --etag the
/// command can be repeated safely: what was saved already is refused.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Step {
    /// Which step, from 0
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    index: i32,
    /// What became of it: completed, failed, skipped, running or another word
    #[arg(long, value_name = "STATUS")]
    status: String,
    /// Its name [default: the one that the step has]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// What it gave
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    output: Option<String>,
    /// A file with what it gave; - means stdin
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    output_file: Option<PathBuf>,
    /// Why it failed
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    error: Option<String>,
    /// A file that it changed; may be repeated
    #[arg(long, value_name = "PATH")]
    file_changed: Vec<String>,
    /// Its artifact, by the path that `artifact put` prints
    #[arg(long, value_name = "PATH")]
    artifact: Option<String>,
    /// The session of its agent
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// How many turns its agent took
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    turns: Option<i32>,
    /// When it began: a time, or as in 5m how long ago [default: --duration-ms before now]
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    started: Option<moment::Moment>,
    /// How long it took
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    duration_ms: Option<i64>,
    /// Further data
    #[arg(long, value_name = "JSON", value_parser = json_object::parse)]
    metadata: Option<JsonObject>,
    /// The step that the task is at from now on [default: it stays]
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = "The task")]
    current_step: Option<i32>,
    /// The task is at the step behind this one from now on
    #[arg(long, conflicts_with = "current_step", help_heading = "The task")]
    next: bool,
    /// The status that the task is to have
    #[arg(long, value_name = "STATUS", help_heading = "The task")]
    to: Option<String>,
    /// Why its status changes, for the history
    #[arg(
        long,
        value_name = "TEXT",
        requires = "to",
        allow_hyphen_values = true,
        help_heading = "The task"
    )]
    reason: Option<String>,
    /// Only if the task still has this etag
    #[arg(long, value_name = "ETAG", help_heading = "The task")]
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
  callboard task step --project demo --task task-1 --index 0 --status completed --next
  make test 2>&1 | tail -c 4000 > out.txt
  callboard task step --index 1 --status failed --output-file out.txt --error 'one test' --to ci_failed
  etag=$(callboard task show --json | jq -r .etag)
  callboard task step --index 2 --status completed --next --etag \"$etag\"";

/// The output, as errors call it.
const OUTPUT: Text = Text {
    what: "output of the step",
    bytes_max: TEXT_BYTES_MAX,
    limit_name: "TEXT_BYTES_MAX",
    too_large: failure::LONG_OUTPUT,
    no_text: text_input::KEEP_AS_ARTIFACT,
};

impl Step {
    /// Saves the result.
    pub(super) async fn run(mut self) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        let result = self.result()?;
        let behind = self.next.then(|| self.index.saturating_add(1));
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let request = SaveStepResultRequest {
            project_id: place.project,
            task_id: place.task,
            step_result: Some(result),
            current_step: self.current_step.or(behind),
            to_status: self.to.unwrap_or_default(),
            reason: self.reason.unwrap_or_default(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = self.connection.answer(client.save_step_result(request)).await;
        let answer = answer.map_err(|failure| failure.look_first("callboard task show"))?;
        let task = answer.task.unwrap_or_default();
        output.print(&task, |task| task.current_step.to_string())?;
        output.flush()
    }

    fn result(&mut self) -> Result<StepResult, Failure> {
        let output = match &self.output_file {
            Some(path) => text_input::file(&OUTPUT, path)?,
            None => self.output.take().unwrap_or_default(),
        };
        let now = SystemClock.now();
        Ok(StepResult {
            step_index: self.index,
            step_name: self.name.take().unwrap_or_default(),
            status: std::mem::take(&mut self.status),
            started_at: self.started.map(|started| started.timestamp(now)).transpose()?,
            completed_at: None,
            duration_ms: self.duration_ms.unwrap_or_default(),
            output,
            error: self.error.take().unwrap_or_default(),
            files_changed: std::mem::take(&mut self.file_changed),
            artifact_path: self.artifact.take().unwrap_or_default(),
            session_id: self.session.take().unwrap_or_default(),
            num_turns: self.turns.unwrap_or_default(),
            metadata_json: json_object::text(self.metadata.as_ref()),
        })
    }
}
