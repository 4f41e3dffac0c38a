"""The requests about the files of runs."""

from __future__ import annotations

from typing import Optional

from callboard.defaults import Defaults
from callboard.requests.fields import at_most_one
from callboard.v1 import storage_pb2 as pb

#: How much is appended at a time, in bytes.
CHUNK_BYTES = 256 << 10


def list_files(
    defaults: Defaults, project: Optional[str], task: Optional[str], run: Optional[str]
) -> pb.ListRunFilesRequest:
    """Lists a run's files."""
    project_id, task_id, run_id = defaults.run_of(project, task, run)
    return pb.ListRunFilesRequest(
        project_id=project_id, task_id=task_id, run_id=run_id, page_size=1000
    )


def append(
    place: pb.ListRunFilesRequest, file: str, offset: int, chunk: bytes
) -> pb.AppendRunOutputRequest:
    """Appends to a file of the run whose files are listed by `place`."""
    return pb.AppendRunOutputRequest(
        project_id=place.project_id,
        task_id=place.task_id,
        run_id=place.run_id,
        file=file,
        offset=offset,
        chunk=chunk,
    )


def read(
    defaults: Defaults,
    file: str,
    *,
    offset: int,
    tail_lines: int,
    follow: bool,
    project: Optional[str],
    task: Optional[str],
    run: Optional[str],
) -> pb.ReadRunFileRequest:
    """Reads a run's file, or follows it."""
    at_most_one(offset=offset or None, tail_lines=tail_lines or None)
    project_id, task_id, run_id = defaults.run_of(project, task, run)
    return pb.ReadRunFileRequest(
        project_id=project_id,
        task_id=task_id,
        run_id=run_id,
        file=file,
        offset=offset,
        tail_lines=tail_lines,
        follow=follow,
    )
