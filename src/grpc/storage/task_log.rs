//! Logs of tasks.

use tokio_stream::StreamExt as _;
use tokio_util::sync::CancellationToken;

use crate::domain::RequestId;
use crate::error::Result;
use crate::grpc::convert;
use crate::grpc::pb;
use crate::store::TaskLogs;

use super::streams::{Answers, answers_of_file};

/// Answers AppendTaskLog.
pub(super) async fn append<B: TaskLogs>(
    backend: &B,
    request: pb::AppendTaskLogRequest,
) -> Result<pb::AppendTaskLogResponse> {
    let request_id = RequestId::parse(&request.request_id)?;
    let (key, entries) = convert::task_log::addition(request)?;
    let appended = backend.append_task_log(key, entries, request_id).await?;
    Ok(convert::task_log::addition_out(appended))
}

/// Answers ReadTaskLog.
pub(super) async fn read<B: TaskLogs>(
    backend: &B,
    request: pb::ReadTaskLogRequest,
    shutdown: CancellationToken,
) -> Result<Answers<pb::ReadTaskLogResponse>> {
    let lines = backend.read_task_log(convert::task_log::query(&request)?).await?;
    let lines = lines.map(|lines| lines.map(convert::task_log::lines));
    Ok(answers_of_file(lines, request.follow, shutdown))
}
