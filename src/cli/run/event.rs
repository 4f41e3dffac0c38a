//! `callboard run event`: appends an event of a run.

use clap::Args;

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::moment::{self, Moment};
use crate::cli::output::{self, Form};
use crate::cli::place_flags::RunFlags;
use crate::cli::{json_object, request_id};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::JsonObject;
use crate::grpc::pb::AppendRunEventRequest;

/// Append an event to what happened to a run, and print where it begins
///
/// Print the events with: callboard logs --run ID --file events
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Event {
    /// What happened, one word
    #[arg(value_name = "NAME")]
    event: String,
    /// More about it
    #[arg(long, value_name = "JSON", value_parser = json_object::parse)]
    data: Option<JsonObject>,
    /// When it happened: a time, or as in 5m how long ago [default: now]
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    at: Option<Moment>,
    /// The repository [default: that of the run's meta.json, else the project]
    #[arg(long, value_name = "ID")]
    repo: Option<String>,
    /// Makes repeating the command safe: the same id appends once. Give --at a time then,
    /// and not an age: the same id with another time is refused [default: a random one]
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    #[command(flatten)]
    place: RunFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard run event pushed --run \"$run\"
  callboard run event pr_opened --data '{\"number\": 17}'      # inside a run";

impl Event {
    /// Appends the event.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        let timestamp = self.at.map(|at| at.timestamp(SystemClock.now())).transpose()?;
        let (request_id, named_by_caller) = request_id::given_or_new(self.request_id);
        let request = AppendRunEventRequest {
            project_id: place.project,
            task_id: place.task,
            run_id: place.run,
            event: self.event,
            data_json: json_object::text(self.data.as_ref()),
            timestamp,
            repo_id: self.repo.unwrap_or_default(),
            request_id,
        };
        let mut output = self.form.open();
        let client = self.connection.client().await?;
        let answer = self.connection.call(&client, request).await?;
        if answer.duplicate && named_by_caller {
            output::note("this request id was used before: nothing was appended again");
        }
        output.print(&answer, |answer| answer.offset.to_string())?;
        output.flush()
    }
}
