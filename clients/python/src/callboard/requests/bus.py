"""The requests about buses."""

from __future__ import annotations

from datetime import datetime
from typing import (
    AsyncIterable,
    AsyncIterator,
    Iterable,
    Iterator,
    Literal,
    Mapping,
    Optional,
    Union,
)

from callboard.defaults import Defaults
from callboard.requests.fields import at_most_one, duration, new_request_id, timestamp
from callboard.v1 import message_bus_pb2 as pb

#: Messages asked for at a time; the server's answers are bounded in bytes as well.
PAGE_MESSAGES = 1000
#: How long the answer of a poll may take beyond the time it waits, in seconds.
POLL_MARGIN = 10.0
#: How long a subscription is silent before a heartbeat, in seconds, unless asked otherwise.
HEARTBEAT_INTERVAL_DEFAULT = 15.0

#: What to follow: one bus, a project with all its tasks, or everything.
Scope = Literal["bus", "project", "all"]
#: Where to start: at the beginning, or at the end.
Start = Literal["earliest", "latest"]

_SCOPES = {
    "bus": pb.SUBSCRIBE_SCOPE_BUS,
    "project": pb.SUBSCRIBE_SCOPE_PROJECT,
    "all": pb.SUBSCRIBE_SCOPE_ALL,
}
_STARTS = {
    "earliest": pb.START_POSITION_EARLIEST,
    "latest": pb.START_POSITION_LATEST,
}


def message(
    defaults: Defaults,
    type: str,
    body: str,
    *,
    project: Optional[str],
    task: Optional[str],
    run: Optional[str],
    meta: Optional[Mapping[str, str]],
    parents: Iterable[Union[str, pb.Parent]],
    links: Iterable[Union[str, pb.Link]],
    issue_id: str,
    attachment_path: str,
) -> pb.Message:
    """Makes a message to append."""
    project_id, task_id = defaults.bus(project, task)
    return pb.Message(
        type=type,
        body=body,
        project_id=project_id,
        task_id=task_id,
        run_id=defaults.run if run is None else run,
        meta=meta or {},
        parents=[pb.Parent(msg_id=one) if isinstance(one, str) else one for one in parents],
        links=[pb.Link(url=one) if isinstance(one, str) else one for one in links],
        issue_id=issue_id,
        attachment_path=attachment_path,
    )


def append(
    message: pb.Message, request_id: Optional[str], expected_last_msg_id: str
) -> pb.AppendMessageRequest:
    """Appends one message, with a request id in any case."""
    return pb.AppendMessageRequest(
        message=message,
        request_id=request_id or new_request_id(),
        expected_last_msg_id=expected_last_msg_id,
    )


def append_many(
    messages: Iterable[pb.Message], request_id: Optional[str], expected_last_msg_id: str
) -> pb.AppendMessagesRequest:
    """Appends a batch, with a request id in any case."""
    return pb.AppendMessagesRequest(
        messages=messages,
        request_id=request_id or new_request_id(),
        expected_last_msg_id=expected_last_msg_id,
    )


def append_stream(messages: Iterable[pb.Message], prefix: str) -> Iterator[pb.AppendStreamRequest]:
    """Appends messages one after the other, each with a request id of its own."""
    for index, one in enumerate(messages):
        yield pb.AppendStreamRequest(message=one, request_id=f"{prefix}-{index}")


async def append_stream_async(
    messages: Union[Iterable[pb.Message], AsyncIterable[pb.Message]], prefix: str
) -> AsyncIterator[pb.AppendStreamRequest]:
    """As `append_stream`, of messages that may take their time."""
    if isinstance(messages, AsyncIterable):
        index = 0
        async for one in messages:
            yield pb.AppendStreamRequest(message=one, request_id=f"{prefix}-{index}")
            index += 1
    else:
        for request in append_stream(messages, prefix):
            yield request


def read(
    defaults: Defaults,
    *,
    project: Optional[str],
    task: Optional[str],
    since_id: Optional[str],
    cursor: Optional[str],
    since_time: Optional[datetime],
    tail: Optional[int],
    limit: int,
    types: Iterable[str],
    run: str,
) -> pb.ReadMessagesRequest:
    """Reads one page of a bus."""
    at_most_one(since_id=since_id, cursor=cursor, since_time=since_time, tail=tail)
    project_id, task_id = defaults.bus(project, task)
    request = pb.ReadMessagesRequest(
        project_id=project_id,
        task_id=task_id,
        since_time=timestamp(since_time),
        limit=limit,
        types=types,
        run_id=run,
    )
    _set_start(request, since_id, cursor)
    if tail is not None:
        request.tail = tail
    return request


