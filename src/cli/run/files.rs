//! `callboard run files`: lists the files of a run.

use clap::Args;

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::message_text::time;
use crate::cli::output::{self, Form};
use crate::cli::paging::{self, PAGE_SIZE};
use crate::cli::place_flags::RunFlags;
use crate::cli::size;
use crate::cli::table::{self, Row, Table};
use crate::grpc::pb::{ListRunFilesRequest, RunFile};

/// List the files of a run that `logs` prints, with their sizes
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  callboard run files --run \"$run\"")]
pub(super) struct Files {
    #[command(flatten)]
    place: RunFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

impl Files {
    /// Lists all pages.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let mut table = Table::new(vec![
            table::text("FILE", 6),
            table::number("SIZE", 10),
            table::text("MODIFIED", 24),
        ]);
        let fetch = async |page_token| {
            let request = ListRunFilesRequest {
                project_id: place.project.clone(),
                task_id: place.task.clone(),
                run_id: place.run.clone(),
                page_size: PAGE_SIZE,
                page_token,
            };
            let answer = self.connection.answer(client.list_run_files(request)).await?;
            Ok((answer.files, answer.next_page_token))
        };
        let print = |files: Vec<RunFile>| table.print_page(&mut output, &files, row);
        if paging::each_page(fetch, print).await? == 0 {
            output::note_to_person("the run has no files yet");
        }
        Ok(())
    }
}

fn row(file: &RunFile) -> Row {
    Row {
        cells: vec![file.file.clone(), size::text(file.size), time(file.modified_at.as_ref())],
        ..Row::default()
    }
}
