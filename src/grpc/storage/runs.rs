//! Runs.

use crate::domain::{Reach, RequestId};
use crate::error::Result;
use crate::grpc::convert;
use crate::grpc::pb;
use crate::store::Runs;

use super::existed;

/// Answers CreateRun.
pub(super) async fn create<B: Runs>(
    backend: &B,
    request: pb::CreateRunRequest,
) -> Result<pb::CreateRunResponse> {
    let request_id = RequestId::parse(&request.request_id)?;
    let created = backend.create_run(convert::runs::new(request)?, request_id).await?;
    Ok(pb::CreateRunResponse {
        run: Some(convert::runs::run(created.item)),
        duplicate: created.duplicate,
    })
}

/// Answers GetRunInfo.
pub(super) async fn get<B: Runs>(
    backend: &B,
    request: pb::GetRunInfoRequest,
) -> Result<pb::GetRunInfoResponse> {
    let key = convert::runs::key(&request.project_id, &request.task_id, &request.run_id)?;
    let run = backend.run(key).await?;
    Ok(pb::GetRunInfoResponse { run: Some(convert::runs::run(run)) })
}

/// Answers ListRuns.
pub(super) async fn list<B: Runs>(
    backend: &B,
    request: pb::ListRunsRequest,
    reach: &Reach,
) -> Result<pb::ListRunsResponse> {
    let page = backend.list_runs(convert::runs::query(request, reach)?).await?;
    Ok(convert::runs::page(page))
}

/// Answers UpdateRunStatus.
pub(super) async fn end<B: Runs>(
    backend: &B,
    request: pb::UpdateRunStatusRequest,
) -> Result<pb::UpdateRunStatusResponse> {
    let key = convert::runs::key(&request.project_id, &request.task_id, &request.run_id)?;
    let etag = convert::etag(&request.etag)?;
    let end = convert::runs::end(&request.status, request.exit_code, request.error_summary)?;
    let run = backend.end_run(key, end, etag).await?;
    Ok(pb::UpdateRunStatusResponse { run: Some(convert::runs::run(run)) })
}

/// Answers UpdateRun.
pub(super) async fn update<B: Runs>(
    backend: &B,
    request: pb::UpdateRunRequest,
) -> Result<pb::UpdateRunResponse> {
    let key = convert::runs::key(&request.project_id, &request.task_id, &request.run_id)?;
    let etag = convert::etag(&request.etag)?;
    let run = backend.update_run(key, convert::runs::change(request)?, etag).await?;
    Ok(pb::UpdateRunResponse { run: Some(convert::runs::run(run)) })
}

/// Answers DeleteRun.
pub(super) async fn delete<B: Runs>(
    backend: &B,
    request: pb::DeleteRunRequest,
) -> Result<pb::DeleteRunResponse> {
    let key = convert::runs::key(&request.project_id, &request.task_id, &request.run_id)?;
    let removed = backend.delete_run(key, request.force).await;
    Ok(pb::DeleteRunResponse { existed: existed(removed, request.allow_missing)? })
}

/// Answers GetRunTree.
pub(super) async fn tree<B: Runs>(
    backend: &B,
    request: pb::GetRunTreeRequest,
    reach: &Reach,
) -> Result<pb::GetRunTreeResponse> {
    let nodes = backend.run_tree(convert::runs::tree_root(&request)?, reach.clone()).await?;
    Ok(convert::runs::tree(nodes))
}
