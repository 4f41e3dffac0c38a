//! `callboard status`: tells about the server.

use std::collections::BTreeMap;

use callboard_client::Transport;
use clap::Args;

use crate::domain::run_status;
use crate::grpc::pb::storage_client::StorageClient;
use crate::grpc::pb::{
    GetServerInfoRequest, GetServerInfoResponse, ListProjectsRequest, ListRunsRequest, Liveness,
};

use super::block::Block;
use super::connection::Connection;
use super::failure::Failure;
use super::message_text::time;
use super::output::Form;
use super::paging::{self, PAGE_SIZE};
use super::{duration, size};

/// Show which server answers, what is free on its disk, and how many runs are running
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Status {
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    form: Form,
}

const AFTER_HELP: &str = "\
Examples:
  callboard status
  callboard status --json | jq .free_bytes

With --json it is what the server says of itself; nothing is counted.";

/// What is counted, as the server itself does not say it.
#[derive(Debug, Default)]
struct Counts {
    projects: usize,
    running: usize,
    /// Of those running.
    lost: usize,
}

impl Status {
    /// Prints the block.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let mut output = self.form.open();
        let mut client = self.connection.storage().await?;
        let info = self.connection.answer(client.get_server_info(GetServerInfoRequest {})).await?;
        let counts =
            if output.is_json() { Counts::default() } else { self.count(&mut client).await? };
        let terminal = output.is_terminal();
        let address = self.connection.address().to_string();
        output.print(&info, |info| block(info, &address, &counts).lines(terminal))?;
        output.flush()
    }

    async fn count(&self, client: &mut StorageClient<Transport>) -> Result<Counts, Failure> {
        let projects = async |page_token| {
            let request = ListProjectsRequest { page_size: PAGE_SIZE, page_token };
            let answer = self.connection.answer(client.list_projects(request)).await?;
            Ok((answer.projects, answer.next_page_token))
        };
        let projects = paging::each_page(projects, |_| Ok(())).await?;
        let runs = async |page_token| {
            let request = ListRunsRequest {
                statuses: vec![run_status::RUNNING.to_owned()],
                page_size: PAGE_SIZE,
                page_token,
                ..Default::default()
            };
            let answer = self.connection.answer(client.list_runs(request)).await?;
            Ok((answer.runs, answer.next_page_token))
        };
        let mut lost = 0;
        let running = paging::each_page(runs, |runs| {
            lost += runs.iter().filter(|run| run.liveness() == Liveness::Lost).count();
            Ok(())
        })
        .await?;
        Ok(Counts { projects, running, lost })
    }
}

fn block(info: &GetServerInfoResponse, address: &str, counts: &Counts) -> Block {
    let running = match counts.lost {
        0 => counts.running.to_string(),
        lost => format!("{}, {lost} of them lost; callboard reconcile marks them", counts.running),
    };
    Block::default()
        .field("server", format!("callboard {}", info.version))
        .field("address", address)
        .field("host", info.host.clone())
        .field("pid", info.pid.to_string())
        .field("started", time(info.started_at.as_ref()))
        .field("up for", uptime(info).map(duration::short).unwrap_or_default())
        .field("root", info.root.clone())
        .field("free", size::text(info.free_bytes))
        .field("open", open(info))
        .field("you are", caller(info))
        .field("projects", counts.projects.to_string())
        .field("running runs", running)
}

/// What is open, in the order of its names.
fn open(info: &GetServerInfoResponse) -> String {
    let counts: BTreeMap<_, _> = info.open.iter().collect();
    let counts = counts.into_iter().map(|(name, count)| format!("{count} {name}"));
    counts.collect::<Vec<_>>().join(", ")
}

/// Whom the server takes the caller for, and what that one may do.
fn caller(info: &GetServerInfoResponse) -> String {
    let (may, projects) = (info.permissions.join(", "), info.projects.join(", "));
    format!("{}; may {may} in {projects}", info.caller)
}

fn uptime(info: &GetServerInfoResponse) -> Option<std::time::Duration> {
    let (started, now) = (info.started_at.as_ref()?, info.now.as_ref()?);
    let seconds = u64::try_from(now.seconds.checked_sub(started.seconds)?).ok()?;
    Some(std::time::Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_runs_are_named_with_what_to_do_about_them() {
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let info = GetServerInfoResponse {
            version: "1.2.3".into(),
            host: "here".into(),
            root: "/tree".into(),
            pid: 7,
            started_at: at(1_771_874_230),
            now: at(1_771_874_290),
            free_bytes: 2048,
            caller: "token ci".into(),
            permissions: vec!["read".into(), "write".into()],
            projects: vec!["swarm*".into(), "demo".into()],
            open: [("subscribers", 2), ("calls", 1)]
                .map(|(name, count)| (name.into(), count))
                .into(),
            ..Default::default()
        };
        let counts = Counts { projects: 2, running: 3, lost: 1 };
        assert_eq!(
            block(&info, "127.0.0.1:1", &counts).lines(true),
            "\
server:       callboard 1.2.3
address:      127.0.0.1:1
host:         here
pid:          7
started:      2026-02-23T19:17:10.000Z
up for:       1m00s
root:         /tree
free:         2.0 KiB
open:         1 calls, 2 subscribers
you are:      token ci; may read, write in swarm*, demo
projects:     2
running runs: 3, 1 of them lost; callboard reconcile marks them
"
        );
    }
}
