"""The client: one connection to a server, and a method for each thing to do with a bus."""

from __future__ import annotations

import os
import threading
import time
import uuid
import weakref
from datetime import datetime, timezone
from types import TracebackType
from typing import (
    Callable,
    Iterable,
    Iterator,
    Literal,
    Mapping,
    Optional,
    Tuple,
    Type,
    TypeVar,
    Union,
)

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from callboard.address import open_channel, parse_address
from callboard.backoff import Backoff
from callboard.errors import UnavailableError, from_rpc_error
from callboard.follow import Follow
from callboard.v1 import message_bus_pb2 as pb
from callboard.v1.message_bus_pb2_grpc import MessageBusStub
from callboard.v1.storage_pb2_grpc import StorageStub

_Answer = TypeVar("_Answer")

#: How long a call may take with all its attempts, in seconds, unless asked otherwise.
TIMEOUT_DEFAULT = 30.0
#: How long the answer of a poll may take beyond the time it waits, in seconds.
POLL_MARGIN = 10.0
#: Messages asked for at a time; the server's answers are bounded in bytes as well.
PAGE_MESSAGES = 1000

_SCOPES = {
    "bus": pb.SUBSCRIBE_SCOPE_BUS,
    "project": pb.SUBSCRIBE_SCOPE_PROJECT,
    "all": pb.SUBSCRIBE_SCOPE_ALL,
}
_STARTS = {
    "earliest": pb.START_POSITION_EARLIEST,
    "latest": pb.START_POSITION_LATEST,
}


def connect(
    addr: Optional[str] = None,
    *,
    project: Optional[str] = None,
    task: Optional[str] = None,
    run: Optional[str] = None,
    timeout: float = TIMEOUT_DEFAULT,
) -> Client:
    """Returns a client of the server at `addr`; the connection is made by the first call.

    `addr` is `host:port`, `http://host:port`, `https://host:port` or `unix:PATH`; by default
    CALLBOARD_ADDR of the environment, else 127.0.0.1:50051. `project`, `task` and `run` are
    what the methods use when they are not told: by default JRUN_PROJECT_ID, JRUN_TASK_ID and
    JRUN_ID of the environment. `timeout` bounds a call with all its attempts,
    in seconds.

    Raises ValueError when the address is not understood.
    """
    return Client(addr, project=project, task=task, run=run, timeout=timeout)


