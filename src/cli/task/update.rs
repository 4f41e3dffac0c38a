//! `callboard task update`: changes a task.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use prost_types::FieldMask;

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::output::Form;
use crate::cli::place_flags::TaskFlags;
use crate::cli::update_mask::changed;
use crate::cli::{escape, text_input};
use crate::grpc::pb::UpdateTaskRequest;

/// Change a task, and print its id
///
/// What no flag names stays as it is. The dependencies are replaced as a whole.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Update {
    /// What it is about
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    description: Option<String>,
    /// A file with what to do; - means stdin
    #[arg(long, value_name = "FILE")]
    prompt: Option<PathBuf>,
    /// The template it was made from
    #[arg(long, value_name = "NAME")]
    template: Option<String>,
    /// The model its agents are to use
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// A task that it waits for; may be repeated
    #[arg(long, value_name = "ID")]
    depends_on: Vec<String>,
    /// Make a field empty; may be repeated
    #[arg(long, value_name = "FIELD", value_enum)]
    clear: Vec<Field>,
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
  callboard task update --project demo --task task-1 --model opus
  callboard task update --task task-1 --clear depends-on --prompt new-prompt.md
  callboard task update --task task-1 --description 'fix it' --etag \"$etag\"";

/// A field that can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Field {
    /// What it is about
    Description,
    /// What to do
    Prompt,
    /// The template it was made from
    Template,
    /// The model its agents are to use
    Model,
    /// The tasks that it waits for
    DependsOn,
}

impl Update {
    /// Changes the task.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let paths = self.paths()?;
        let place = self.place.resolve()?;
        let prompt = match &self.prompt {
            Some(path) => text_input::file(&text_input::PROMPT, path)?,
            None => String::new(),
        };
        let request = UpdateTaskRequest {
            project_id: place.project,
            task_id: place.task,
            description: self.description.unwrap_or_default(),
            prompt,
            template: self.template.unwrap_or_default(),
            model: self.model.unwrap_or_default(),
            depends_on: self.depends_on,
            update_mask: Some(FieldMask { paths }),
            etag: self.etag.unwrap_or_default(),
        };
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let answer = self.connection.answer(client.update_task(request)).await?;
        let task = answer.task.unwrap_or_default();
        output.print(&task, |task| escape::line(&task.task_id).into_owned())?;
        output.flush()
    }

    fn paths(&self) -> Result<Vec<String>, Failure> {
        let fields = [
            (Field::Description, "description", self.description.is_some()),
            (Field::Prompt, "prompt", self.prompt.is_some()),
            (Field::Template, "template", self.template.is_some()),
            (Field::Model, "model", self.model.is_some()),
            (Field::DependsOn, "depends_on", !self.depends_on.is_empty()),
        ];
        changed(&fields, &self.clear)
    }
}
