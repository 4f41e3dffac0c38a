//! `callboard run status`: ends a run.

use clap::Args;

use crate::cli::connection::Connection;
use crate::cli::escape;
use crate::cli::failure::Failure;
use crate::cli::output::Form;
use crate::cli::place_flags::RunFlags;
use crate::grpc::pb::UpdateRunStatusRequest;

/// End a run: set its status and its exit code, and print the status
///
/// A run ends once, as completed or as failed. Ending it again in the same way is
/// fine and changes nothing.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Status {
    /// completed or failed; or running, for a run that runs already
    #[arg(long, value_name = "STATUS")]
    status: String,
    /// Its exit code [default: 0 for completed, not known for failed]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    exit_code: Option<i32>,
    /// Why it failed, in short
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    error: Option<String>,
    /// Only if the run still has this etag
    #[arg(long, value_name = "ETAG")]
    etag: Option<String>,
    #[command(flatten)]
    place: RunFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard run status --run \"$run\" --status completed
  callboard run status --run \"$run\" --status failed --exit-code 3 --error 'no tests found'";

impl Status {
    /// Sets the status.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let request = UpdateRunStatusRequest {
            project_id: place.project,
            task_id: place.task,
            run_id: place.run,
            status: self.status,
            exit_code: self.exit_code,
            error_summary: self.error.unwrap_or_default(),
            etag: self.etag.unwrap_or_default(),
        };
        let answer = self.connection.answer(client.update_run_status(request)).await?;
        let run = answer.run.unwrap_or_default();
        output.print(&run, |run| escape::line(&run.status).into_owned())?;
        output.flush()
    }
}
