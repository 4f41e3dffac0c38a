//! The run's result, `output`: what the command wrote there itself, else what it wrote
//! to stdout.

use callboard_client::Backoff;
use tonic::{Response, Status};

use crate::cli::failure;
use crate::grpc::pb::{
    AppendRunOutputRequest, ListRunFilesRequest, ReadRunFileRequest, RunFile, WriteRunFileRequest,
};
use crate::limits::{FILE_CHUNK_BYTES, RUN_FILE_BYTES_MAX, RUN_OUTPUT_CHUNK_BYTES_MAX};

use super::calls::{Trouble, may_pass};
use super::record::Recorder;

const RESULT: &str = "output";
const STDOUT: &str = "stdout";

/// Makes the result of what was recorded of stdout, unless there is one. A small one
/// appears as a whole; a large one grows, and only a part of it is in memory at a time.
pub(super) async fn make(recorder: &Recorder<'_>) -> Result<(), Trouble> {
    let files = files(recorder).await?;
    if files.iter().any(|file| file.file == RESULT) {
        return Ok(());
    }
    let stdout = files.iter().find(|file| file.file == STDOUT);
    let size = stdout.map_or(0, |file| usize::try_from(file.size).unwrap_or(usize::MAX));
    if size <= RUN_FILE_BYTES_MAX {
        let mut whole = Vec::new();
        read(recorder, size, async |chunk| {
            whole.extend(chunk);
            Ok(())
        })
        .await?;
        return write(recorder, whole).await;
    }
    let mut joined = Vec::new();
    let mut offset = 0;
    read(recorder, size, async |chunk| {
        joined.extend(chunk);
        if joined.len() + FILE_CHUNK_BYTES > RUN_OUTPUT_CHUNK_BYTES_MAX {
            offset = append(recorder, offset, std::mem::take(&mut joined)).await?;
        }
        Ok(())
    })
    .await?;
    append(recorder, offset, joined).await.map(|_| ())
}

/// Lists the files of the run but its logs, which come last.
async fn files(recorder: &Recorder<'_>) -> Result<Vec<RunFile>, Trouble> {
    let request = ListRunFilesRequest {
        project_id: recorder.run.project_id.clone(),
        task_id: recorder.run.task_id.clone(),
        run_id: recorder.run.run_id.clone(),
        ..ListRunFilesRequest::default()
    };
    let list = async || recorder.storage.clone().list_run_files(request.clone()).await;
    Ok(recorder.calls.persist(list).await?.files)
}

/// Reads the first `size` bytes of stdout; after a break it goes on where it was.
async fn read(
    recorder: &Recorder<'_>,
    size: usize,
    mut take: impl AsyncFnMut(Vec<u8>) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let mut offset = 0;
    let mut backoff = Backoff::new();
    while offset < size {
        let request = ReadRunFileRequest {
            project_id: recorder.run.project_id.clone(),
            task_id: recorder.run.task_id.clone(),
            run_id: recorder.run.run_id.clone(),
            file: STDOUT.to_owned(),
            offset: i64::try_from(offset).unwrap_or(i64::MAX),
            ..ReadRunFileRequest::default()
        };
        let open = async || recorder.storage.clone().read_run_file(request.clone()).await;
        let mut stream = recorder.calls.persist(open).await?;
        while offset < size {
            let part = tokio::select! {
                part = stream.message() => part,
                () = recorder.calls.last_answer() => {
                    return Err(Trouble::Away("told to end before it was read".to_owned()));
                }
            };
            match part {
                Ok(Some(mut part)) => {
                    part.chunk.truncate(size - offset);
                    offset += part.chunk.len();
                    take(part.chunk).await?;
                    backoff.reset();
                }
                // Somebody has cut the file.
                Ok(None) => return Ok(()),
                Err(status) if may_pass(&status) => {
                    recorder.calls.pause(&mut backoff, failure::short(&status)).await?;
                    break;
                }
                Err(status) => return Err(Trouble::Refused(status)),
            }
        }
    }
    Ok(())
}

async fn write(recorder: &Recorder<'_>, data: Vec<u8>) -> Result<(), Trouble> {
    let request = WriteRunFileRequest {
        project_id: recorder.run.project_id.clone(),
        task_id: recorder.run.task_id.clone(),
        run_id: recorder.run.run_id.clone(),
        file: RESULT.to_owned(),
        data,
    };
    let write = async || -> Result<Response<_>, Status> {
        recorder.storage.clone().write_run_file(request.clone()).await
    };
    recorder.calls.persist(write).await.map(|_| ())
}

/// Appends to the result. When another program writes there meanwhile, that is an error:
/// a mixture would be nobody's result.
async fn append(recorder: &Recorder<'_>, offset: i64, chunk: Vec<u8>) -> Result<i64, Trouble> {
    if chunk.is_empty() {
        return Ok(offset);
    }
    let request = AppendRunOutputRequest {
        project_id: recorder.run.project_id.clone(),
        task_id: recorder.run.task_id.clone(),
        run_id: recorder.run.run_id.clone(),
        file: RESULT.to_owned(),
        offset: Some(offset),
        chunk,
    };
    let append = async || recorder.storage.clone().append_run_output(request.clone()).await;
    Ok(recorder.calls.persist(append).await?.next_offset)
}
