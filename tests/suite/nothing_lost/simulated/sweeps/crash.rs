//! The power goes at each operation of a mutation, and comes back with this or that of what
//! was not synced.

use super::super::{Fault, Survives};
use super::contract::Contract;
use super::ground::{idle, open};
use super::report::{Case, Report};
use crate::nothing_lost::tally::rounds;

/// How many ways to lose what was not synced are tried at each operation in a full run.
const SEEDS_FULL: usize = 60;

/// Cuts the power at each operation of a mutation.
pub(super) async fn sweep(contract: &Contract, report: &mut Report) {
    // At the last, nothing fails: what was acknowledged is there after the power went.
    for at in 0..=contract.operations {
        cut_at(contract, at, report).await;
    }
}

async fn cut_at(contract: &Contract, at: usize, report: &mut Report) {
    if !report.wants(contract.mutation.name, Fault::PowerOff, at) {
        return;
    }
    let disk = contract.ground.fork();
    let files = open(&disk).expect("the root is free");
    contract.mutation.begin(&files).await;
    disk.arm(Fault::PowerOff, at);
    let outcome = (contract.mutation.call)(&files).await;
    idle().await;
    let trace = disk.trace();
    drop(files);
    for survives in ways(at, at == contract.operations) {
        let after = disk.fork().crash(survives);
        let complaint = contract.check(&outcome, &after, is_plain(survives)).await;
        report.add(
            Case {
                mutation: contract.mutation.name,
                fault: Fault::PowerOff,
                at,
                then: format!("{survives:?}"),
                trace: &trace,
                outcome: &outcome,
            },
            complaint,
        );
    }
}

/// What may survive. A small part of a full run tries every second way at each operation, the
/// others at the next, and all at the end.
fn ways(at: usize, is_end: bool) -> impl Iterator<Item = Survives> {
    let seeds = rounds(SEEDS_FULL) as u64;
    let tries_all = is_end || seeds > 1;
    // Others at each operation, and the same ones each time.
    let seeds = (0..seeds).map(move |seed| seed * 1000 + at as u64);
    [Survives::SyncedOnly, Survives::Everything]
        .into_iter()
        .chain(seeds.flat_map(|seed| [Survives::Ordered(seed), Survives::Subset(seed)]))
        .enumerate()
        .filter(move |(number, _)| tries_all || number % 2 == at % 2)
        .map(|(_, survives)| survives)
}

/// Whether no record can have lost its middle.
pub(super) fn is_plain(survives: Survives) -> bool {
    matches!(survives, Survives::SyncedOnly | Survives::Everything)
}
