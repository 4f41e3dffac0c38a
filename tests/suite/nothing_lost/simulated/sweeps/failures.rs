//! An operation of a mutation fails: the call says so and nothing is acknowledged, or it
//! gets over it; and either way it works again afterwards.

use super::super::{Fault, Survives};
use super::contract::{Breach, Complaint, Contract, Outcome, is_reason_of};
use super::dump::Dump;
use super::ground::{idle, open};
use super::report::{Case, Report};
use crate::nothing_lost::tally::rounds;
use callboard::error::Reason;

/// Everything that can go wrong with a single operation.
const FAULTS: [Fault; 6] = [
    Fault::Eio,
    Fault::Enospc,
    Fault::FullFromThere,
    Fault::ShortWrite,
    Fault::Eintr,
    Fault::SyncFails,
];

/// In how many ways each operation fails in a full run; more than there are, so that a part
/// of a run tries some of them, others at the next operation.
const FAULTS_FULL: usize = 40;

/// Lets each operation of a mutation fail.
pub(super) async fn sweep(contract: &Contract, report: &mut Report) {
    let count = rounds(FAULTS_FULL).min(FAULTS.len());
    for at in 0..contract.operations {
        for fault in FAULTS.into_iter().cycle().skip(at * count).take(count) {
            if report.wants(contract.mutation.name, fault, at) {
                fail_at(contract, fault, at, report).await;
            }
        }
    }
}

async fn fail_at(contract: &Contract, fault: Fault, at: usize, report: &mut Report) {
    let disk = contract.ground.fork();
    let files = open(&disk).expect("the root is free");
    contract.mutation.begin(&files).await;
    disk.arm(fault, at);
    let outcome = (contract.mutation.call)(&files).await;
    idle().await;
    let trace = disk.trace();
    if !disk.disarm().hit {
        // No operation that can fail so.
        return;
    }
    let mut add = |then: &str, complaint: Option<Complaint>| {
        report.add(
            Case {
                mutation: contract.mutation.name,
                fault,
                at,
                then: then.to_owned(),
                trace: &trace,
                outcome: &outcome,
            },
            complaint,
        );
    };
    let now = Dump::of(&files, &disk, contract.mutation.about()).await;
    add(
        "at once",
        answered(fault, trace.get(at), &outcome)
            .or_else(|| contract.compare(outcome.is_ok(), &now, true)),
    );
    // A small part of a full run does the one at this operation, the other at the next.
    let does_all = rounds(FAULTS_FULL) > 1;
    let (restarted, crashed) = (disk.fork(), disk.fork().crash(Survives::SyncedOnly));
    if does_all || at.is_multiple_of(2) {
        add("a restart", contract.check(&outcome, &restarted, true).await);
    }
    if does_all || !at.is_multiple_of(2) {
        add("a crash", contract.check(&outcome, &crashed, true).await);
    }
    // On the same backend, unless it has to be opened anew.
    let is_poisoned = |answer: &Outcome| {
        answer.as_ref().is_err_and(|error| error.reason() == Reason::BusPoisoned)
    };
    let again = contract.repeat(&outcome, (&files, &disk), &now, true).await;
    let again = match again {
        Some(_) if is_poisoned(&(contract.mutation.call)(&files).await) => None,
        again => again,
    };
    add("a repetition", again);
}

/// Whether an answer fits to what went wrong.
fn answered(fault: Fault, operation: Option<&String>, outcome: &Outcome) -> Option<Complaint> {
    let is_sync = operation.is_some_and(|operation| operation.contains("sync"));
    match (fault, outcome) {
        (_, Ok(_)) => None,
        // A sync that was interrupted is one that failed.
        (Fault::Eintr, Err(error)) if is_sync && is_reason_of(fault, error.reason()) => None,
        (Fault::ShortWrite | Fault::Eintr, Err(error)) => {
            Some((Breach::Torn, format!("that is no failure: {error}")))
        }
        (fault, Err(error)) if is_reason_of(fault, error.reason()) => None,
        (_, Err(error)) => Some((Breach::Torn, format!("another reason: {error}"))),
    }
}
