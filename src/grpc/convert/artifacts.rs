//! Artifacts of tasks, and attachments of their messages.

use crate::domain::{Artifact, ArtifactId, ArtifactName, RequestId};
use crate::error::{Error, Result};
use crate::grpc::pb;
use crate::limits;
use crate::store::{
    ArtifactQuery, ArtifactRange, FileChunk, NewArtifact, Page, SavedArtifact, Storing,
};

use super::answer_size;
use super::fields::{bytes, check_size, invalid, page_size, task_key};
use super::page_tokens;
use super::values::{size_out, timestamp_out};

/// What an upload says before its content.
pub(in crate::grpc) type Header = pb::upload_artifact_request::Header;

/// Takes an artifact to save, and its content.
pub(in crate::grpc) fn new(
    request: pb::SaveArtifactRequest,
) -> Result<(NewArtifact, Option<RequestId>, Vec<u8>)> {
    let limit = limits::ARTIFACT_DATA_BYTES_MAX;
    check_size("data", "ARTIFACT_DATA_BYTES_MAX", request.data.len(), limit)?;
    let (artifact, request_id) = header(&Header {
        project_id: request.project_id,
        task_id: request.task_id,
        name: request.name,
        versioned: request.versioned,
        attachment: request.attachment,
        sha256: request.sha256,
        request_id: request.request_id,
        size: None,
    })?;
    Ok((artifact, request_id, request.data))
}

/// Takes an artifact to save whose content comes later.
pub(in crate::grpc) fn header(header: &Header) -> Result<(NewArtifact, Option<RequestId>)> {
    let task = task_key(&header.project_id, &header.task_id)?;
    let name = ArtifactName::parse(&header.name)?;
    let storing = match (header.versioned, header.attachment) {
        (false, false) => Storing::Plain,
        (true, false) => Storing::Versioned,
        (false, true) => Storing::Attachment,
        (true, true) => {
            return Err(invalid("attachment", "each has a name of its own: it is not versioned"));
        }
    };
    if storing == Storing::Attachment && !name.is_single() {
        return Err(Error::invalid("name", name.as_str(), "an attachment's has one component"));
    }
    let artifact = NewArtifact {
        task,
        name,
        storing,
        sha256: sha256(&header.sha256)?,
        size: header.size.map(size).transpose()?,
    };
    Ok((artifact, RequestId::parse(&header.request_id)?))
}

/// Takes how large a content is; what cannot be saved is refused before it is sent.
fn size(size: i64) -> Result<u64> {
    const FIELD: &str = "size";
    let size = bytes(FIELD, size)?;
    let actual = usize::try_from(size).unwrap_or(usize::MAX);
    check_size(FIELD, "ARTIFACT_BYTES_MAX", actual, limits::ARTIFACT_BYTES_MAX)?;
    Ok(size)
}

/// Takes the hash that a content must have; empty means any.
fn sha256(text: &str) -> Result<Option<String>> {
    const DIGITS: usize = 64;
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() != DIGITS || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(invalid("sha256", "it is not 64 hex digits"));
    }
    Ok(Some(text.to_ascii_lowercase()))
}

/// Gives out what was saved.
pub(in crate::grpc) fn saved(saved: SavedArtifact) -> pb::SaveArtifactResponse {
    pb::SaveArtifactResponse {
        artifact: Some(artifact(saved.artifact)),
        duplicate: saved.duplicate,
    }
}

/// Gives out what was uploaded.
pub(in crate::grpc) fn uploaded(saved: SavedArtifact) -> pb::UploadArtifactResponse {
    pb::UploadArtifactResponse {
        artifact: Some(artifact(saved.artifact)),
        duplicate: saved.duplicate,
    }
}

/// Takes which artifact is meant: by its name or by its path.
pub(in crate::grpc) fn id(name: &str, path: &str) -> Result<ArtifactId> {
    match (name, path) {
        (name, "") => ArtifactId::of_name(name),
        ("", path) => ArtifactId::of_path(path),
        _ => Err(invalid("path", "it names an artifact like `name` does: give one")),
    }
}

/// Takes which bytes to read; a length of 0 means all.
pub(in crate::grpc) fn range(offset: i64, length: i64) -> Result<ArtifactRange> {
    let length = bytes("length", length)?;
    Ok(ArtifactRange {
        offset: bytes("offset", offset)?,
        length: if length == 0 { None } else { Some(length) },
    })
}

/// Gives out what is read, before its content.
pub(in crate::grpc) fn opening(opened: Artifact, offset: u64) -> pb::GetArtifactResponse {
    pb::GetArtifactResponse {
        artifact: Some(artifact(opened)),
        offset: size_out(offset),
        ..pb::GetArtifactResponse::default()
    }
}

/// Gives out a part of the content.
pub(in crate::grpc) fn chunk(chunk: FileChunk) -> pb::GetArtifactResponse {
    pb::GetArtifactResponse {
        chunk: chunk.bytes,
        offset: size_out(chunk.offset),
        ..pb::GetArtifactResponse::default()
    }
}

/// Gives out the hash of the whole content, which ends at `offset`.
pub(in crate::grpc) fn seal(offset: u64, sha256: String) -> pb::GetArtifactResponse {
    pb::GetArtifactResponse {
        offset: size_out(offset),
        sha256,
        ..pb::GetArtifactResponse::default()
    }
}

/// Takes which artifacts to list.
pub(in crate::grpc) fn query(request: &pb::ListArtifactsRequest) -> Result<ArtifactQuery> {
    let task = task_key(&request.project_id, &request.task_id)?;
    Ok(ArtifactQuery {
        after: page_tokens::artifact(&request.page_token, &task)?,
        task,
        with_sha256: request.with_sha256,
        limit: page_size(request.page_size)?,
    })
}

