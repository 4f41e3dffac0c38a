//! Files of runs.

use crate::domain::{RunFile, RunKey};
use crate::error::Result;
use crate::grpc::pb;
use crate::limits;
use crate::store::{FileChunk, FileStart, OutputAppended, Page, RunFileQuery, RunFileSummary};

use super::answer_size;
use super::fields::{bytes, check_size, count, invalid};
use super::page_tokens;
use super::runs::key;
use super::values::{size_out, timestamp_out};

/// A file to replace, and its new content.
pub(in crate::grpc) type Replacement = (RunKey, RunFile, Vec<u8>);

/// Takes a file to replace.
pub(in crate::grpc) fn replacement(request: pb::WriteRunFileRequest) -> Result<Replacement> {
    let key = key(&request.project_id, &request.task_id, &request.run_id)?;
    let file = RunFile::parse(&request.file)?;
    let limit = limits::RUN_FILE_BYTES_MAX;
    check_size("data", "RUN_FILE_BYTES_MAX", request.data.len(), limit)?;
    Ok((key, file, request.data))
}

/// A file to append to, where, and what.
pub(in crate::grpc) type Addition = (RunKey, RunFile, Option<u64>, Vec<u8>);

/// Takes what to append to a file.
pub(in crate::grpc) fn addition(request: pb::AppendRunOutputRequest) -> Result<Addition> {
    let key = key(&request.project_id, &request.task_id, &request.run_id)?;
    let file = RunFile::parse(&request.file)?;
    let offset = request.offset.map(|offset| bytes("offset", offset)).transpose()?;
    let limit = limits::RUN_OUTPUT_CHUNK_BYTES_MAX;
    check_size("chunk", "RUN_OUTPUT_CHUNK_BYTES_MAX", request.chunk.len(), limit)?;
    Ok((key, file, offset, request.chunk))
}

/// Gives out what was appended.
pub(in crate::grpc) fn addition_out(appended: OutputAppended) -> pb::AppendRunOutputResponse {
    pb::AppendRunOutputResponse {
        next_offset: size_out(appended.next_offset),
        duplicate: appended.duplicate,
    }
}

/// Takes what to read of a file.
pub(in crate::grpc) fn query(request: &pb::ReadRunFileRequest) -> Result<RunFileQuery> {
    let offset = bytes("offset", request.offset)?;
    let tail_lines = count("tail_lines", request.tail_lines)?;
    check_size("tail_lines", "TAIL_LINES_MAX", tail_lines, limits::TAIL_LINES_MAX)?;
    if offset > 0 && tail_lines > 0 {
        return Err(invalid("tail_lines", "it is another place to begin than `offset`: give one"));
    }
    Ok(RunFileQuery {
        run: key(&request.project_id, &request.task_id, &request.run_id)?,
        file: RunFile::parse(&request.file)?,
        start: match tail_lines {
            0 => FileStart::Offset(offset),
            lines => FileStart::TailLines(lines as u64),
        },
        follow: request.follow,
    })
}

/// Gives out a part of a file.
pub(in crate::grpc) fn chunk(chunk: FileChunk) -> pb::ReadRunFileResponse {
    pb::ReadRunFileResponse {
        chunk: chunk.bytes,
        offset: size_out(chunk.offset),
        restarted: chunk.restarted,
    }
}

/// Takes a page token of ListRunFiles.
pub(in crate::grpc) fn page_token(token: &str) -> Result<Option<RunFile>> {
    page_tokens::run_file(token)
}

/// Gives out a page of files.
pub(in crate::grpc) fn page(page: Page<RunFileSummary>) -> pb::ListRunFilesResponse {
    let token = |summary: &RunFileSummary| page_tokens::run_file_out(&summary.file);
    let (files, next_page_token) = answer_size::page(page, token, |summary| file(&summary));
    pb::ListRunFilesResponse { files, next_page_token }
}

fn file(summary: &RunFileSummary) -> pb::RunFile {
    pb::RunFile {
        file: summary.file.to_string(),
        size: size_out(summary.size),
        modified_at: Some(timestamp_out(summary.modified)),
    }
}
