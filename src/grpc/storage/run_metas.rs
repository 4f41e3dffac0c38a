//! What is kept of runs' worktrees and tools, and of what happened to them.

use crate::domain::RequestId;
use crate::error::Result;
use crate::grpc::convert;
use crate::grpc::pb;
use crate::store::RunMetas;

/// Answers GetRunMeta.
pub(super) async fn get<B: RunMetas>(
    backend: &B,
    request: pb::GetRunMetaRequest,
) -> Result<pb::GetRunMetaResponse> {
    let key = convert::runs::key(&request.project_id, &request.task_id, &request.run_id)?;
    let meta = backend.run_meta(key).await?;
    Ok(pb::GetRunMetaResponse { meta: Some(convert::run_metas::meta(meta)) })
}

/// Answers UpdateRunMeta.
pub(super) async fn update<B: RunMetas>(
    backend: &B,
    request: pb::UpdateRunMetaRequest,
) -> Result<pb::UpdateRunMetaResponse> {
    let key = convert::runs::key(&request.project_id, &request.task_id, &request.run_id)?;
    let etag = convert::etag(&request.etag)?;
    let change = convert::run_metas::change(request)?;
    let meta = backend.update_run_meta(key, change, etag).await?;
    Ok(pb::UpdateRunMetaResponse { meta: Some(convert::run_metas::meta(meta)) })
}

/// Answers AppendRunEvent.
pub(super) async fn append_event<B: RunMetas>(
    backend: &B,
    request: pb::AppendRunEventRequest,
) -> Result<pb::AppendRunEventResponse> {
    let key = convert::runs::key(&request.project_id, &request.task_id, &request.run_id)?;
    let request_id = RequestId::parse(&request.request_id)?;
    let event = convert::run_events::new(request)?;
    let appended = backend.append_run_event(key, event, request_id).await?;
    Ok(convert::run_events::appended(appended))
}
