//! Requests over every limit that the server announces: refused by name, and accepted with
//! one less.

mod requests;

use std::collections::BTreeSet;

use callboard::grpc::pb;
use callboard::limits::ANNOUNCED;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::super::tally::Tally;
use super::neighbour::Neighbour;
use crate::client::{Client, message};
use crate::server::Server;
use crate::storage_client::{StorageClient, new_task};
use requests::{Callers, PROJECT, RUN, Shown, TASK, shown, step};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_over_a_limit_is_refused_by_its_name_and_what_is_at_it_is_not() {
    let server = Server::start();
    let mut neighbour = Neighbour::of(&server).await;
    let mut callers = Callers {
        bus: Client::connect(&server).await,
        storage: StorageClient::connect(&server).await,
    };
    let steps = vec![step("one".into())];
    let task = pb::CreateTaskRequest { steps, ..new_task(PROJECT, TASK) };
    callers.storage.create_task(task).await.expect("a task");
    callers.storage.new_run(PROJECT, TASK, RUN).await;
    callers.bus.append(message(PROJECT, "", "the first")).await;

    let (mut cases, mut wrong) = (0, BTreeSet::new());
    for &(name, limit) in ANNOUNCED {
        let Shown::Refused(call) = shown(name) else { continue };
        let limit = usize::try_from(limit).expect("a size");
        cases += 2;
        if let Err(status) = call(callers.clone(), limit).await {
            wrong.insert(format!("{name}: at its limit: {}", short(&status)));
        }
        match call(callers.clone(), limit + 1).await {
            Ok(()) => _ = wrong.insert(format!("{name}: accepted over its limit")),
            Err(status) if names(&status, name, limit) => {}
            Err(status) => _ = wrong.insert(format!("{name}: over its limit: {}", short(&status))),
        }
    }
    for &(name, _) in ANNOUNCED {
        if let Shown::Elsewhere(reason) = shown(name) {
            assert!(!reason.is_empty(), "{name}");
        }
    }
    assert_eq!(wrong, BTreeSet::new());
    neighbour.is_served(&server).await;
    let tally: Tally = neighbour.tally(cases).await;
    tally.settle(
        "requests at every limit and over it",
        "nothing_lost::floods::over_limits::\
         what_is_over_a_limit_is_refused_by_its_name_and_what_is_at_it_is_not",
    );
}

fn short(status: &Status) -> String {
    format!("{:?} {:.200}", status.code(), status.message())
}

/// Whether a refusal says which limit was met: by its name, with what was too much; or, for
/// ids and names, by its number.
fn names(status: &Status, name: &str, limit: usize) -> bool {
    let Some(info) = status.get_details_error_info() else { return false };
    let metadata = |key: &str| info.metadata.get(key).map(String::as_str);
    let is_exact = metadata("limit_name") == Some(name)
        && metadata("limit") == Some(&limit.to_string())
        && metadata("actual") == Some(&(limit + 1).to_string());
    let says = |text: &str| status.message().contains(text);
    status.code() == Code::InvalidArgument
        && (is_exact
            || info.reason == "INVALID_ID" && says(&limit.to_string())
            || info.reason == "INVALID_FIELD" && says(name))
}
