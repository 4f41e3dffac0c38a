//! `callboard task delete`: removes a task.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::output::{self, Form};
use crate::cli::place::bus_label;
use crate::grpc::pb::DeleteTaskRequest;

/// Remove a task with its runs, its bus and all its files
///
/// Neither the task nor its project is taken from the surroundings. A task with a run
/// whose process is alive is removed only with --force.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  callboard task delete --project demo --task task-1")]
pub(super) struct Delete {
    /// The project
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    project: String,
    /// The task
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    task: String,
    /// Remove it also when one of its runs is alive
    #[arg(long)]
    force: bool,
    /// It is fine when there is no such task
    #[arg(long)]
    allow_missing: bool,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

impl Delete {
    /// Removes the task.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let label = bus_label(&self.project, &self.task);
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let request = DeleteTaskRequest {
            project_id: self.project,
            task_id: self.task,
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
