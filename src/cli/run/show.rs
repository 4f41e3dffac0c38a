//! `callboard run show`: prints what is known of a run.

use clap::Args;

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::output::Form;
use crate::cli::place_flags::RunFlags;
use crate::cli::run_text;
use crate::clock::{Clock as _, SystemClock};
use crate::grpc::pb::GetRunInfoRequest;

/// Show a run
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Show {
    #[command(flatten)]
    place: RunFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard run show --run 20261121-0710300001-4711-1
  callboard run show --json | jq -r .status          # inside a run";

impl Show {
    /// Prints the run.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let request =
            GetRunInfoRequest { project_id: place.project, task_id: place.task, run_id: place.run };
        let answer = self.connection.answer(client.get_run_info(request)).await?;
        let terminal = output.is_terminal();
        output.print(&answer.run.unwrap_or_default(), |run| {
            run_text::block(run, SystemClock.now()).lines(terminal)
        })?;
        output.flush()
    }
}
