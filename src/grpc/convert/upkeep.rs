//! Reconciling and cleaning up.

use crate::domain::Reach;
use crate::error::{Error, Result};
use crate::grpc::pb;
use crate::limits::NAMED_MAX;
use crate::store::{CleanUp, CleanedUp, Reconciled};

use super::answer_size::Room;
use super::fields::{bytes, duration, part};
use super::runs::named;
use super::values::{count_out, size_out};

/// Gives out what was reconciled, or would be.
pub(in crate::grpc) fn reconciled(reconciled: Reconciled) -> pb::ReconcileRunsResponse {
    // Where not all fits, the problems matter most.
    let mut room = Room::new();
    pb::ReconcileRunsResponse {
        problems: lines(reconciled.problems, &mut room),
        repaired_paths: lines(reconciled.repaired, &mut room),
        run_count: count_out(reconciled.runs.len()),
        runs: named(reconciled.runs, &mut room),
    }
}

/// Takes which runs to remove.
pub(in crate::grpc) fn clean_up(
    request: &pb::CleanUpRunsRequest,
    reach: &Reach,
) -> Result<CleanUp> {
    let older_than = request.older_than.ok_or(Error::RequiredField { field: "older_than" })?;
    let below = request.only_if_free_below;
    Ok(CleanUp {
        part: part(&request.project_id, &request.task_id, reach)?,
        older_than: duration("older_than", older_than)?,
        only_if_free_below: below.map(|below| bytes("only_if_free_below", below)).transpose()?,
        dry_run: request.dry_run.unwrap_or(true),
    })
}

/// Gives out what was removed, or would be.
pub(in crate::grpc) fn cleaned_up(removed: CleanedUp, dry_run: bool) -> pb::CleanUpRunsResponse {
    let mut room = Room::new();
    pb::CleanUpRunsResponse {
        problems: lines(removed.problems, &mut room),
        run_count: count_out(removed.runs.len()),
        runs: named(removed.runs, &mut room),
        size_bytes: size_out(removed.size_bytes),
        dry_run,
        free_bytes: size_out(removed.free_bytes),
    }
}

/// Gives out as many lines as one answer names.
fn lines(lines: Vec<String>, room: &mut Room) -> Vec<String> {
    room.fill(lines.into_iter().take(NAMED_MAX))
}
