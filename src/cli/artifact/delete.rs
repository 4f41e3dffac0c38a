//! `callboard artifact delete`: removes an artifact.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::output::{self, Form};
use crate::cli::place_flags::TaskFlags;
use crate::grpc::pb::DeleteArtifactRequest;

use super::name_or_path;

/// Remove an artifact or an attachment of a task
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  callboard artifact delete --project demo --task task-1 report.1.md"
)]
pub(super) struct Delete {
    /// Its name, or its path as `artifacts` lists it: one that begins with artifacts/ or
    /// ATTACH-
    #[arg(value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    artifact: String,
    /// It is fine when there is no such artifact
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
    /// Removes the artifact.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        let (name, path) = name_or_path(self.artifact.clone());
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let request = DeleteArtifactRequest {
            project_id: place.project,
            task_id: place.task,
            name,
            path,
            allow_missing: self.allow_missing,
        };
        let answer = self.connection.answer(client.delete_artifact(request)).await?;
        output.print_json_only(&answer)?;
        output.flush()?;
        output::note_removed("artifact", &self.artifact, answer.existed);
        Ok(())
    }
}
