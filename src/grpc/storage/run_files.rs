//! Files of runs.

use crate::error::Result;
use crate::grpc::convert::{self, size_out};
use crate::grpc::pb;
use crate::store::RunFiles;

/// Answers WriteRunFile.
pub(super) async fn write<B: RunFiles>(
    backend: &B,
    request: pb::WriteRunFileRequest,
) -> Result<pb::WriteRunFileResponse> {
    let (key, file, data) = convert::run_files::replacement(request)?;
    let size = backend.write_run_file(key, file, data).await?;
    Ok(pb::WriteRunFileResponse { size: size_out(size) })
}

/// Answers AppendRunOutput.
pub(super) async fn append<B: RunFiles>(
    backend: &B,
    request: pb::AppendRunOutputRequest,
) -> Result<pb::AppendRunOutputResponse> {
    let (key, file, offset, chunk) = convert::run_files::addition(request)?;
    let appended = backend.append_run_output(key, file, offset, chunk).await?;
    Ok(convert::run_files::addition_out(appended))
}

/// Answers ListRunFiles.
pub(super) async fn list<B: RunFiles>(
    backend: &B,
    request: pb::ListRunFilesRequest,
) -> Result<pb::ListRunFilesResponse> {
    let key = convert::runs::key(&request.project_id, &request.task_id, &request.run_id)?;
    let after = convert::run_files::page_token(&request.page_token)?;
    let limit = convert::page_size(request.page_size)?;
    let page = backend.list_run_files(key, after, limit).await?;
    Ok(convert::run_files::page(page))
}