class Pages:
    """Which page to ask for next, until the end of the bus or as many messages as wanted."""

    def __init__(self, first: pb.ReadMessagesRequest, limit: Optional[int]) -> None:
        """Begins with the first request; its limit is set here."""
        self._next = first
        tail = first.tail if first.HasField("tail") else None
        wanted = [count for count in (tail, limit) if count is not None]
        self._remaining = min(wanted, default=None)
        self._ended = False

    def request(self) -> Optional[pb.ReadMessagesRequest]:
        """Returns the request for the next page; None when there is none to ask for."""
        if self._ended or self._remaining == 0:
            return None
        # Less than none is for the server to refuse.
        remaining = PAGE_MESSAGES if self._remaining is None else self._remaining
        self._next.limit = min(remaining, PAGE_MESSAGES)
        return self._next

    def take(self, page: pb.ReadMessagesResponse) -> None:
        """Takes note of a page."""
        self._ended = page.end_of_bus
        if self._remaining is not None:
            self._remaining = max(self._remaining - len(page.messages), 0)
        # One of a oneof: whatever the start was, it is this now.
        self._next.cursor = page.cursor


def get(
    defaults: Defaults, msg_id: str, project: Optional[str], task: Optional[str]
) -> pb.GetMessageRequest:
    """Gets one message."""
    project_id, task_id = defaults.bus(project, task)
    return pb.GetMessageRequest(project_id=project_id, task_id=task_id, msg_id=msg_id)


def poll(
    defaults: Defaults,
    *,
    project: Optional[str],
    task: Optional[str],
    since_id: Optional[str],
    cursor: Optional[str],
    limit: int,
    types: Iterable[str],
    run: str,
) -> pb.PollForNewRequest:
    """Waits for something new; for how long is still to be said, with `set_poll_time`."""
    at_most_one(since_id=since_id, cursor=cursor)
    project_id, task_id = defaults.bus(project, task)
    request = pb.PollForNewRequest(
        project_id=project_id, task_id=task_id, limit=limit, types=types, run_id=run
    )
    _set_start(request, since_id, cursor)
    return request


def set_poll_time(request: pb.PollForNewRequest, remaining: float) -> pb.PollForNewRequest:
    """Lets a poll wait so long that its answer comes within the remaining seconds."""
    request.timeout.FromMilliseconds(max(0, round((remaining - POLL_MARGIN) * 1000)))
    return request


def follow(
    defaults: Defaults,
    *,
    project: Optional[str],
    task: Optional[str],
    scope: Scope,
    start: Optional[Start],
    since_id: Optional[str],
    cursor: Optional[str],
    since_time: Optional[datetime],
    positions: Iterable[pb.BusPosition],
    types: Iterable[str],
    run: str,
    stop_at_tail: bool,
    limit: int,
    heartbeat_interval: Optional[float],
) -> pb.SubscribeRequest:
    """Subscribes."""
    positions = list(positions)
    at_most_one(
        start=start,
        since_id=since_id,
        cursor=cursor,
        since_time=since_time,
        positions=positions or None,
    )
    project_id, task_id = "", ""
    if scope == "bus":
        project_id, task_id = defaults.bus(project, task)
    elif scope == "project":
        project_id, _ = defaults.bus(project, "")
    request = pb.SubscribeRequest(
        project_id=project_id,
        task_id=task_id,
        scope=_SCOPES[scope],
        since_time=timestamp(since_time),
        positions=positions,
        types=types,
        run_id=run,
        stop_at_tail=stop_at_tail,
        limit=limit,
        heartbeat_interval=duration(heartbeat_interval),
    )
    _set_start(request, since_id, cursor)
    if start is not None:
        request.position = _STARTS[start]
    return request


def rotate(
    defaults: Defaults, project: Optional[str], task: Optional[str]
) -> pb.RotateBusRequest:
    """Archives a bus file."""
    project_id, task_id = defaults.bus(project, task)
    return pb.RotateBusRequest(project_id=project_id, task_id=task_id)


def trim(
    defaults: Defaults,
    older_than: float,
    project: Optional[str],
    task: Optional[str],
    dry_run: bool,
) -> pb.TrimBusRequest:
    """Removes archives."""
    project_id, task_id = defaults.bus(project, task)
    return pb.TrimBusRequest(
        project_id=project_id, task_id=task_id, older_than=duration(older_than), dry_run=dry_run
    )


def _set_start(
    request: Union[pb.ReadMessagesRequest, pb.PollForNewRequest, pb.SubscribeRequest],
    since_id: Optional[str],
    cursor: Optional[str],
) -> None:
    if since_id is not None:
        request.since_id = since_id
    if cursor is not None:
        request.cursor = cursor
