//! `callboard task done`: marks a task as done.

use clap::Args;

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::output::{self, Form};
use crate::cli::place_flags::TaskFlags;
use crate::grpc::pb::{ClearTaskDoneRequest, MarkTaskDoneRequest};

/// Mark a task as done, or not done again
///
/// Creates or removes the `DONE` file of the task. Doing so again is fine.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Done {
    /// Take the mark away
    #[arg(long)]
    clear: bool,
    #[command(flatten)]
    place: TaskFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard task done --project demo --task task-1
  callboard task done --clear";

impl Done {
    /// Marks the task.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        let label = place.bus_label();
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let (project_id, task_id) = (place.project, place.task);
        let changed = if self.clear {
            let request = ClearTaskDoneRequest { project_id, task_id };
            let answer = self.connection.answer(client.clear_task_done(request)).await?;
            output.print_json_only(&answer)?;
            answer.changed
        } else {
            let request = MarkTaskDoneRequest { project_id, task_id };
            let answer = self.connection.answer(client.mark_task_done(request)).await?;
            output.print_json_only(&answer)?;
            answer.changed
        };
        output.flush()?;
        if !changed {
            let not = if self.clear { "not " } else { "" };
            output::note(&format!("task {label} was {not}done already"));
        }
        Ok(())
    }
}
