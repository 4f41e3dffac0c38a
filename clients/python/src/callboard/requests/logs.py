"""The requests about the logs of tasks."""

from __future__ import annotations

import json
from typing import Iterable, Mapping, Optional, Union

from callboard.defaults import Defaults
from callboard.requests.fields import at_most_one, new_request_id
from callboard.v1 import storage_pb2 as pb

#: An entry of a log: what makes a JSON object, or one as text.
Entry = Union[Mapping[str, object], str]


def append(
    defaults: Defaults,
    entries: Union[Entry, Iterable[Entry]],
    request_id: Optional[str],
    project: Optional[str],
    task: Optional[str],
) -> pb.AppendTaskLogRequest:
    """Appends entries, with a request id in any case.

    Raises TypeError or ValueError for what cannot be JSON.
    """
    project_id, task_id = defaults.task_of(project, task)
    if isinstance(entries, (Mapping, str)):
        entries = [entries]
    return pb.AppendTaskLogRequest(
        project_id=project_id,
        task_id=task_id,
        entries=[_json(entry) for entry in entries],
        request_id=request_id or new_request_id(),
    )


def read(
    defaults: Defaults,
    *,
    offset: int,
    tail: int,
    follow: bool,
    project: Optional[str],
    task: Optional[str],
) -> pb.ReadTaskLogRequest:
    """Reads a log, or follows it."""
    at_most_one(offset=offset or None, tail=tail or None)
    project_id, task_id = defaults.task_of(project, task)
    return pb.ReadTaskLogRequest(
        project_id=project_id, task_id=task_id, offset=offset, tail_entries=tail, follow=follow
    )


def _json(entry: Entry) -> str:
    if isinstance(entry, str):
        return entry
    # NaN and Infinity are Python's own, and no JSON.
    return json.dumps(dict(entry), ensure_ascii=False, allow_nan=False)
