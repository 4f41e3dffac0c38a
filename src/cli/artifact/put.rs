//! `callboard artifact put`: saves an artifact.

use std::path::PathBuf;

use clap::Args;
use tonic::transport::Channel;

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::output::{self, Form};
use crate::cli::place::Place;
use crate::cli::place_flags::TaskFlags;
use crate::cli::{escape, request_id, retry};
use crate::grpc::pb::storage_client::StorageClient;
use crate::grpc::pb::upload_artifact_request::Header;
use crate::grpc::pb::{SaveArtifactRequest, SaveArtifactResponse};

use super::content::Content;
use super::sha256;
use super::upload::Upload;

/// Save a file as an artifact of a task, and print its path
///
/// Whole or not at all: a plain artifact takes the place of the one with its name, a
/// versioned one gets the next number, an attachment a name of its own. The path is what
/// `artifact get`, `task step --artifact` and `post --attachment` take.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Put {
    /// The file; - means stdin, and needs --name
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Its name, also with folders, as in sdd/spec.md [default: the file's]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Save it beside older versions: report.md becomes report.1.md, report.2.md and so on
    #[arg(long)]
    versioned: bool,
    /// Save it for a message to point to, as ATTACH-<stamp>-<name>
    #[arg(long, conflicts_with = "versioned")]
    attachment: bool,
    /// Save it only if this is the SHA-256 of its content
    #[arg(long, value_name = "HEX", value_parser = sha256::parse)]
    sha256: Option<String>,
    /// Makes repeating the command safe: the same id saves once [default: a random one]
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    #[command(flatten)]
    place: TaskFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard artifact put --project demo --task task-1 report.md
  callboard artifact put --versioned --name sdd/spec.md spec.md      # inside a run: of its task
  git diff | callboard artifact put --name change.diff -
  log=$(callboard artifact put --attachment build.log) &&
    callboard post --type FACT --body 'the log of the build' --attachment \"$log\"";

impl Put {
    /// Saves the artifact.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        let name = self.name()?;
        let content = Content::open(&self.file)?;
        let (request_id, named_by_caller) = request_id::given_or_new(self.request_id.clone());
        let header = self.header(place, &name, request_id, &content)?;
        let mut output = self.form.open();
        let client = self.connection.storage().await?;
        let (artifact, duplicate) = match content {
            Content::Whole(data) => {
                let answer = self.save(&client, header, data).await?;
                output.print_json_only(&answer)?;
                (answer.artifact, answer.duplicate)
            }
            Content::Stream { source, known } => {
                let upload = Upload {
                    connection: &self.connection,
                    client: &client,
                    header,
                    file: &self.file,
                };
                let answer = upload.send(source, known).await?;
                output.print_json_only(&answer)?;
                (answer.artifact, answer.duplicate)
            }
        };
        if duplicate && named_by_caller {
            output::note("this request id was used before: nothing was saved again");
        }
        if !output.is_json() {
            output.print_text(&escape::line(&artifact.unwrap_or_default().path))?;
        }
        output.flush()
    }

    fn name(&self) -> Result<String, Failure> {
        if let Some(name) = &self.name {
            return Ok(name.clone());
        }
        if self.file.as_os_str() == "-" {
            return Err(Failure::usage("which name? with stdin give --name NAME"));
        }
        let name = self.file.file_name().and_then(|name| name.to_str());
        name.map(str::to_owned).ok_or_else(|| {
            let shown = self.file.display();
            Failure::usage(format!("{shown} has no name to save it by; give --name NAME"))
        })
    }

    /// Says what is saved. Its size and its hash are sent along when they are known: what
    /// arrives is checked against them then.
    fn header(
        &self,
        place: Place,
        name: &str,
        request_id: String,
        content: &Content,
    ) -> Result<Header, Failure> {
        let actual = content.sha256();
        if let (Some(actual), Some(expected)) = (&actual, &self.sha256)
            && actual != expected
        {
            let what = self.file.display().to_string();
            return Err(sha256::mismatch(&what, actual, expected, "nothing was sent"));
        }
        Ok(Header {
            project_id: place.project,
            task_id: place.task,
            name: name.to_owned(),
            versioned: self.versioned,
            attachment: self.attachment,
            sha256: self.sha256.clone().or(actual).unwrap_or_default(),
            request_id,
            size: content.size().and_then(|size| i64::try_from(size).ok()),
        })
    }

    async fn save(
        &self,
        client: &StorageClient<Channel>,
        header: Header,
        data: Vec<u8>,
    ) -> Result<SaveArtifactResponse, Failure> {
        let request = SaveArtifactRequest {
            project_id: header.project_id,
            task_id: header.task_id,
            name: header.name,
            versioned: header.versioned,
            attachment: header.attachment,
            sha256: header.sha256,
            data,
            request_id: header.request_id,
        };
        let save = async || client.clone().save_artifact(request.clone()).await;
        retry::until_taken(&self.connection, save).await
    }
}
