//! `callboard facts`: lists facts.

use clap::Args;

use crate::clock::{Clock as _, SystemClock};
use crate::grpc::pb::{Fact, ListFactsRequest};

use super::connection::Connection;
use super::failure::Failure;
use super::message_text::time;
use super::moment::{self, Moment};
use super::output::{self, Form};
use super::paging::{self, PAGE_SIZE};
use super::place_flags::SubjectFlags;
use super::table::{self, Row, Table};
use super::{fact_text, terminal};

/// List the facts about a task, or about a project, newest first
///
/// Inside a task they are those of the task; --task '' means those of the project itself.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Facts {
    /// Only facts from then on: a time, a day, or as in 2h how long ago
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    since: Option<Moment>,
    /// Only facts before then
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    until: Option<Moment>,
    /// Only facts that this run found out
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// Print their texts too
    #[arg(long)]
    bodies: bool,
    #[command(flatten)]
    place: SubjectFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard facts --project demo
  callboard facts --project demo --task task-1 --bodies
  callboard facts --task '' --since 2d               # inside a run: those of its project
  callboard facts --project demo --json --since 2026-11-21 --run \"$run\" | jq -r .title";

impl Facts {
    /// Lists all pages.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let place = self.place.resolve()?;
        let now = SystemClock.now();
        let since_time = self.since.map(|since| since.timestamp(now)).transpose()?;
        let until_time = self.until.map(|until| until.timestamp(now)).transpose()?;
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let mut table = table().cut_at(terminal::width());
        let fetch = async |page_token| {
            let request = ListFactsRequest {
                project_id: place.project.clone(),
                task_id: place.task.clone(),
                run_id: self.run.clone().unwrap_or_default(),
                since_time,
                until_time,
                with_bodies: self.bodies,
                page_size: PAGE_SIZE,
                page_token,
            };
            let answer = self.connection.answer(client.list_facts(request)).await?;
            Ok((answer.facts, answer.next_page_token))
        };
        let print = |facts: Vec<Fact>| {
            if self.bodies && !output.is_json() {
                let terminal = output.is_terminal();
                facts
                    .iter()
                    .try_for_each(|fact| output.print_text(&fact_text::entry(fact, terminal)))?;
                output.flush()
            } else {
                table.print_page(&mut output, &facts, row)
            }
        };
        if paging::each_page(fetch, print).await? == 0 {
            output::note_to_person(&format!("no fact about {} fits", place.bus_label()));
        }
        if let Some(narrowed) = self.place.narrowed(&place) {
            output::note_to_person(&narrowed);
        }
        Ok(())
    }
}

fn table() -> Table {
    Table::new(vec![
        table::text("FACT", 24),
        table::text("CREATED", 24),
        table::text("RUN", 6),
        table::text("TITLE", 5),
    ])
}

fn row(fact: &Fact) -> Row {
    Row {
        cells: vec![
            fact.fact_id.clone(),
            time(fact.created_at.as_ref()),
            fact.run_id.clone(),
            fact.title.clone(),
        ],
        problem: fact.problem.clone(),
    }
}