class Client:
    """A connection to a Callboard server. Every method may be called from any thread.

    In all methods `project=None` and `task=None` mean the client's own; `task=""` means the
    project's own bus. The client's own task belongs to its own project: naming another project
    without a task means that project's own bus.

    Every method raises a CallboardError when the call does not succeed, and ValueError when it
    cannot even be made. Calls that are safe to repeat are repeated, within the timeout, while the
    server cannot be reached or asks to come back.
    """

    def __init__(
        self,
        addr: Optional[str] = None,
        *,
        project: Optional[str] = None,
        task: Optional[str] = None,
        run: Optional[str] = None,
        timeout: float = TIMEOUT_DEFAULT,
    ) -> None:
        """As `connect`."""
        env = os.environ
        self.project = project if project is not None else env.get("JRUN_PROJECT_ID", "")
        if task is None:
            # The environment's task is one of the environment's project.
            same = project is None or project == env.get("JRUN_PROJECT_ID")
            task = env.get("JRUN_TASK_ID", "") if same else ""
        self.task = task
        if run is None:
            run = env.get("JRUN_ID") or ""
        self.run = run
        self.timeout = timeout
        self._channel = open_channel(parse_address(addr))
        #: The generated client, for what the methods here do not offer.
        self.stub = MessageBusStub(self._channel)
        #: The generated client of projects, tasks, runs and what they keep; see `call`.
        self.storage = StorageStub(self._channel)
        self._closed = threading.Event()
        self._follows: weakref.WeakSet[Follow] = weakref.WeakSet()

    def close(self) -> None:
        """Closes the connection and ends what still runs over it."""
        self._closed.set()
        for follow in list(self._follows):
            follow.close()
        self._channel.close()

    def __enter__(self) -> Client:
        """Returns itself."""
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        """Closes it."""
        self.close()

    def message(
        self,
        type: str,
        body: str = "",
        *,
        project: Optional[str] = None,
        task: Optional[str] = None,
        run: Optional[str] = None,
        meta: Optional[Mapping[str, str]] = None,
        parents: Iterable[Union[str, pb.Parent]] = (),
        links: Iterable[Union[str, pb.Link]] = (),
        issue_id: str = "",
        attachment_path: str = "",
    ) -> pb.Message:
        """Makes a message to append, with the client's ids where none are given.

        `type` is any word, such as FACT, PROGRESS or QUESTION. `parents` are ids of messages it
        answers, `links` are URLs or paths; both may be given in full as Parent and Link.
        """
        project_id, task_id = self._bus(project, task)
        return pb.Message(
            type=type,
            body=body,
            project_id=project_id,
            task_id=task_id,
            run_id=self.run if run is None else run,
            meta=meta or {},
            parents=[pb.Parent(msg_id=one) if isinstance(one, str) else one for one in parents],
            links=[pb.Link(url=one) if isinstance(one, str) else one for one in links],
            issue_id=issue_id,
            attachment_path=attachment_path,
        )

    def append(
        self,
        type: str,
        body: str = "",
        *,
        project: Optional[str] = None,
        task: Optional[str] = None,
        run: Optional[str] = None,
        meta: Optional[Mapping[str, str]] = None,
        parents: Iterable[Union[str, pb.Parent]] = (),
        links: Iterable[Union[str, pb.Link]] = (),
        issue_id: str = "",
        attachment_path: str = "",
        request_id: Optional[str] = None,
        expected_last_msg_id: str = "",
        timeout: Optional[float] = None,
    ) -> pb.AppendMessageResponse:
        """Appends one message and returns its id, time and cursor once it is on the server's disk.

        Never appends twice, however often the connection breaks: without a `request_id` one is
        made, and an error carries it (`error.request_id`) for a later attempt. With
        `expected_last_msg_id` it appends only if that is still the bus's last message, else
        ConflictError. The other arguments are those of `message`.
        """
        message = self.message(
            type,
            body,
            project=project,
            task=task,
            run=run,
            meta=meta,
            parents=parents,
            links=links,
            issue_id=issue_id,
            attachment_path=attachment_path,
        )
        request = pb.AppendMessageRequest(
            message=message,
            request_id=request_id or _new_request_id(),
            expected_last_msg_id=expected_last_msg_id,
        )
        return self._call(
            lambda remaining: self.stub.AppendMessage(request, timeout=remaining),
            timeout,
            request_id=request.request_id,
        )

    def append_many(
        self,
        messages: Iterable[pb.Message],
        *,
        request_id: Optional[str] = None,
        expected_last_msg_id: str = "",
        timeout: Optional[float] = None,
    ) -> pb.AppendMessagesResponse:
        """Appends up to 1000 messages of one bus, made by `message`, with one write.

        All of them are refused when one is. Safe to repeat, as `append`.
        """
        request = pb.AppendMessagesRequest(
            messages=messages,
            request_id=request_id or _new_request_id(),
            expected_last_msg_id=expected_last_msg_id,
        )
        return self._call(
            lambda remaining: self.stub.AppendMessages(request, timeout=remaining),
            timeout,
            request_id=request.request_id,
        )

    def append_stream(
        self, messages: Iterable[pb.Message], *, request_id: Optional[str] = None
    ) -> Iterator[pb.AppendStreamResponse]:
        """Appends messages, of any buses, as they come, and gives their answers in order.

        Many are in flight at a time, which is the fastest way to append. It ends with an error at
        the first refused message, whose zero-based number is in `error.metadata["index"]`, and at
        a break of the connection. Repeating it with the same messages and `request_id` (the
        error's own, when none was given) then appends only what is missing. Starts when the
        first answer is asked for.
        """
        prefix = request_id or _new_request_id()
        requests = (
            pb.AppendStreamRequest(message=message, request_id=f"{prefix}-{index}")
            for index, message in enumerate(messages)
        )
        call = self.stub.AppendStream(requests)
        try:
            yield from call
        except grpc.RpcError as error:
            raise from_rpc_error(error, request_id=prefix) from error
        finally:
            call.cancel()

    def read(
        self,
        *,
        project: Optional[str] = None,
        task: Optional[str] = None,
        since_id: Optional[str] = None,
        cursor: Optional[str] = None,
        since_time: Optional[datetime] = None,
        tail: Optional[int] = None,
        limit: Optional[int] = None,
        types: Iterable[str] = (),
        run: str = "",
        timeout: Optional[float] = None,
    ) -> Iterator[pb.Message]:
        """Gives the messages of one bus, oldest first, up to its present end.

        Starts at the beginning, or strictly after one of `since_id`, `cursor` and `since_time`, or
        `tail` messages before the end. `limit` bounds how many, `types` and `run` say which.
        Fetches page by page, `timeout` being for each; `read_page` gives a page with its cursor.
        """
        remaining = min((n for n in (tail, limit) if n is not None), default=None)
        types = list(types)
        while remaining is None or remaining > 0:
            page = self.read_page(
                project=project,
                task=task,
                since_id=since_id,
                cursor=cursor,
                since_time=since_time,
                tail=tail,
                limit=PAGE_MESSAGES if remaining is None else min(remaining, PAGE_MESSAGES),
                types=types,
                run=run,
                timeout=timeout,
            )
            yield from page.messages
            if page.end_of_bus:
                return
            if remaining is not None:
                remaining -= len(page.messages)
            since_id, since_time, tail, cursor = None, None, None, page.cursor

    def read_page(
        self,
        *,
        project: Optional[str] = None,
        task: Optional[str] = None,
        since_id: Optional[str] = None,
        cursor: Optional[str] = None,
        since_time: Optional[datetime] = None,
        tail: Optional[int] = None,
        limit: int = 0,
        types: Iterable[str] = (),
        run: str = "",
        timeout: Optional[float] = None,
    ) -> pb.ReadMessagesResponse:
        """Returns one answer of the server: messages, the cursor after them, and whether that is all.

        The arguments are those of `read`, the limit being for this answer: 100 by default.
        """
        _at_most_one(since_id=since_id, cursor=cursor, since_time=since_time, tail=tail)
        project_id, task_id = self._bus(project, task)
        request = pb.ReadMessagesRequest(
            project_id=project_id,
            task_id=task_id,
            since_time=_timestamp(since_time),
            limit=limit,
            types=types,
            run_id=run,
        )
        _set_start(request, since_id, cursor)
        if tail is not None:
            request.tail = tail
        return self._call(
            lambda remaining: self.stub.ReadMessages(request, timeout=remaining), timeout
        )

    def get(
        self,
        msg_id: str,
        *,
        project: Optional[str] = None,
        task: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> pb.Message:
        """Returns one message by its id. Raises NotFoundError (MESSAGE_NOT_FOUND)."""
        project_id, task_id = self._bus(project, task)
        request = pb.GetMessageRequest(project_id=project_id, task_id=task_id, msg_id=msg_id)
        answer = self._call(
            lambda remaining: self.stub.GetMessage(request, timeout=remaining), timeout
        )
        return answer.message

    def poll(
        self,
        *,
        project: Optional[str] = None,
        task: Optional[str] = None,
        since_id: Optional[str] = None,
        cursor: Optional[str] = None,
        timeout: float = 30.0,
        limit: int = 0,
        types: Iterable[str] = (),
        run: str = "",
    ) -> pb.PollForNewResponse:
        """Waits until the bus has something after the start, at most `timeout` seconds (up to 300).

        Returns the messages, none when the time is up, and the cursor to poll on from. Without
        `since_id` and `cursor` the start is now. Where no message may be missed, `follow`, or give
        the cursor of an earlier answer.
        """
        _at_most_one(since_id=since_id, cursor=cursor)
        project_id, task_id = self._bus(project, task)
        types = list(types)

        def attempt(remaining: float) -> pb.PollForNewResponse:
            wait = Duration()
            wait.FromMilliseconds(max(0, round((remaining - POLL_MARGIN) * 1000)))
            request = pb.PollForNewRequest(
                project_id=project_id,
                task_id=task_id,
                timeout=wait,
                limit=limit,
                types=types,
                run_id=run,
            )
            _set_start(request, since_id, cursor)
            return self.stub.PollForNew(request, timeout=remaining)

        # A second attempt from "now" would not see what came between the two.
        repeatable = since_id is not None or cursor is not None
        return self._call(attempt, timeout + POLL_MARGIN, repeatable=repeatable)

    def follow(
        self,
        *,
        project: Optional[str] = None,
        task: Optional[str] = None,
        scope: Literal["bus", "project", "all"] = "bus",
        start: Optional[Literal["earliest", "latest"]] = None,
        since_id: Optional[str] = None,
        cursor: Optional[str] = None,
        since_time: Optional[datetime] = None,
        positions: Iterable[pb.BusPosition] = (),
        types: Iterable[str] = (),
        run: str = "",
        stop_at_tail: bool = False,
        limit: int = 0,
        heartbeat_interval: Optional[float] = None,
        retry_for: Optional[float] = None,
        on_frame: Optional[Callable[[pb.SubscribeResponse], None]] = None,
    ) -> Follow:
        """Gives messages as they come: each once, through breaks and restarts of the server.

        `scope` is one bus, a project with all its tasks, or all buses; buses that appear later
        join by themselves. Starts at the end (`start="latest"`, the default) or the beginning
        (`"earliest"`), or after one of `since_id`, `cursor` and `since_time`; wide scopes go on from
        `positions`, earlier read from a Follow. Returns once the server has said where reading
        starts: nothing appended after that is missed.

        Ends by itself only with `stop_at_tail`, where the past is read, or after `limit` messages.
        While the server cannot be reached it tries again for `retry_for` seconds, by default for
        ever, and says so in the log `callboard`. `on_frame` is called with every frame, for those
        who want to see gaps, damage or heartbeats themselves.
        """
        positions = list(positions)
        _at_most_one(
            start=start,
            since_id=since_id,
            cursor=cursor,
            since_time=since_time,
            positions=positions or None,
        )
        project_id, task_id = "", ""
        if scope == "bus":
            project_id, task_id = self._bus(project, task)
        elif scope == "project":
            project_id, _ = self._bus(project, "")
        interval = Duration()
        if heartbeat_interval is not None:
            interval.FromMilliseconds(round(heartbeat_interval * 1000))
        request = pb.SubscribeRequest(
            project_id=project_id,
            task_id=task_id,
            scope=_SCOPES[scope],
            since_time=_timestamp(since_time),
            positions=positions,
            types=types,
            run_id=run,
            stop_at_tail=stop_at_tail,
            limit=limit,
            heartbeat_interval=None if heartbeat_interval is None else interval,
        )
        _set_start(request, since_id, cursor)
        if start is not None:
            request.position = _STARTS[start]
        follow = Follow(self.stub, request, retry_for=retry_for, on_frame=on_frame)
        self._follows.add(follow)
        return follow

    def buses(
        self, project: Optional[str] = None, *, timeout: Optional[float] = None
    ) -> Iterator[pb.Bus]:
        """Gives the buses that exist, of all projects or of one, ordered by project and task."""
        page_token = ""
        while True:
            request = pb.ListBusesRequest(project_id=project or "", page_token=page_token)
            page = self._list_buses(request, timeout)
            yield from page.buses
            page_token = page.next_page_token
            if not page_token:
                return

    def rotate(
        self,
        *,
        project: Optional[str] = None,
        task: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> pb.RotateBusResponse:
        """Archives the bus file now; reading and following cross the border. Tried only once."""
        project_id, task_id = self._bus(project, task)
        request = pb.RotateBusRequest(project_id=project_id, task_id=task_id)
        return self._call(
            lambda remaining: self.stub.RotateBus(request, timeout=remaining),
            timeout,
            repeatable=False,
        )

    def trim(
        self,
        older_than: float,
        *,
        project: Optional[str] = None,
        task: Optional[str] = None,
        dry_run: bool = True,
        timeout: Optional[float] = None,
    ) -> pb.TrimBusResponse:
        """Removes archives whose last message is older than so many seconds; by default only tells."""
        project_id, task_id = self._bus(project, task)
        age = Duration()
        age.FromMilliseconds(round(older_than * 1000))
        request = pb.TrimBusRequest(
            project_id=project_id, task_id=task_id, older_than=age, dry_run=dry_run
        )
        return self._call(lambda remaining: self.stub.TrimBus(request, timeout=remaining), timeout)

    def _list_buses(
        self, request: pb.ListBusesRequest, timeout: Optional[float]
    ) -> pb.ListBusesResponse:
        return self._call(
            lambda remaining: self.stub.ListBuses(request, timeout=remaining), timeout
        )

    def _bus(self, project: Optional[str], task: Optional[str]) -> Tuple[str, str]:
        """Returns the ids of the bus meant."""
        if project is None:
            project = self.project
        if not project:
            raise ValueError(
                "no project: give project=…, here or to connect(), or set JRUN_PROJECT_ID"
            )
        if task is None:
            task = self.task if project == self.project else ""
        return project, task

    def call(
        self,
        method: Callable[..., _Answer],
        request: object,
        *,
        timeout: Optional[float] = None,
        repeatable: Optional[bool] = None,
    ) -> _Answer:
        """Calls a unary method of `storage` or `stub`, with the errors of this client.

        `client.call(client.storage.GetTask, GetTaskRequest(project_id="p", task_id="t"))`

        While the server cannot be reached the call is repeated, within `timeout` seconds, where that
        is safe: when the request is one to get or to list something, or carries a `request_id` or
        an `etag`. `repeatable` says otherwise, for a call that sets something as a whole.
        """
        if repeatable is None:
            repeatable = _is_repeatable(request)
        return self._call(
            lambda remaining: method(request, timeout=remaining), timeout, repeatable=repeatable
        )

    def _call(
        self,
        attempt: Callable[[float], _Answer],
        timeout: Optional[float],
        *,
        request_id: str = "",
        repeatable: bool = True,
    ) -> _Answer:
        """Makes a call, again while the server is unavailable and time is left."""
        backoff = Backoff()
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            try:
                return attempt(max(deadline - time.monotonic(), 0.001))
            except grpc.RpcError as error:
                failure = from_rpc_error(error, request_id)
                delay = backoff.next_delay(failure.retry_delay)
                late = time.monotonic() + delay >= deadline
                again = repeatable and isinstance(failure, UnavailableError)
                if not again or late or self._closed.wait(delay):
                    raise failure from error


def _is_repeatable(request: object) -> bool:
    if getattr(request, "request_id", "") or getattr(request, "etag", ""):
        return True
    return type(request).__name__.startswith(("Get", "List", "Read"))


def _new_request_id() -> str:
    return uuid.uuid4().hex


def _timestamp(moment: Optional[datetime]) -> Optional[Timestamp]:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError("since_time has no time zone; write datetime.now(timezone.utc)")
    timestamp = Timestamp()
    timestamp.FromDatetime(moment.astimezone(timezone.utc).replace(tzinfo=None))
    return timestamp


def _set_start(
    request: Union[pb.ReadMessagesRequest, pb.PollForNewRequest, pb.SubscribeRequest],
    since_id: Optional[str],
    cursor: Optional[str],
) -> None:
    if since_id is not None:
        request.since_id = since_id
    if cursor is not None:
        request.cursor = cursor


def _at_most_one(**starts: object) -> None:
    given = [name for name, value in starts.items() if value is not None]
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)} exclude each other: give one start")
