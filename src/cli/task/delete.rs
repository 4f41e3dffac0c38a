//! `callboard task delete`: removes a task.

use clap::Args;

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::output::{self, Form};
use crate::cli::place_flags::TaskFlags;
use crate::grpc::pb::DeleteTaskRequest;

/// Remove a task with its runs, its bus and all its files
///
/// The task is never taken from the surroundings: name it with --task. One with a run
/// whose process is alive is removed only with --force.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  callboard task delete --project demo --task task-1")]
pub(super) struct Delete {
    /// Remove it also when one of its runs is alive
    #[arg(long)]
    force: bool,
    /// It is fine when there is no such task
    #[arg(long)]
    allow_missing: bool,
    #[command(flatten)]
    place: TaskFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

impl Delete {
    /// Removes the task.
    pub(super) async fn run(self) -> Result<(), Failure> {
        if self.place.task.is_none() {
            return Err(Failure::usage("which task? give --task ID"));
        }
        let place = self.place.resolve()?;
        let label = place.bus_label();
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let request = DeleteTaskRequest {
            project_id: place.project,
            task_id: place.task,
            force: self.force,
            allow_missing: self.allow_missing,
        };
        let answer = self.connection.answer(client.delete_task(request)).await?;
        output.print_json_only(&answer)?;
        output.flush()?;
        output::note_removed("task", &label, answer.existed);
        Ok(())
    }
}
