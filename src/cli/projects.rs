//! `callboard projects`: lists the projects that exist.

use clap::Args;

use crate::grpc::pb::{ListProjectsRequest, Project};

use super::connection::Connection;
use super::failure::Failure;
use super::output::{self, Form};
use super::paging::{self, PAGE_SIZE};
use super::table::{self, Row, Table};
use super::terminal;

/// List the projects
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Projects {
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard projects
  callboard projects --json | jq -r .project_id";

impl Projects {
    /// Lists all pages.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let mut table =
            Table::new(vec![table::text("PROJECT", 16), table::text("ROOT FOLDER", 11)])
                .cut_at(terminal::width());
        let fetch = async |page_token| {
            let request = ListProjectsRequest { page_size: PAGE_SIZE, page_token };
            let answer = self.connection.answer(client.list_projects(request)).await?;
            Ok((answer.projects, answer.next_page_token))
        };
        let print = |projects: Vec<Project>| table.print_page(&mut output, &projects, row);
        if paging::each_page(fetch, print).await? == 0 {
            output::note_to_person("there is no project; the first task, run or post creates one");
        }
        Ok(())
    }
}

fn row(project: &Project) -> Row {
    Row {
        cells: vec![project.project_id.clone(), project.project_root.clone()],
        problem: project.problem.clone(),
    }
}
