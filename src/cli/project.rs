//! `callboard project`: what can be done with one project.

use clap::{Args, Subcommand, ValueEnum};
use prost_types::FieldMask;

use crate::grpc::pb::{
    CreateProjectRequest, DeleteProjectRequest, GetProjectRequest, Project as ProjectInfo,
    UpdateProjectRequest,
};

use super::block::Block;
use super::connection::Connection;
use super::failure::Failure;
use super::output::{self, Form, Output};
use super::place_flags::ProjectFlags;
use super::update_mask::changed;
use super::{escape, request_id};

/// Create, show, change or remove a project
#[derive(Debug, Args)]
pub(super) struct Project {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(Create),
    Show(Show),
    Update(Update),
    Delete(Delete),
}

/// The folders of a project.
#[derive(Debug, Args)]
struct Folders {
    /// The folder that agents work in
    #[arg(long, value_name = "DIR")]
    project_root: Option<String>,
    /// A folder with sources; may be repeated
    #[arg(long, value_name = "DIR")]
    source_folder: Vec<String>,
    /// A further folder; may be repeated
    #[arg(long, value_name = "DIR")]
    additional_folder: Vec<String>,
}

/// Create a project, and print its id
///
/// A project also appears by itself with its first task, run or message.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  callboard project create --project demo --project-root ~/src/demo"
)]
struct Create {
    /// The id of the new project: small letters, digits and dashes
    #[arg(long, value_name = "ID")]
    project: String,
    #[command(flatten)]
    folders: Folders,
    /// Makes repeating the command safe: the same id creates once [default: a random one]
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

/// Show a project and its folders
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  callboard project show --project demo")]
struct Show {
    #[command(flatten)]
    place: ProjectFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

/// Change the folders of a project, and print its id
#[derive(Debug, Args)]
#[command(after_help = UPDATE_HELP)]
struct Update {
    #[command(flatten)]
    folders: Folders,
    /// Make a field empty; may be repeated
    #[arg(long, value_name = "FIELD", value_enum)]
    clear: Vec<Field>,
    /// Only if the project still has this etag
    #[arg(long, value_name = "ETAG")]
    etag: Option<String>,
    #[command(flatten)]
    place: ProjectFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const UPDATE_HELP: &str = "\
Examples:
  callboard project update --project demo --source-folder src --source-folder lib
  callboard project update --project demo --clear additional-folders";

/// A field that can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Field {
    /// The folder that agents work in
    ProjectRoot,
    /// The folders with sources
    SourceFolders,
    /// The further folders
    AdditionalFolders,
}

/// Remove a project with everything in it
///
/// The project is never taken from the surroundings: name it with --project. One with
/// tasks, messages or other files is removed only with --force.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  callboard project delete --project demo --force")]
struct Delete {
    /// The project
    #[arg(long, value_name = "ID")]
    project: String,
    /// Remove it also when there is something in it
    #[arg(long)]
    force: bool,
    /// It is fine when there is no such project
    #[arg(long)]
    allow_missing: bool,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

impl Project {
    /// Runs the command.
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Create(create) => create.run().await,
            Command::Show(show) => show.run().await,
            Command::Update(update) => update.run().await,
            Command::Delete(delete) => delete.run().await,
        }
    }
}

impl Create {
    async fn run(self) -> Result<(), Failure> {
        let (request_id, named_by_caller) = request_id::given_or_new(self.request_id);
        let request = CreateProjectRequest {
            project_id: self.project,
            project_root: self.folders.project_root.unwrap_or_default(),
            source_folders: self.folders.source_folder,
            additional_folders: self.folders.additional_folder,
            request_id,
        };
        let mut output = self.form.open();
        let client = self.connection.client().await?;
        let answer = self.connection.call(&client, request).await?;
        if answer.duplicate && named_by_caller {
            output::note_repeated();
        }
        output.print(&answer, |answer| {
            let project = answer.project.as_ref().map_or("", |project| &project.project_id);
            escape::line(project).into_owned()
        })?;
        output.flush()
    }
}

impl Show {
    async fn run(self) -> Result<(), Failure> {
        let request = GetProjectRequest { project_id: self.place.resolve()? };
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let answer = self.connection.answer(client.get_project(request)).await?;
        print(&mut output, &answer.project.unwrap_or_default())
    }
}

fn print(output: &mut Output, project: &ProjectInfo) -> Result<(), Failure> {
    let terminal = output.is_terminal();
    output.print(project, |project| {
        Block::default()
            .field("project", project.project_id.clone())
            .field("root folder", project.project_root.clone())
            .fields("source folder", &project.source_folders)
            .fields("additional folder", &project.additional_folders)
            .field("problem", project.problem.clone())
            .field("etag", project.etag.clone())
            .lines(terminal)
    })?;
    output.flush()
}

impl Update {
    async fn run(self) -> Result<(), Failure> {
        let request = self.request()?;
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let answer = self.connection.answer(client.update_project(request)).await?;
        let project = answer.project.unwrap_or_default();
        output.print(&project, |project| escape::line(&project.project_id).into_owned())?;
        output.flush()
    }

    fn request(&self) -> Result<UpdateProjectRequest, Failure> {
        let folders = &self.folders;
        let fields = [
            (Field::ProjectRoot, "project_root", folders.project_root.is_some()),
            (Field::SourceFolders, "source_folders", !folders.source_folder.is_empty()),
            (Field::AdditionalFolders, "additional_folders", !folders.additional_folder.is_empty()),
        ];
        let paths = changed(&fields, &self.clear)?;
        Ok(UpdateProjectRequest {
            project_id: self.place.resolve()?,
            project_root: folders.project_root.clone().unwrap_or_default(),
            source_folders: folders.source_folder.clone(),
            additional_folders: folders.additional_folder.clone(),
            update_mask: Some(FieldMask { paths }),
            etag: self.etag.clone().unwrap_or_default(),
        })
    }
}

impl Delete {
    async fn run(self) -> Result<(), Failure> {
        let request = DeleteProjectRequest {
            project_id: self.project.clone(),
            force: self.force,
            allow_missing: self.allow_missing,
        };
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let answer = self.connection.answer(client.delete_project(request)).await?;
        output.print_json_only(&answer)?;
        output.flush()?;
        output::note_removed("project", &self.project, answer.existed);
        Ok(())
    }
}