/// Gives out a page of artifacts.
pub(in crate::grpc) fn page(page: Page<Artifact>) -> pb::ListArtifactsResponse {
    let token = |artifact: &Artifact| page_tokens::artifact_out(&artifact.task, &artifact.id);
    let (artifacts, next_page_token) = answer_size::page(page, token, artifact);
    pb::ListArtifactsResponse { artifacts, next_page_token }
}

/// Gives out an artifact.
pub(super) fn artifact(artifact: Artifact) -> pb::Artifact {
    pb::Artifact {
        project_id: artifact.task.project.to_string(),
        task_id: artifact.task.task.to_string(),
        name: artifact.id.name().to_owned(),
        path: artifact.id.path(),
        attachment: matches!(artifact.id, ArtifactId::Attachment(_)),
        version: artifact.version.map_or(0, |version| i32::try_from(version).unwrap_or(i32::MAX)),
        size: size_out(artifact.size),
        modified_at: artifact.modified_at.map(timestamp_out),
        sha256: artifact.sha256.unwrap_or_default(),
        problem: artifact.problem.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Reason;

    fn a_header() -> Header {
        Header {
            project_id: "demo".into(),
            task_id: "task-a".into(),
            name: "report.md".into(),
            ..Header::default()
        }
    }

    #[test]
    fn an_artifact_is_plain_or_versioned_or_an_attachment() {
        let storing = |versioned, attachment| {
            let header = super::header(&Header { versioned, attachment, ..a_header() });
            header.map(|(artifact, _)| artifact.storing)
        };
        assert_eq!(storing(false, false).expect("a header"), Storing::Plain);
        assert_eq!(storing(true, false).expect("a header"), Storing::Versioned);
        assert_eq!(storing(false, true).expect("a header"), Storing::Attachment);
        let both = storing(true, true).expect_err("both");
        assert_eq!((both.field(), both.reason()), (Some("attachment"), Reason::InvalidField));
    }

    #[test]
    fn an_attachment_has_a_name_of_one_component() {
        let deep = Header { name: "sdd/spec.md".into(), ..a_header() };
        assert!(header(&deep).is_ok());
        let refused = header(&Header { attachment: true, ..deep }).expect_err("deep");
        assert_eq!((refused.field(), refused.reason()), (Some("name"), Reason::InvalidId));
    }

    #[test]
    fn a_hash_is_64_hex_digits_of_either_case() {
        let upper = "AB".repeat(32);
        let (artifact, _) =
            header(&Header { sha256: upper.clone(), ..a_header() }).expect("a header");
        assert_eq!(artifact.sha256, Some(upper.to_ascii_lowercase()));
        for text in ["0", &"0".repeat(63), &"0".repeat(65), &"g".repeat(64), &"é".repeat(32)] {
            let refused = header(&Header { sha256: text.into(), ..a_header() }).expect_err(text);
            assert_eq!((refused.field(), refused.reason()), (Some("sha256"), Reason::InvalidField));
        }
    }

    #[test]
    fn a_size_that_cannot_be_saved_is_refused_before_the_content_comes() {
        let size_of = |size| {
            header(&Header { size: Some(size), ..a_header() }).map(|(artifact, _)| artifact.size)
        };
        assert_eq!(size_of(16 << 30).expect("fits"), Some(16 << 30));
        for (size, reason) in [
            ((16 << 30) + 1, Reason::TooLarge),
            (i64::MAX, Reason::TooLarge),
            (-1, Reason::InvalidField),
        ] {
            let refused = size_of(size).expect_err("no size");
            assert_eq!((refused.field(), refused.reason()), (Some("size"), reason));
        }
    }

    #[test]
    fn one_message_holds_a_mebibyte() {
        let save = |size| {
            new(pb::SaveArtifactRequest {
                project_id: "demo".into(),
                task_id: "task-a".into(),
                name: "a".into(),
                data: vec![0; size],
                ..Default::default()
            })
        };
        assert_eq!(save(1 << 20).expect("fits").2.len(), 1 << 20);
        let refused = save((1 << 20) + 1).expect_err("too large");
        assert_eq!((refused.field(), refused.reason()), (Some("data"), Reason::TooLarge));
    }

    #[test]
    fn an_artifact_is_named_by_its_name_or_by_its_path() {
        let artifact = ArtifactId::Artifact("a.md".into());
        assert_eq!(id("a.md", "").expect("a name"), artifact);
        assert_eq!(id("", "artifacts/a.md").expect("a path"), artifact);
        for (name, path, field, reason) in [
            ("", "", "name", Reason::RequiredField),
            ("a", "artifacts/a", "path", Reason::InvalidField),
            ("../a", "", "name", Reason::PathTraversal),
            ("", "task.json", "path", Reason::InvalidId),
        ] {
            let refused = id(name, path).expect_err(path);
            assert_eq!((refused.field(), refused.reason()), (Some(field), reason));
        }
    }

    #[test]
    fn a_range_is_not_negative_and_no_length_means_all() {
        let range_of = |offset, length| range(offset, length).expect("a range");
        assert_eq!(range_of(0, 0), ArtifactRange { offset: 0, length: None });
        assert_eq!(range_of(3, 4), ArtifactRange { offset: 3, length: Some(4) });
        assert_eq!(range(-1, 0).expect_err("negative").field(), Some("offset"));
        assert_eq!(range(0, -1).expect_err("negative").field(), Some("length"));
    }
}
