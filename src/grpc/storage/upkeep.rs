//! Reconciling and cleaning up.

use crate::domain::Reach;
use crate::error::Result;
use crate::grpc::convert;
use crate::grpc::pb;
use crate::store::Upkeep;

/// Answers ReconcileRuns.
pub(super) async fn reconcile<B: Upkeep>(
    backend: &B,
    request: pb::ReconcileRunsRequest,
    reach: &Reach,
) -> Result<pb::ReconcileRunsResponse> {
    let part = convert::part(&request.project_id, &request.task_id, reach)?;
    let reconciled = backend.reconcile_runs(part, request.dry_run).await?;
    Ok(convert::upkeep::reconciled(reconciled))
}

/// Answers CleanUpRuns.
pub(super) async fn clean_up<B: Upkeep>(
    backend: &B,
    request: pb::CleanUpRunsRequest,
    reach: &Reach,
) -> Result<pb::CleanUpRunsResponse> {
    let wanted = convert::upkeep::clean_up(&request, reach)?;
    let dry_run = wanted.dry_run;
    let removed = backend.clean_up_runs(wanted).await?;
    Ok(convert::upkeep::cleaned_up(removed, dry_run))
}
