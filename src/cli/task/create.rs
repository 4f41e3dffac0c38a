//! `callboard task create`: creates a task.

use std::path::PathBuf;

use clap::Args;

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::output::{self, Form};
use crate::cli::place_flags::ProjectFlags;
use crate::cli::{escape, json_object, request_id, steps, text_input};
use crate::domain::JsonObject;
use crate::grpc::pb::{CreateTaskRequest, Step};

/// Create a task, and print its id
///
/// The project is created when it is missing.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Create {
    /// What it is about
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    description: String,
    /// A file with what to do; - means stdin
    #[arg(long, value_name = "FILE")]
    prompt: Option<PathBuf>,
    /// The id of the new task [default: made from the time and the description]
    #[arg(long, value_name = "ID")]
    task: Option<String>,
    /// The template it is made from
    #[arg(long, value_name = "NAME")]
    template: Option<String>,
    /// The model its agents are to use
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// A task that it waits for; may be repeated
    #[arg(long, value_name = "ID")]
    depends_on: Vec<String>,
    /// A step: its name, and ai, validation, git, human, sdd, ci, verify, loop or another
    /// type; may be repeated
    #[arg(long, value_name = "NAME:TYPE", value_parser = steps::name_and_type)]
    step: Vec<Step>,
    /// A file with its steps, a JSON array in the form of task.json; - means stdin
    #[arg(long, value_name = "FILE", conflicts_with = "step")]
    steps: Option<PathBuf>,
    /// Further data
    #[arg(long, value_name = "JSON", value_parser = json_object::parse)]
    metadata: Option<JsonObject>,
    /// Makes repeating the command safe: the same id creates once [default: a random one]
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    #[command(flatten)]
    place: ProjectFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard task create --project demo --description 'fix the build'
  task=$(callboard task create --description 'fix the build' --prompt prompt.md)
  echo 'Fix it.' | callboard task create --task fix-1 --description 'fix it' --prompt -
  callboard task create --description 'then test' --depends-on \"$task\"
  callboard task create --description 'release' --step build:ci --step 'write notes:ai'
  callboard task create --description 'release' --steps steps.json --metadata '{\"pr\": 17}'

Of each step in the file, name, type, description, prompt, commands and timeout_seconds are taken.";

impl Create {
    /// Creates the task.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let project_id = self.place.resolve()?;
        text_input::only_one_from_stdin(&[self.prompt.as_deref(), self.steps.as_deref()])?;
        let prompt = match &self.prompt {
            Some(path) => text_input::file(&text_input::PROMPT, path)?,
            None => String::new(),
        };
        let steps = match &self.steps {
            Some(path) => steps::file(path)?,
            None => self.step,
        };
        let (request_id, named_by_caller) = request_id::given_or_new(self.request_id);
        let request = CreateTaskRequest {
            project_id,
            task_id: self.task.unwrap_or_default(),
            description: self.description,
            prompt,
            template: self.template.unwrap_or_default(),
            model: self.model.unwrap_or_default(),
            depends_on: self.depends_on,
            request_id,
            steps,
            metadata_json: json_object::text(self.metadata.as_ref()),
        };
        let mut output = self.form.open();
        let client = self.connection.client().await?;
        let answer = self.connection.call(&client, request).await?;
        if answer.duplicate && named_by_caller {
            output::note_repeated();
        }
        output.print(&answer, |answer| {
            let task = answer.task.as_ref().map_or("", |task| &task.task_id);
            escape::line(task).into_owned()
        })?;
        output.flush()
    }
}
