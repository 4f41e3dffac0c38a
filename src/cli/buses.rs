//! `callboard buses`: lists the buses that exist.

use clap::Args;

use crate::grpc::pb::{Bus, ListBusesRequest};

use super::connection::Connection;
use super::escape;
use super::failure::Failure;
use super::message_text::time;
use super::output::{self, Form, Output};
use super::place::{PlaceFlags, bus_label};
use super::size;

/// What one call asks for.
const PAGE_SIZE: i32 = 1000;

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
        let mut request = ListBusesRequest {
            project_id: project,
            page_size: PAGE_SIZE,
            page_token: String::new(),
        };
        let mut buses = Vec::new();
        loop {
            let answer = self.connection.answer(client.list_buses(request.clone())).await?;
            buses.extend(
                answer.buses.into_iter().filter(|bus| task.is_none_or(|task| bus.task_id == task)),
            );
            if answer.next_page_token.is_empty() {
                break;
            }
            request.page_token = answer.next_page_token;
        }
        print(&mut output, &buses)?;
        output.flush()?;
        if buses.is_empty() {
            output::note_to_person("no bus fits; the first post creates one");
        } else if self.place.project.is_none() && !request.project_id.is_empty() {
            output::note_to_person(&format!(
                "only those of project {}; --everything shows all",
                request.project_id
            ));
        }
        Ok(())
    }
}

fn print(output: &mut Output, buses: &[Bus]) -> Result<(), Failure> {
    if !output.is_json() && !buses.is_empty() {
        return output.print_text(&table(buses));
    }
    buses.iter().try_for_each(|bus| output.print(bus, |_| String::new()))
}

/// Returns the buses as aligned columns, the name first.
fn table(buses: &[Bus]) -> String {
    let names: Vec<String> = buses
        .iter()
        .map(|bus| escape::line(&bus_label(&bus.project_id, &bus.task_id)).into_owned())
        .collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max("BUS".len());
    let mut table = format!(
        "{:width$}  {:>10}  {:24}  {:>8}  {:>7}\n",
        "BUS", "SIZE", "LAST MESSAGE", "ARCHIVES", "DAMAGED"
    );
    for (bus, name) in buses.iter().zip(&names) {
        table.push_str(&format!(
            "{name:width$}  {:>10}  {:24}  {:>8}  {:>7}\n",
            size::text(bus.size_bytes),
            time(bus.last_ts.as_ref()),
            bus.archive_count,
            bus.damage_count,
        ));
        if !bus.problem.is_empty() {
            table.push_str(&format!("  cannot be read: {}\n", escape::line(&bus.problem)));
        }
    }
    table
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
            table(&[small, long]),
            "\
BUS                     SIZE  LAST MESSAGE              ARCHIVES  DAMAGED
p                       12 B  -                                0        0
project/task\\x1b         0 B  2026-02-23T19:17:10.000Z         3        0
  cannot be read: it is a directory
"
        );
    }
}
