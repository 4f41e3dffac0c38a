//! Every mutation of both services on the simulated disk: the power goes, or something fails,
//! at each of its operations, and the contract must hold.

mod bus_mutations;
mod contract;
mod crash;
mod dump;
mod failures;
mod ground;
mod listed;
mod mutation;
mod recovery;
mod removals;
mod report;
mod run_mutations;
mod sequences;
mod task_mutations;

use contract::Contract;
use mutation::Mutation;
use report::Report;

/// Cuts the power at each operation of each of these.
fn cut_power(mutations: Vec<Mutation>, what: &str, test: &str) {
    ground::block_on(async {
        let common = ground::common().await;
        let mut report = Report::default();
        for mutation in mutations {
            let contract = Contract::of(mutation, &common).await;
            crash::sweep(&contract, &mut report).await;
        }
        report.settle(
            &format!("power cut at every disk operation of {what} (simulated disk)"),
            &format!("nothing_lost::simulated::sweeps::{test}"),
        );
    });
}

/// Lets each operation of each of these fail.
fn fail(mutations: Vec<Mutation>, what: &str, test: &str) {
    ground::block_on(async {
        let common = ground::common().await;
        let mut report = Report::default();
        for mutation in mutations {
            let contract = Contract::of(mutation, &common).await;
            failures::sweep(&contract, &mut report).await;
        }
        report.settle(
            &format!(
                "EIO, ENOSPC, a full disk, a short write, EINTR, a failed sync at every disk \
                 operation of {what} (simulated disk)"
            ),
            &format!("nothing_lost::simulated::sweeps::{test}"),
        );
    });
}

#[test]
fn a_bus_keeps_what_was_acknowledged_wherever_the_power_goes() {
    cut_power(
        bus_mutations::all(),
        "every mutation of a bus",
        "a_bus_keeps_what_was_acknowledged_wherever_the_power_goes",
    );
}

#[test]
fn projects_and_tasks_are_whole_wherever_the_power_goes() {
    cut_power(
        task_mutations::projects_and_tasks(),
        "every mutation of projects and tasks",
        "projects_and_tasks_are_whole_wherever_the_power_goes",
    );
}

#[test]
fn what_tasks_keep_is_whole_wherever_the_power_goes() {
    cut_power(
        task_mutations::kept_by_tasks(),
        "every mutation of logs, artifacts and facts",
        "what_tasks_keep_is_whole_wherever_the_power_goes",
    );
}

#[test]
fn runs_are_whole_wherever_the_power_goes() {
    cut_power(
        run_mutations::all(),
        "every mutation of runs",
        "runs_are_whole_wherever_the_power_goes",
    );
}

#[test]
fn a_bus_refuses_or_keeps_what_fails_at_any_operation() {
    fail(
        bus_mutations::all(),
        "every mutation of a bus",
        "a_bus_refuses_or_keeps_what_fails_at_any_operation",
    );
}

#[test]
fn projects_and_tasks_are_whole_whatever_operation_fails() {
    fail(
        task_mutations::projects_and_tasks(),
        "every mutation of projects and tasks",
        "projects_and_tasks_are_whole_whatever_operation_fails",
    );
}

#[test]
fn what_tasks_keep_is_whole_whatever_operation_fails() {
    fail(
        task_mutations::kept_by_tasks(),
        "every mutation of logs, artifacts and facts",
        "what_tasks_keep_is_whole_whatever_operation_fails",
    );
}

#[test]
fn runs_are_whole_whatever_operation_fails() {
    fail(run_mutations::all(), "every mutation of runs", "runs_are_whole_whatever_operation_fails");
}

#[test]
fn what_a_second_cut_leaves_of_taking_up_a_first_one_is_whole() {
    ground::block_on(async {
        let common = ground::common().await;
        let mut report = Report::default();
        let mutations = [
            bus_mutations::all(),
            task_mutations::projects_and_tasks(),
            task_mutations::kept_by_tasks(),
            run_mutations::all(),
        ];
        for mutation in mutations.into_iter().flatten() {
            let contract = Contract::of(mutation, &common).await;
            recovery::sweep(&contract, &mut report).await;
        }
        report.settle(
            "a second power cut while a server takes up what the first one left (simulated disk)",
            "nothing_lost::simulated::sweeps::\
             what_a_second_cut_leaves_of_taking_up_a_first_one_is_whole",
        );
    });
}
