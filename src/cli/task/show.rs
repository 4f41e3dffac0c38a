//! `callboard task show`: prints what is known of a task.

use clap::Args;

use crate::cli::block::Block;
use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::message_text::time;
use crate::cli::output::Form;
use crate::cli::place_flags::TaskFlags;
use crate::grpc::pb::{GetTaskRequest, Task};

/// Show a task with its prompt
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
  callboard task show --json | jq -r .prompt         # inside a run: its task";

impl Show {
    /// Prints the task.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let request = GetTaskRequest { project_id: place.project, task_id: place.task };
        let answer = self.connection.answer(client.get_task(request)).await?;
        let terminal = output.is_terminal();
        output.print(&answer.task.unwrap_or_default(), |task| block(task).lines(terminal))?;
        output.flush()
    }
}

fn block(task: &Task) -> Block {
    let known =
        |ts: Option<&prost_types::Timestamp>| ts.map(|ts| time(Some(ts))).unwrap_or_default();
    let step = if task.current_step == 0 { String::new() } else { task.current_step.to_string() };
    Block::default()
        .field("task", format!("{}/{}", task.project_id, task.task_id))
        .field("description", task.description.clone())
        .field("status", task.status.clone())
        .field("state", task.state_status.clone())
        .field("done", if task.done { "yes" } else { "no" })
        .field("problem", task.problem.clone())
        .field("step", step)
        .field("template", task.template.clone())
        .field("model", task.model.clone())
        .fields("depends on", &task.depends_on)
        .field("created", known(task.created_at.as_ref()))
        .field("updated", known(task.updated_at.as_ref()))
        .field("completed", known(task.completed_at.as_ref()))
        .field("etag", task.etag.clone())
        .text("prompt", &task.prompt)
}
