//! Tasks, their checkpoints and their states.

use crate::domain::RequestId;
use crate::error::Result;
use crate::grpc::convert;
use crate::grpc::pb;
use crate::store::Tasks;

use super::existed;

/// Answers CreateTask.
pub(super) async fn create<B: Tasks>(
    backend: &B,
    request: pb::CreateTaskRequest,
) -> Result<pb::CreateTaskResponse> {
    let request_id = RequestId::parse(&request.request_id)?;
    let created = backend.create_task(convert::tasks::new(request)?, request_id).await?;
    Ok(pb::CreateTaskResponse {
        task: Some(convert::tasks::task(created.item)),
        duplicate: created.duplicate,
    })
}

/// Answers GetTask.
pub(super) async fn get<B: Tasks>(
    backend: &B,
    request: pb::GetTaskRequest,
) -> Result<pb::GetTaskResponse> {
    let key = convert::tasks::key(&request.project_id, &request.task_id)?;
    let task = backend.task(key).await?;
    Ok(pb::GetTaskResponse { task: Some(convert::tasks::task(task)) })
}

/// Answers ListTasks.
pub(super) async fn list<B: Tasks>(
    backend: &B,
    request: pb::ListTasksRequest,
) -> Result<pb::ListTasksResponse> {
    let page = backend.list_tasks(convert::tasks::query(request)?).await?;
    Ok(convert::tasks::page(page))
}

/// Answers UpdateTask.
pub(super) async fn update<B: Tasks>(
    backend: &B,
    request: pb::UpdateTaskRequest,
) -> Result<pb::UpdateTaskResponse> {
    let key = convert::tasks::key(&request.project_id, &request.task_id)?;
    let etag = convert::etag(&request.etag)?;
    let task = backend.update_task(key, convert::tasks::change(request)?, etag).await?;
    Ok(pb::UpdateTaskResponse { task: Some(convert::tasks::task(task)) })
}

/// Answers TransitionTask.
pub(super) async fn transition<B: Tasks>(
    backend: &B,
    request: pb::TransitionTaskRequest,
) -> Result<pb::TransitionTaskResponse> {
    let key = convert::tasks::key(&request.project_id, &request.task_id)?;
    let etag = convert::etag(&request.etag)?;
    let to = convert::steps::new_status(request.to_status, request.reason)?;
    let task = backend.transition_task(key, to, etag).await?;
    Ok(pb::TransitionTaskResponse { task: Some(convert::tasks::task(task)) })
}

/// Answers SaveStepResult.
pub(super) async fn save_step_result<B: Tasks>(
    backend: &B,
    request: pb::SaveStepResultRequest,
) -> Result<pb::SaveStepResultResponse> {
    let key = convert::tasks::key(&request.project_id, &request.task_id)?;
    let etag = convert::etag(&request.etag)?;
    let checkpoint = convert::steps::checkpoint(request)?;
    let task = backend.save_step_result(key, checkpoint, etag).await?;
    Ok(pb::SaveStepResultResponse { task: Some(convert::tasks::task(task)) })
}

/// Answers DeleteTask.
pub(super) async fn delete<B: Tasks>(
    backend: &B,
    request: pb::DeleteTaskRequest,
) -> Result<pb::DeleteTaskResponse> {
    let key = convert::tasks::key(&request.project_id, &request.task_id)?;
    let removed = backend.delete_task(key, request.force).await;
    Ok(pb::DeleteTaskResponse { existed: existed(removed, request.allow_missing)? })
}

/// Answers GetTaskState.
pub(super) async fn get_state<B: Tasks>(
    backend: &B,
    request: pb::GetTaskStateRequest,
) -> Result<pb::GetTaskStateResponse> {
    let key = convert::tasks::key(&request.project_id, &request.task_id)?;
    Ok(convert::tasks::state_out(backend.task_state(key).await?))
}

/// Answers SetTaskState.
pub(super) async fn set_state<B: Tasks>(
    backend: &B,
    request: pb::SetTaskStateRequest,
) -> Result<pb::SetTaskStateResponse> {
    let key = convert::tasks::key(&request.project_id, &request.task_id)?;
    let etag = convert::etag(&request.etag)?;
    let state = convert::tasks::state(request.state_status, request.markdown)?;
    let etag = backend.set_task_state(key, state, etag).await?;
    Ok(pb::SetTaskStateResponse { etag: etag.to_string() })
}

/// Answers MarkTaskDone.
pub(super) async fn mark_done<B: Tasks>(
    backend: &B,
    request: pb::MarkTaskDoneRequest,
) -> Result<pb::MarkTaskDoneResponse> {
    let key = convert::tasks::key(&request.project_id, &request.task_id)?;
    Ok(pb::MarkTaskDoneResponse { changed: backend.set_task_done(key, true).await? })
}

/// Answers ClearTaskDone.
pub(super) async fn clear_done<B: Tasks>(
    backend: &B,
    request: pb::ClearTaskDoneRequest,
) -> Result<pb::ClearTaskDoneResponse> {
    let key = convert::tasks::key(&request.project_id, &request.task_id)?;
    Ok(pb::ClearTaskDoneResponse { changed: backend.set_task_done(key, false).await? })
}
