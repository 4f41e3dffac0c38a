"""The methods of an asynchronous client that speak to the message bus."""

from __future__ import annotations

from datetime import datetime
from typing import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Mapping, Optional, Union

import grpc

from callboard.aio.connection import AsyncConnection
from callboard.aio.follow import AsyncFollow
from callboard.aio.sending import exchange
from callboard.attempts import Attempts
from callboard.errors import from_rpc_error
from callboard.requests import bus as requests
from callboard.requests.bus import Pages, Scope, Start
from callboard.requests.fields import new_request_id
from callboard.subscription import OnFrame
from callboard.v1 import message_bus_pb2 as pb


class AsyncBusMethods(AsyncConnection):
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
        """Makes a message to append; as `callboard.Client.message`. No coroutine."""
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

    async def append(
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

        Never twice, however often the connection breaks; as `callboard.Client.append`.
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
        return await self.call(self.bus.AppendMessage, request, timeout=timeout)

    async def append_many(
        self,
        messages: Iterable[pb.Message],
        *,
        request_id: Optional[str] = None,
        expected_last_msg_id: str = "",
        timeout: Optional[float] = None,
    ) -> pb.AppendMessagesResponse:
        """Appends up to 1000 messages with one write; as `callboard.Client.append_many`."""
        request = requests.append_many(messages, request_id, expected_last_msg_id)
        return await self.call(self.bus.AppendMessages, request, timeout=timeout)

    async def append_stream(
        self,
        messages: Union[Iterable[pb.Message], AsyncIterable[pb.Message]],
        *,
        request_id: Optional[str] = None,
    ) -> AsyncGenerator[pb.AppendStreamResponse, None]:
        """Appends messages as they come, and gives their answers in order.

        As `callboard.Client.append_stream`; `messages` may be an asynchronous iterable, too. Who
        leaves the loop early ends it at once with `aclose()`.
        """
        prefix = request_id or new_request_id()
        sent = requests.append_stream_async(messages, prefix)
        answers = exchange(self._blocking_bus.AppendStream, sent)
        try:
            async for answer in answers:
                yield answer
        except grpc.RpcError as error:
            raise from_rpc_error(error, request_id=prefix) from error
        finally:
            await answers.aclose()

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
    ) -> AsyncIterator[pb.Message]:
        """Gives the messages of one bus up to its present end; as `callboard.Client.read`."""
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

    async def _read_pages(
        self, pages: Pages, timeout: Optional[float]
    ) -> AsyncIterator[pb.Message]:
        request = pages.request()
        while request is not None:
            page = await self.call(self.bus.ReadMessages, request, timeout=timeout)
            for message in page.messages:
                yield message
            pages.take(page)
            request = pages.request()

    async def read_page(
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
        """Returns one answer of the server; as `callboard.Client.read_page`."""
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
        return await self.call(self.bus.ReadMessages, request, timeout=timeout)

    async def get(
        self,
        msg_id: str,
        *,
        project: Optional[str] = None,
        task: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> pb.Message:
        """Returns one message by its id. Raises NotFoundError (MESSAGE_NOT_FOUND)."""
        request = requests.get(self.defaults, msg_id, project, task)
        answer = await self.call(self.bus.GetMessage, request, timeout=timeout)
        return answer.message

    async def poll(
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
        """Waits until the bus has something after the start; as `callboard.Client.poll`."""
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
        return await self._attempt(
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
    ) -> AsyncFollow:
        """Gives messages as they come; as `callboard.Client.follow`.

        `async with client.follow(…) as messages` and `messages = await client.follow(…)` go on
        once the server has said where reading starts: nothing appended after that is missed.
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
        return self._keep(AsyncFollow(self.bus, request, retry_for=retry_for, on_frame=on_frame))

    async def buses(
        self, project: Optional[str] = None, *, timeout: Optional[float] = None
    ) -> AsyncIterator[pb.Bus]:
        """Gives the buses that exist, of all projects or of one, ordered by project and task."""
        request = pb.ListBusesRequest(project_id=project or "")
        while True:
            page = await self.call(self.bus.ListBuses, request, timeout=timeout)
            for bus in page.buses:
                yield bus
            request.page_token = page.next_page_token
            if not request.page_token:
                return

    async def rotate(
        self,
        *,
        project: Optional[str] = None,
        task: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> pb.RotateBusResponse:
        """Archives the bus file now; reading and following cross the border. Tried only once."""
        request = requests.rotate(self.defaults, project, task)
        return await self.call(self.bus.RotateBus, request, timeout=timeout)

    async def trim(
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
        return await self.call(self.bus.TrimBus, request, timeout=timeout, repeatable=True)
