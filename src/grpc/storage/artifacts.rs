//! Artifacts of tasks, and attachments of their messages.

use sha2::{Digest as _, Sha256};
use tokio_stream::{Stream, StreamExt as _};

use crate::error::Result;
use crate::grpc::convert;
use crate::grpc::pb;
use crate::store::{ArtifactRange, Artifacts, ChunkStream};

use super::existed;
use super::streams::{Answers, answers};

/// Answers SaveArtifact.
pub(super) async fn save<B: Artifacts>(
    backend: &B,
    request: pb::SaveArtifactRequest,
) -> Result<pb::SaveArtifactResponse> {
    let (artifact, request_id, data) = convert::artifacts::new(request)?;
    let content = Box::pin(tokio_stream::once(Ok(data)));
    let saved = backend.save_artifact(artifact, content, request_id).await?;
    Ok(convert::artifacts::saved(saved))
}

/// Answers GetArtifact.
pub(super) async fn get<B: Artifacts>(
    backend: &B,
    request: pb::GetArtifactRequest,
) -> Result<Answers<pb::GetArtifactResponse>> {
    let task = convert::tasks::key(&request.project_id, &request.task_id)?;
    let id = convert::artifacts::id(&request.name, &request.path)?;
    let range = convert::artifacts::range(request.offset, request.length)?;
    let content = backend.artifact(task, id, range).await?;
    let is_whole = is_whole(range, content.artifact.size);
    let opening = convert::artifacts::opening(content.artifact, range.offset);
    let opening = tokio_stream::once(Ok(opening));
    Ok(if is_whole {
        answers(opening.chain(sealed(content.chunks)))
    } else {
        answers(opening.chain(content.chunks.map(|chunk| chunk.map(convert::artifacts::chunk))))
    })
}

/// Whether a range holds all of an artifact.
fn is_whole(range: ArtifactRange, size: u64) -> bool {
    range.offset == 0 && range.length.is_none_or(|length| length >= size)
}

/// Adds the hash of all that was sent behind it.
fn sealed(chunks: ChunkStream) -> impl Stream<Item = Result<pb::GetArtifactResponse>> + Send {
    let open = Some((chunks, Sha256::new(), 0));
    futures_util::stream::unfold(open, |open| async {
        let (mut chunks, mut hash, end) = open?;
        Some(match chunks.next().await {
            Some(Ok(chunk)) => {
                hash.update(&chunk.bytes);
                let end = end + chunk.bytes.len() as u64;
                (Ok(convert::artifacts::chunk(chunk)), Some((chunks, hash, end)))
            }
            Some(Err(error)) => (Err(error), None),
            None => (Ok(convert::artifacts::seal(end, format!("{:x}", hash.finalize()))), None),
        })
    })
}

/// Answers ListArtifacts.
pub(super) async fn list<B: Artifacts>(
    backend: &B,
    request: pb::ListArtifactsRequest,
) -> Result<pb::ListArtifactsResponse> {
    let page = backend.list_artifacts(convert::artifacts::query(&request)?).await?;
    Ok(convert::artifacts::page(page))
}

/// Answers DeleteArtifact.
pub(super) async fn delete<B: Artifacts>(
    backend: &B,
    request: pb::DeleteArtifactRequest,
) -> Result<pb::DeleteArtifactResponse> {
    let task = convert::tasks::key(&request.project_id, &request.task_id)?;
    let id = convert::artifacts::id(&request.name, &request.path)?;
    let removed = backend.delete_artifact(task, id).await;
    Ok(pb::DeleteArtifactResponse { existed: existed(removed, request.allow_missing)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::store::FileChunk;

    async fn seal_of(chunks: Vec<Result<FileChunk>>) -> Vec<Result<pb::GetArtifactResponse>> {
        sealed(Box::pin(tokio_stream::iter(chunks))).collect().await
    }

    fn chunk(offset: u64, bytes: &[u8]) -> Result<FileChunk> {
        Ok(FileChunk { bytes: bytes.to_vec(), offset, restarted: false })
    }

    #[test]
    fn a_range_is_the_whole_when_it_leaves_nothing_out() {
        let of = |offset, length| is_whole(ArtifactRange { offset, length }, 3);
        assert_eq!([of(0, None), of(0, Some(3)), of(0, Some(4))], [true; 3]);
        assert_eq!([of(0, Some(2)), of(1, None), of(1, Some(3))], [false; 3]);
    }

    #[tokio::test]
    async fn the_hash_comes_last_and_only_when_all_was_sent() {
        const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        const NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let frames = seal_of(vec![chunk(0, b"ab"), chunk(2, b"c")]).await;
        let frames: Vec<_> = frames.into_iter().map(|frame| frame.expect("a frame")).collect();
        let texts: Vec<_> =
            frames.iter().map(|frame| (&*frame.chunk, frame.offset, &*frame.sha256)).collect();
        assert_eq!(texts, [(&b"ab"[..], 0, ""), (b"c", 2, ""), (b"", 3, ABC)]);
        let frames = seal_of(Vec::new()).await;
        assert_eq!(frames[0].as_ref().expect("a frame").sha256, NOTHING);
        let frames = seal_of(vec![chunk(0, b"ab"), Err(Error::ShuttingDown)]).await;
        assert!(matches!(frames[..], [Ok(_), Err(Error::ShuttingDown)]), "{frames:?}");
    }
}
