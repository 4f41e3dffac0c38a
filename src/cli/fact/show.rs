//! `callboard fact show`: prints a fact.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::cli::connection::Connection;
use crate::cli::fact_text;
use crate::cli::failure::Failure;
use crate::cli::output::Form;
use crate::cli::place_flags::SubjectFlags;
use crate::grpc::pb::GetFactRequest;

/// Show a fact with its text
///
/// Inside a task it is looked for among the facts about the task; --task '' looks among
/// those about the project itself.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Show {
    /// The fact, as `facts` lists it
    #[arg(value_name = "FACT_ID", value_parser = NonEmptyStringValueParser::new())]
    fact: String,
    #[command(flatten)]
    place: SubjectFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard fact show --project demo FACT-20261121-0814301271-29164-0-ports
  callboard fact show \"$fact\" --json | jq -r .body";

impl Show {
    /// Prints the fact.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let request =
            GetFactRequest { project_id: place.project, task_id: place.task, fact_id: self.fact };
        let answer = self.connection.answer(client.get_fact(request)).await?;
        let terminal = output.is_terminal();
        output.print(&answer.fact.unwrap_or_default(), |fact| {
            fact_text::block(fact).lines(terminal)
        })?;
        output.flush()
    }
}
