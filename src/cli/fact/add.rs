//! `callboard fact add`: writes down a fact.

use std::path::PathBuf;

use clap::Args;

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::output::{self, Form};
use crate::cli::place_flags::SubjectFlags;
use crate::cli::text_input::{self, Text};
use crate::cli::{escape, request_id};
use crate::grpc::pb::AppendFactRequest;
use crate::limits::FACT_BODY_BYTES_MAX;

/// Write down a fact about a task, or about a project, and print its id
///
/// The text comes from --body, --body-file or stdin, and is kept byte for byte. Inside a
/// task the fact is about the task; --task '' makes it one about the project itself. Facts
/// are not changed afterwards.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Add {
    /// Its title, one line
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    title: String,
    /// Its name [default: made from the title]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Its text, Markdown [default: read from stdin]
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    body: Option<String>,
    /// A file with its text; - means stdin
    #[arg(long, value_name = "FILE", conflicts_with = "body")]
    body_file: Option<PathBuf>,
    /// The run that found it out [default: $JRUN_ID, or from the working directory]
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// Makes repeating the command safe: the same id writes once [default: a random one]
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    #[command(flatten)]
    place: SubjectFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

/// The text, as errors call it.
const BODY: Text = Text {
    what: "text of the fact",
    bytes_max: FACT_BODY_BYTES_MAX,
    limit_name: "FACT_BODY_BYTES_MAX",
    too_large: "keep long text as an artifact, and name it in the fact",
    no_text: text_input::KEEP_AS_ARTIFACT,
};

/// What to do when there is no text.
const NO_BODY: &str = "give --body TEXT or --body-file FILE, or pipe the text into stdin";

const AFTER_HELP: &str = "\
Examples:
  callboard fact add --project demo --title 'the tests need port 8080' --body ''
  callboard fact add --project demo --task task-1 --title 'how to build' --body-file BUILD.md
  git log -1 | callboard fact add --title 'base commit'      # inside a run: about its task";

impl Add {
    /// Writes the fact.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        let body = match (self.body, &self.body_file) {
            (Some(body), _) => body,
            (None, Some(path)) => text_input::file(&BODY, path)?,
            (None, None) => text_input::piped(&BODY, NO_BODY)?,
        };
        let (request_id, named_by_caller) = request_id::given_or_new(self.request_id);
        let request = AppendFactRequest {
            project_id: place.project,
            task_id: place.task,
            name: self.name.unwrap_or_default(),
            title: self.title,
            run_id: self.run.unwrap_or(place.run),
            body: text_input::without_nul(&BODY, body)?,
            request_id,
        };
        let mut output = self.form.open();
        let client = self.connection.client().await?;
        let answer = self.connection.call(&client, request).await?;
        if answer.duplicate && named_by_caller {
            output::note("this request id was used before: nothing was written again");
        }
        output.print(&answer, |answer| {
            let id = answer.fact.as_ref().map_or("", |fact| &fact.fact_id);
            escape::line(id).into_owned()
        })?;
        output.flush()
    }
}
