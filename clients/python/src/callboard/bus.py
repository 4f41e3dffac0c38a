"""The methods of a client that speak to the message bus."""

from __future__ import annotations

from datetime import datetime
from typing import Generator, Iterable, Iterator, Mapping, Optional, Union

import grpc

from callboard.attempts import Attempts
from callboard.connection import Connection
from callboard.errors import from_rpc_error
from callboard.follow import Follow
from callboard.requests import bus as requests
from callboard.requests.bus import Pages, Scope, Start
from callboard.requests.fields import new_request_id
from callboard.sending import Sending
from callboard.subscription import OnFrame, Subscription
from callboard.v1 import message_bus_pb2 as pb


class BusMethods(Connection):
    """Appends to buses, reads them and follows them."""

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
        return requests.message(
            self.defaults,
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
        request = requests.append(message, request_id, expected_last_msg_id)
        return self.call(self.bus.AppendMessage, request, timeout=timeout)

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
        request = requests.append_many(messages, request_id, expected_last_msg_id)
        return self.call(self.bus.AppendMessages, request, timeout=timeout)

    def append_stream(
        self, messages: Iterable[pb.Message], *, request_id: Optional[str] = None
    ) -> Generator[pb.AppendStreamResponse, None, None]:
        """Appends messages, of any buses, as they come, and gives their answers in order.

        Many are in flight at a time, which is the fastest way to append. It ends with an error at
        the first refused message, whose zero-based number is in `error.metadata["index"]`, and at
        a break of the connection. Repeating it with the same messages and `request_id` (the
        error's own, when none was given) then appends only what is missing. Starts when the
        first answer is asked for. What `messages` itself raises is raised here. Who leaves the loop
        early ends it at once with `close()`.
        """
        prefix = request_id or new_request_id()
        sending = Sending(requests.append_stream(messages, prefix))
        call = self.bus.AppendStream(sending.requests())
        try:
            yield from call
        except grpc.RpcError as error:
            sending.raise_failure()
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
        first = requests.read(
            self.defaults,
            project=project,
            task=task,
            since_id=since_id,
            cursor=cursor,
            since_time=since_time,
            tail=tail,
            limit=0,
            types=types,
            run=run,
        )
        return self._read_pages(Pages(first, limit), timeout)

    def _read_pages(self, pages: Pages, timeout: Optional[float]) -> Iterator[pb.Message]:
        request = pages.request()
        while request is not None:
            page = self.call(self.bus.ReadMessages, request, timeout=timeout)
            yield from page.messages
            pages.take(page)
            request = pages.request()

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
        """Returns one answer of the server: messages, the cursor after them, whether that is all.

        The arguments are those of `read`, the limit being for this answer: 100 by default.
        """
        request = requests.read(
            self.defaults,
            project=project,
            task=task,
            since_id=since_id,
            cursor=cursor,
            since_time=since_time,
            tail=tail,
            limit=limit,
            types=types,
            run=run,
        )
        return self.call(self.bus.ReadMessages, request, timeout=timeout)

    def get(
        self,
        msg_id: str,
        *,
        project: Optional[str] = None,
        task: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> pb.Message:
        """Returns one message by its id. Raises NotFoundError (MESSAGE_NOT_FOUND)."""
        request = requests.get(self.defaults, msg_id, project, task)
        return self.call(self.bus.GetMessage, request, timeout=timeout).message

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
        request = requests.poll(
            self.defaults,
            project=project,
            task=task,
            since_id=since_id,
            cursor=cursor,
            limit=limit,
            types=types,
            run=run,
        )
        # A second attempt from "now" would not see what came between the two.
        repeatable = since_id is not None or cursor is not None
        return self._attempt(
            lambda remaining: self.bus.PollForNew(
                requests.set_poll_time(request, remaining), timeout=remaining
            ),
            Attempts(timeout + requests.POLL_MARGIN, repeatable=repeatable),
        )

    def follow(
        self,
        *,
        project: Optional[str] = None,
        task: Optional[str] = None,
        scope: Scope = "bus",
        start: Optional[Start] = None,
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
        on_frame: Optional[OnFrame] = None,
    ) -> Follow:
        """Gives messages as they come: each once, through breaks and restarts of the server.

        `scope` is one bus, a project with all its tasks, or all buses; buses that appear later
        join by themselves. Starts at the end (`start="latest"`, the default) or the beginning
        (`"earliest"`), or after one of `since_id`, `cursor` and `since_time`; wide scopes go on
        from `positions`, earlier read from a Follow. Returns once the server has said where reading
        starts: nothing appended after that is missed.

        Ends by itself only with `stop_at_tail`, where the past is read, or after `limit` messages.
        While the server cannot be reached it tries again for `retry_for` seconds, by default for
        ever, and says so in the log `callboard`. After three `heartbeat_interval`s of silence
        (15 s each, unless another is given) it takes the connection for broken, too. `on_frame` is
        called with every frame, for those who want to see gaps, damage or heartbeats themselves.
        """
        request = requests.follow(
            self.defaults,
            project=project,
            task=task,
            scope=scope,
            start=start,
            since_id=since_id,
            cursor=cursor,
            since_time=since_time,
            positions=positions,
            types=types,
            run=run,
            stop_at_tail=stop_at_tail,
            limit=limit,
            heartbeat_interval=heartbeat_interval,
        )
        subscription = Subscription(request, on_frame)
        return Follow(
            subscription,
            self._resumed(
                self.bus.Subscribe,
                subscription,
                what="subscription",
                patience=retry_for,
                silence_max=subscription.silence_max,
            ),
        )

    def buses(
        self, project: Optional[str] = None, *, timeout: Optional[float] = None
    ) -> Iterator[pb.Bus]:
        """Gives the buses that exist, of all projects or of one, ordered by project and task."""
        request = pb.ListBusesRequest(project_id=project or "")
        while True:
            page = self.call(self.bus.ListBuses, request, timeout=timeout)
            yield from page.buses
            request.page_token = page.next_page_token
            if not request.page_token:
                return

    def rotate(
        self,
        *,
        project: Optional[str] = None,
        task: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> pb.RotateBusResponse:
        """Archives the bus file now; reading and following cross the border. Tried only once."""
        request = requests.rotate(self.defaults, project, task)
        return self.call(self.bus.RotateBus, request, timeout=timeout)

    def trim(
        self,
        older_than: float,
        *,
        project: Optional[str] = None,
        task: Optional[str] = None,
        dry_run: bool = True,
        timeout: Optional[float] = None,
    ) -> pb.TrimBusResponse:
        """Removes archives whose last message is older than so many seconds.

        By default it only tells which it would remove.
        """
        request = requests.trim(self.defaults, older_than, project, task, dry_run)
        return self.call(self.bus.TrimBus, request, timeout=timeout, repeatable=True)
