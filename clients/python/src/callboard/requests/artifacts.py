"""The requests about artifacts."""

from __future__ import annotations

from typing import Optional

from callboard.defaults import Defaults
from callboard.requests.fields import new_request_id
from callboard.v1 import storage_pb2 as pb

#: What is saved with one call, in bytes; what is longer, or of unknown length, is uploaded.
SAVE_BYTES_MAX = 1 << 20
#: How much is sent at a time, in bytes.
CHUNK_BYTES = 256 << 10


def header(
    defaults: Defaults,
    name: str,
    *,
    versioned: bool,
    attachment: bool,
    request_id: Optional[str],
    project: Optional[str],
    task: Optional[str],
) -> pb.UploadArtifactRequest.Header:
    """Says what is uploaded, with a request id in any case."""
    project_id, task_id = defaults.task_of(project, task)
    return pb.UploadArtifactRequest.Header(
        project_id=project_id,
        task_id=task_id,
        name=name,
        versioned=versioned,
        attachment=attachment,
        request_id=request_id or new_request_id(),
    )


def save(header: pb.UploadArtifactRequest.Header, data: bytes) -> pb.SaveArtifactRequest:
    """Saves with one call what an upload of this header would."""
    return pb.SaveArtifactRequest(
        project_id=header.project_id,
        task_id=header.task_id,
        name=header.name,
        versioned=header.versioned,
        attachment=header.attachment,
        sha256=header.sha256,
        request_id=header.request_id,
        data=data,
    )


def get(
    defaults: Defaults,
    name: Optional[str],
    path: Optional[str],
    project: Optional[str],
    task: Optional[str],
) -> pb.GetArtifactRequest:
    """Gets a whole artifact. Raises ValueError unless it is named in one way."""
    if bool(name) == bool(path):
        raise ValueError("give the artifact's name, or its path=…")
    project_id, task_id = defaults.task_of(project, task)
    return pb.GetArtifactRequest(
        project_id=project_id, task_id=task_id, name=name or "", path=path or ""
    )
