//! `callboard buses`: lists the buses that exist.

use clap::Args;

use crate::grpc::pb::{Bus, ListBusesRequest};

use super::connection::Connection;
use super::failure::Failure;
use super::message_text::time;
use super::output::{self, Form};
use super::paging::{self, PAGE_SIZE};
use super::place::bus_label;
use super::place_flags::PlaceFlags;
use super::size;
use super::table::{self, Row, Table};

/// List the buses: size, time of the last message, archives, damage
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Buses {
    /// Those of every project, whatever the environment and the directory say
    #[arg(long, conflicts_with = "project")]
    everything: bool,
    #[command(flatten)]
    place: PlaceFlags,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard buses --everything
  callboard buses --project demo --json | jq -r .last_msg_id";

impl Buses {
    /// Lists all pages.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let project = if self.everything { String::new() } else { self.place.resolve().project };
        // Whoever works in a task still wants to see the other buses of the project:
        // only the flag narrows the list to a task.
        let task = self.place.task.as_deref();
        let mut output = self.form.open();
        let mut client = self.connection.message_bus().await?;
        let mut table = table();
        let fetch = async |page_token| {
            let request =
                ListBusesRequest { project_id: project.clone(), page_size: PAGE_SIZE, page_token };
            let answer = self.connection.answer(client.list_buses(request)).await?;
            let fits = |bus: &Bus| task.is_none_or(|task| bus.task_id == task);
            let buses: Vec<Bus> = answer.buses.into_iter().filter(fits).collect();
            Ok((buses, answer.next_page_token))
        };
        let print = |buses: Vec<Bus>| table.print_page(&mut output, &buses, row);
        let count = paging::each_page(fetch, print).await?;
        if count == 0 {
            output::note_to_person("no bus fits; the first post creates one");
        } else if self.place.project.is_none() && !project.is_empty() {
            output::note_to_person(&format!(
                "only those of project {project}; --everything shows all"
            ));
        }
        Ok(())
    }
}

fn table() -> Table {
    Table::new(vec![
        table::text("BUS", 3),
        table::number("SIZE", 10),
        table::text("LAST MESSAGE", 24),
        table::number("ARCHIVES", 8),
        table::number("DAMAGED", 7),
    ])
}

fn row(bus: &Bus) -> Row {
    Row {
        cells: vec![
            bus_label(&bus.project_id, &bus.task_id),
            size::text(bus.size_bytes),
            time(bus.last_ts.as_ref()),
            bus.archive_count.to_string(),
            bus.damage_count.to_string(),
        ],
        problem: bus.problem.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_problems_are_shown() {
        let small = Bus { project_id: "p".into(), size_bytes: 12, ..Default::default() };
        let long = Bus {
            project_id: "project".into(),
            task_id: "task\x1b".into(),
            last_ts: Some(prost_types::Timestamp { seconds: 1_771_874_230, nanos: 0 }),
            archive_count: 3,
            problem: "it is a directory".into(),
            ..Default::default()
        };
        assert_eq!(
            table().page(&[row(&small), row(&long)]),
            "\
BUS                     SIZE  LAST MESSAGE              ARCHIVES  DAMAGED
p                       12 B  -                                0        0
project/task\\x1b         0 B  2026-02-23T19:17:10.000Z         3        0
  problem: it is a directory
"
        );
    }
}
