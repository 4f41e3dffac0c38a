//! `callboard run delete`: removes a run.

use clap::Args;

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::output::{self, Form};
use crate::cli::place_flags::RunFlags;
use crate::grpc::pb::DeleteRunRequest;

/// Remove a run with all its files
///
/// The run is never taken from the surroundings: name it with --run. A run whose
/// process is alive is removed only with --force.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  callboard run delete --run \"$run\"")]
pub(super) struct Delete {
    /// Remove it also when its process is alive
    #[arg(long)]
    force: bool,
    /// It is fine when there is no such run
    #[arg(long)]
    allow_missing: bool,
    #[command(flatten)]
    place: RunFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

impl Delete {
    /// Removes the run.
    pub(super) async fn run(self) -> Result<(), Failure> {
        if self.place.run.is_none() {
            return Err(Failure::usage("which run? give --run ID"));
        }
        let place = self.place.resolve()?;
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let request = DeleteRunRequest {
            project_id: place.project,
            task_id: place.task,
            run_id: place.run.clone(),
            force: self.force,
            allow_missing: self.allow_missing,
        };
        let answer = self.connection.answer(client.delete_run(request)).await?;
        output.print_json_only(&answer)?;
        output.flush()?;
        output::note_removed("run", &place.run, answer.existed);
        Ok(())
    }
}
