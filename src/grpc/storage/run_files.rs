//! Files of runs.

use tokio_stream::StreamExt as _;
use tokio_util::sync::CancellationToken;

use crate::error::Result;
use crate::grpc::convert::{self, size_out};
use crate::grpc::pb;
use crate::store::RunFiles;

use super::streams::{Answers, answers_of_file};

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

/// Answers ReadRunFile.
pub(super) async fn read<B: RunFiles>(
    backend: &B,
    request: pb::ReadRunFileRequest,
    shutdown: CancellationToken,
) -> Result<Answers<pb::ReadRunFileResponse>> {
    let chunks = backend.read_run_file(convert::run_files::query(&request)?).await?;
    let chunks = chunks.map(|chunk| chunk.map(convert::run_files::chunk));
    Ok(answers_of_file(chunks, request.follow, shutdown))
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
