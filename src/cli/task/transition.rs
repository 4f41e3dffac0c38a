//! `callboard task transition`: moves a task to another status.

use clap::Args;

use crate::cli::connection::Connection;
use crate::cli::escape;
use crate::cli::failure::Failure;
use crate::cli::output::Form;
use crate::cli::place_flags::TaskFlags;
use crate::grpc::pb::TransitionTaskRequest;

/// Move a task to another status, and print it
///
/// The move is kept in the task's history. A move that the status does not allow is
/// refused, and so is one to the status that the task has already.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Transition {
    /// The status it is to have
    #[arg(long, value_name = "STATUS")]
    to: String,
    /// Why, for the history
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    reason: Option<String>,
    /// Only if the task still has this etag
    #[arg(long, value_name = "ETAG")]
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
  callboard task transition --project demo --task task-1 --to running
  callboard task transition --to ci_failed --reason 'lint'   # inside a run: its task

The moves:
  pending            running
  running            validating, gh_failed, ci_failed, ci_timeout, interrupted, abandoned
  validating         awaiting_approval, validation_failed, interrupted
  validation_failed  running, abandoned
  awaiting_approval  completed, running, rejected
  gh_failed, ci_failed, ci_timeout, interrupted
                     running, abandoned
completed, rejected and abandoned are final.";

impl Transition {
    /// Moves the task.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let request = TransitionTaskRequest {
            project_id: place.project,
            task_id: place.task,
            to_status: self.to,
            reason: self.reason.unwrap_or_default(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = self.connection.answer(client.transition_task(request)).await;
        let answer = answer.map_err(|failure| failure.look_first("callboard task show"))?;
        let task = answer.task.unwrap_or_default();
        output.print(&task, |task| escape::line(&task.status).into_owned())?;
        output.flush()
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::task_status;

    use super::*;

    #[test]
    fn the_help_names_every_move() {
        let help = AFTER_HELP.split_whitespace().collect::<Vec<_>>().join(" ");
        for from in task_status::all() {
            let moves = task_status::moves(from).expect("a status");
            let line = if moves.is_empty() { from.to_owned() } else { moves.join(", ") };
            assert!(help.contains(&line), "{from}: {line}");
        }
    }
}
