//! `callboard task update`: changes a task.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use prost_types::FieldMask;

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::output::Form;
use crate::cli::place_flags::TaskFlags;
use crate::cli::update_mask::changed;
use crate::cli::{escape, json_object, steps, text_input};
use crate::domain::JsonObject;
use crate::grpc::pb::UpdateTaskRequest;

/// Change a task, and print its id
///
/// What no flag names stays as it is. The dependencies are replaced as a whole, and so
/// are the steps, though those whose place and name stay keep their state. A status must
/// be one that the task may have next, as for `task transition`.
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
    /// Its status
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    /// The step it is at, from 0; as many as there are steps when all are done
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    current_step: Option<i32>,
    /// A file with its steps, a JSON array in the form of task.json; - means stdin
    #[arg(long, value_name = "FILE")]
    steps: Option<PathBuf>,
    /// Further data to change: each key replaces the one there is, or removes it when its
    /// value is null; other keys stay
    #[arg(long, value_name = "JSON", value_parser = json_object::parse)]
    metadata: Option<JsonObject>,
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
  callboard task update --task task-1 --description 'fix it' --etag \"$etag\"
  callboard task update --task task-1 --metadata '{\"pr\": 17, \"draft\": null}'
  callboard task show --task task-1 --json | jq '.steps + [{\"name\": \"tag\", \"type\": \"git\"}]' |
    callboard task update --task task-1 --steps -";

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
    /// The steps
    Steps,
}

impl Update {
    /// Changes the task.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let paths = self.paths()?;
        let place = self.place.resolve()?;
        text_input::only_one_from_stdin(&[self.prompt.as_deref(), self.steps.as_deref()])?;
        let prompt = match &self.prompt {
            Some(path) => text_input::file(&text_input::PROMPT, path)?,
            None => String::new(),
        };
        let steps = match &self.steps {
            Some(path) => steps::file(path)?,
            None => Vec::new(),
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
            status: self.status.unwrap_or_default(),
            current_step: self.current_step,
            steps,
            metadata_json: json_object::text(self.metadata.as_ref()),
        };
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let answer = self.connection.answer(client.update_task(request)).await;
        let answer = answer.map_err(|failure| failure.look_first("callboard task show"))?;
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
            (Field::Steps, "steps", self.steps.is_some()),
        ];
        // These are never empty.
        let others = [
            ("status", self.status.is_some()),
            ("current_step", self.current_step.is_some()),
            ("metadata_json", self.metadata.is_some()),
        ];
        let fields = fields.into_iter().map(|(field, name, given)| (Some(field), name, given));
        let others = others.into_iter().map(|(name, given)| (None, name, given));
        let clear: Vec<Option<Field>> = self.clear.iter().copied().map(Some).collect();
        changed(&fields.chain(others).collect::<Vec<_>>(), &clear)
    }
}
