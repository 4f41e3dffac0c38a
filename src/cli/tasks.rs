//! `callboard tasks`: lists the tasks of a project.

use clap::Args;

use crate::grpc::pb::{ListTasksRequest, Task};

use super::connection::Connection;
use super::failure::Failure;
use super::message_text::time;
use super::output::{self, Form};
use super::paging::{self, PAGE_SIZE};
use super::place_flags::ProjectFlags;
use super::table::{self, Row, Table};
use super::terminal;

/// List the tasks of a project, newest first
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Tasks {
    /// Only tasks with this status, such as pending; may be repeated
    #[arg(long, value_name = "STATUS")]
    status: Vec<String>,
    #[command(flatten)]
    place: ProjectFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard tasks --project demo
  callboard tasks --project demo --status pending --status running
  callboard tasks --json | jq -r 'select(.done) | .task_id'";

impl Tasks {
    /// Lists all pages.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let project = self.place.resolve()?;
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let mut table = table().cut_at(terminal::width());
        let fetch = async |page_token| {
            let request = ListTasksRequest {
                project_id: project.clone(),
                statuses: self.status.clone(),
                page_size: PAGE_SIZE,
                page_token,
            };
            let answer = self.connection.answer(client.list_tasks(request)).await?;
            Ok((answer.tasks, answer.next_page_token))
        };
        let print = |tasks: Vec<Task>| table.print_page(&mut output, &tasks, row);
        if paging::each_page(fetch, print).await? == 0 {
            let none = if self.status.is_empty() {
                format!("project {project} has no tasks")
            } else {
                format!("no task of project {project} fits")
            };
            output::note_to_person(&none);
        }
        Ok(())
    }
}

fn table() -> Table {
    Table::new(vec![
        table::text("TASK", 16),
        table::text("STATUS", 9),
        table::text("STATE", 7),
        table::text("DONE", 4),
        table::text("CREATED", 24),
        table::text("DESCRIPTION", 11),
    ])
}

fn row(task: &Task) -> Row {
    let done = if task.done { "done" } else { "" };
    Row {
        cells: vec![
            task.task_id.clone(),
            task.status.clone(),
            task.state_status.clone(),
            done.to_owned(),
            time(task.created_at.as_ref()),
            task.description.clone(),
        ],
        problem: task.problem.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_facts_have_a_column_each_and_long_descriptions_are_cut() {
        let task = Task {
            task_id: "task-1".into(),
            status: "pending".into(),
            done: true,
            description: "a long\nstory".into(),
            ..Task::default()
        };
        assert_eq!(
            table().cut_at(Some(86)).page(&[row(&task)]),
            "\
TASK              STATUS     STATE    DONE  CREATED                   DESCRIPTION
task-1            pending    -        done  -                         a long\\nstory
"
        );
        let page = table().cut_at(Some(78)).page(&[row(&task)]);
        assert!(page.ends_with(" a long\\…\n"), "{page}");
    }
}
