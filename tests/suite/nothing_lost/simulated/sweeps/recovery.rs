//! The power goes again while a server takes up what the first cut left: torn records, what
//! was staged, what was to be removed, requests that were begun.

use super::super::random::Random;
use super::super::{Fault, Simulated, Survives};
use super::contract::{Contract, Outcome};
use super::crash::is_plain;
use super::ground::{idle, open};
use super::mutation::Again;
use super::report::{Case, Report};
use crate::nothing_lost::tally::rounds;

/// How many pairs of cuts are tried of each mutation in a full run.
const PAIRS_FULL: usize = 400;

/// Cuts the power twice, the second time while the mutation is repeated.
pub(super) async fn sweep(contract: &Contract, report: &mut Report) {
    // What comes before it on the same backend cannot be done again.
    if !matches!(contract.mutation.again, Again::Same) || contract.mutation.first.is_some() {
        return;
    }
    let name = contract.mutation.name;
    for pair in 0..rounds(PAIRS_FULL) {
        let mut random = Random::new(pair as u64);
        let at = random.below(contract.operations + 1);
        if !report.wants(name, Fault::PowerOff, pair) {
            continue;
        }
        let (first, left, mut trace) = cut_off(contract, &contract.ground, at).await;
        let survives = any(&mut random);
        let left = left.crash(survives);
        let operations = count(contract, &left).await;
        let second_at = random.below(operations + 1);
        let (second, again, second_trace) = cut_off(contract, &left, second_at).await;
        trace.push(format!("-- the power goes: {survives:?}"));
        trace.extend(second_trace);
        let outcome = match (first, second) {
            (Ok(first), Ok(second)) if first != second => {
                Err(callboard::error::Error::Bug(format!("first {first}, then {second}")))
            }
            (Ok(answer), _) | (_, Ok(answer)) => Ok(answer),
            (_, refused) => refused,
        };
        let after_second = any(&mut random);
        let plain = is_plain(survives) && is_plain(after_second);
        let complaint = contract.check(&outcome, &again.crash(after_second), plain).await;
        report.add(
            Case {
                mutation: name,
                fault: Fault::PowerOff,
                at: pair,
                then: format!("{survives:?}, {after_second:?}"),
                trace: &trace,
                outcome: &outcome,
            },
            complaint,
        );
    }
}

fn any(random: &mut Random) -> Survives {
    let seed = random.below(1 << 20) as u64;
    match random.below(4) {
        0 => Survives::SyncedOnly,
        1 => Survives::Everything,
        2 => Survives::Ordered(seed),
        _ => Survives::Subset(seed),
    }
}

/// Starts a server that takes up what is there, and does the mutation, until the power goes.
async fn cut_off(
    contract: &Contract,
    ground: &Simulated,
    at: usize,
) -> (Outcome, Simulated, Vec<String>) {
    let disk = ground.fork();
    disk.arm(Fault::PowerOff, at);
    let outcome = take_up(contract, &disk).await;
    (outcome, disk.clone(), disk.trace())
}

/// Counts what that takes when the power stays.
async fn count(contract: &Contract, ground: &Simulated) -> usize {
    let disk = ground.fork();
    disk.arm(Fault::None, 0);
    let _ = take_up(contract, &disk).await;
    disk.disarm().operations
}

async fn take_up(contract: &Contract, disk: &Simulated) -> Outcome {
    let files = open(disk)?;
    let outcome = (contract.mutation.call)(&files).await;
    // Removing what an earlier server left goes on beside the calls.
    files.shut_down();
    files.follow_others().await;
    idle().await;
    outcome
}
