//! `callboard rotate`: archives a bus file.

use clap::Args;

use crate::grpc::pb::RotateBusRequest;

use super::connection::Connection;
use super::escape;
use super::failure::Failure;
use super::output::Form;
use super::place_flags::PlaceFlags;

/// Archive a bus file now, and print the archive's path below the root
///
/// The next message starts a new file. Reading, following and cursors cross the
/// border: nothing is lost. Also reopens a bus that a failed sync had closed.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  callboard rotate --project demo --task task-1")]
pub(super) struct Rotate {
    #[command(flatten)]
    place: PlaceFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

impl Rotate {
    /// Archives the bus.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.place.resolve_bus()?;
        let mut output = self.form.open();
        let mut client = self.connection.message_bus().await?;
        let request = RotateBusRequest { project_id: place.project, task_id: place.task };
        let answer = self.connection.answer(client.rotate_bus(request)).await?;
        output.print(&answer, |answer| escape::line(&answer.archive_path).into_owned())?;
        output.flush()
    }
}
