//! `callboard task show`: prints what is known of a task.

use clap::Args;

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::output::Form;
use crate::cli::place_flags::TaskFlags;
use crate::cli::task_text;
use crate::grpc::pb::GetTaskRequest;

/// Show a task with its steps, their newest results, its history and its prompt
///
/// `>` marks the step that it is at. --json prints all results; its further data is the
/// object `metadata` there, with all its digits.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Show {
    #[command(flatten)]
    place: TaskFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard task show --project demo --task task-1
  callboard task show --json | jq -r .prompt         # inside a run: its task
  callboard task show --json | jq '.metadata, .steps[.current_step].name'";

impl Show {
    /// Prints the task.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let request = GetTaskRequest { project_id: place.project, task_id: place.task };
        let answer = self.connection.answer(client.get_task(request)).await?;
        let terminal = output.is_terminal();
        output.print(&answer.task.unwrap_or_default(), |task| {
            task_text::block(task).lines(terminal)
        })?;
        output.flush()
    }
}
