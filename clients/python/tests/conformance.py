"""The driver of the conformance suite: does what stdin says, and tells stdout what came of it.

    python tests/conformance.py             drives callboard.Client
    python tests/conformance.py --asyncio   drives callboard.aio.AsyncClient

What is said is in tests/conformance/README.md of the repository. The methods of the two
clients have the same names and arguments, so that one driver serves both: those of the first
are called in threads, those of the second are awaited.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message_factory import GetMessageClass

import callboard
import callboard.aio
from callboard.v1 import message_bus_pb2, storage_pb2

Json = Dict[str, Any]

CLIENT = Path(callboard.__file__).parent
SERVICES = {"MessageBus": message_bus_pb2, "Storage": storage_pb2}


class Once:
    """A stream that can be read, and nothing else."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "rb")

    def read(self, size: int) -> bytes:
        """Reads on."""
        return self._file.read(size)


class Reading:
    """A stream of the client, read no further than asked."""

    def __init__(self, stream: Any, next_of: Callable[[Any], Any]) -> None:
        self.stream = stream
        self._next_of = next_of
        self._waiting: Optional[asyncio.Future[Any]] = None
        self._items: List[Any] = []
        self.ended = False
        self.error: Optional[callboard.CallboardError] = None

    async def take(self, enough: Callable[[List[Any]], bool], timeout: float) -> "tuple[Any, bool]":
        """Returns the items since the last time, and whether the time was up before enough came."""
        deadline = asyncio.get_running_loop().time() + timeout
        late = False
        while not (enough(self._items) or self.ended or self.error or late):
            if self._waiting is None:
                self._waiting = asyncio.ensure_future(self._next_of(self.stream))
            left = max(deadline - asyncio.get_running_loop().time(), 0)
            await asyncio.wait({self._waiting}, timeout=left)
            late = not self._waiting.done()
            if not late:
                self._note(self._waiting)
                self._waiting = None
        items, self._items = self._items, []
        return items, late

    def _note(self, came: "asyncio.Future[Any]") -> None:
        try:
            item = came.result()
        except callboard.CallboardError as error:
            self.error = error
        else:
            self.ended = item is None
            self._items += [] if item is None else [item]


class Driver:
    """The clients, streams and runs that were made so far."""

    def __init__(self, asynchronous: bool) -> None:
        self.asynchronous = asynchronous
        self.clients: Dict[str, Any] = {}
        self.streams: Dict[str, Reading] = {}
        self.runs: Dict[str, Any] = {}

    async def answer(self, line: str) -> Json:
        """Does what a line says."""
        asked = json.loads(line)
        given = without_nulls(asked.get("with"))
        try:
            action = getattr(self, f"do_{asked['do']}")
            return {"ok": await action(given.pop("client", "main"), given)}
        except Partial as partial:
            return {"error": described(partial.error), "answers": partial.answers}
        except callboard.CallboardError as error:
            return {"error": described(error)}
        except (ValueError, TypeError, OSError) as error:
            if was_refused(error):
                return {"misuse": str(error)}
            return {"failure": traceback.format_exc()}
        except Exception:
            return {"failure": traceback.format_exc()}

    async def close(self) -> None:
        """Closes what is open."""
        for reading in self.streams.values():
            await self.wait_for(reading.stream.close)
        for client in self.clients.values():
            await self.wait_for(client.close)

    async def wait_for(self, method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Calls a method of either client."""
        if self.asynchronous:
            return await method(*arguments, **options)
        return await asyncio.to_thread(method, *arguments, **options)

    async def next_of(self, stream: Any) -> Any:
        """Returns the next item of a stream of either client, None at its end."""
        if not self.asynchronous:
            return await asyncio.to_thread(next, stream, None)
        try:
            return await stream.__anext__()
        except StopAsyncIteration:
            return None

    async def all_of(self, stream: Any) -> List[Any]:
        """Returns all items of a stream of either client."""
        items: List[Any] = []
        while (item := await self.next_of(stream)) is not None:
            items.append(item)
        return items

    async def do_connect(self, name: str, given: Json) -> Json:
        connect = callboard.aio.connect if self.asynchronous else callboard.connect
        self.clients[name] = connect(given.pop("addr", None), **given)
        return {}

    async def do_close(self, name: str, given: Json) -> Json:
        await self.wait_for(self.clients.pop(name).close)
        return {}

    async def do_defaults(self, name: str, given: Json) -> Json:
        return dict(self.clients[name].defaults._asdict())

    async def do_append(self, name: str, given: Json) -> Json:
        return plain(await self.wait_for(self.clients[name].append, **given))

    async def do_append_many(self, name: str, given: Json) -> Json:
        client = self.clients[name]
        messages = [client.message(**without_nulls(one)) for one in given.pop("messages")]
        return plain(await self.wait_for(client.append_many, messages, **given))

    async def do_append_stream(self, name: str, given: Json) -> Json:
        client = self.clients[name]
        messages = [client.message(**without_nulls(one)) for one in given.pop("messages")]
        stream = client.append_stream(messages, **given)
        answers: List[Json] = []
        try:
            while (answer := await self.next_of(stream)) is not None:
                answers.append(plain(answer))
        except callboard.CallboardError as error:
            raise Partial(error, answers) from error
        return {"answers": answers}

    async def do_read(self, name: str, given: Json) -> Json:
        messages = await self.all_of(self.clients[name].read(**with_times(given)))
        return {"messages": [plain(message) for message in messages]}

    async def do_get(self, name: str, given: Json) -> Json:
        return plain(await self.wait_for(self.clients[name].get, **given))

    async def do_poll(self, name: str, given: Json) -> Json:
        return plain(await self.wait_for(self.clients[name].poll, **given))

    async def do_follow(self, name: str, given: Json) -> Json:
        stream = given.pop("name")
        given = with_times(given)
        positions = given.pop("positions", [])
        given["positions"] = [ParseDict(one, callboard.BusPosition()) for one in positions]
        opened = await self.wait_for(self.clients[name].follow, **given)
        self.streams[stream] = Reading(opened, self.next_of)
        return {}

    async def do_next(self, name: str, given: Json) -> Json:
        reading, count = self.streams[given["name"]], given["count"]
        items, late = await reading.take(lambda got: len(got) >= count, given.get("timeout", 30))
        return ending(reading, late, {"items": [plain(item) for item in items]})

    async def do_next_bytes(self, name: str, given: Json) -> Json:
        reading, count = self.streams[given["name"]], given["count"]
        chunks, late = await reading.take(
            lambda got: sum(map(len, got)) >= count, given.get("timeout", 30)
        )
        return ending(reading, late, {"text": b"".join(chunks).decode()})

    async def do_positions(self, name: str, given: Json) -> Json:
        follow = self.streams[given["name"]].stream
        return {"positions": [plain(one) for one in follow.positions], "cursor": follow.cursor}

    async def do_stop(self, name: str, given: Json) -> Json:
        await self.wait_for(self.streams[given["name"]].stream.close)
        return {}

    async def do_call(self, name: str, given: Json) -> Json:
        client = self.clients[name]
        services = SERVICES[given["service"]].DESCRIPTOR.services_by_name
        described_method = services[given["service"]].methods_by_name[given["method"]]
        request = GetMessageClass(described_method.input_type)()
        ParseDict(given.get("request", {}), request)
        stub = client.storage if given["service"] == "Storage" else client.bus
        method = getattr(stub, given["method"])
        timeout = given.get("timeout")
        return plain(await self.wait_for(client.call, method, request, timeout=timeout))

    async def do_put_artifact(self, name: str, given: Json) -> Json:
        source = source_of(given, "file")
        return plain(await self.wait_for(self.clients[name].put_artifact, source, **given))

    async def do_get_artifact(self, name: str, given: Json) -> Json:
        client = self.clients[name]
        if "to" in given:
            to = given.pop("to")
            artifact = await self.wait_for(client.get_artifact, destination=to, **given)
            with open(to, "rb") as file:
                return {"artifact": plain(artifact), **measured([file.read()])}
        reader = await self.wait_for(client.open_artifact, **given)
        chunks = await self.all_of(reader)
        return {"artifact": plain(reader.artifact), **measured(chunks)}

    async def do_append_log(self, name: str, given: Json) -> Json:
        return plain(await self.wait_for(self.clients[name].append_log, **given))

    async def do_read_log(self, name: str, given: Json) -> Json:
        entries = await self.all_of(self.clients[name].read_log(**given))
        return {"items": [plain(entry) for entry in entries]}

    async def do_follow_log(self, name: str, given: Json) -> Json:
        stream = given.pop("name")
        opened = self.clients[name].read_log(follow=True, **given)
        self.streams[stream] = Reading(opened, self.next_of)
        return {}

    async def do_put_run_file(self, name: str, given: Json) -> Json:
        source = source_of(given, "from_file")
        file = given.pop("file")
        return {"size": await self.wait_for(self.clients[name].put_run_file, file, source, **given)}

    async def do_get_run_file(self, name: str, given: Json) -> Json:
        client = self.clients[name]
        if "to" in given:
            to = given.pop("to")
            await self.wait_for(client.get_run_file, destination=to, **given)
            with open(to, "rb") as file:
                return measured([file.read()])
        return measured(await self.all_of(client.read_run_file(**given)))

    async def do_follow_run_file(self, name: str, given: Json) -> Json:
        stream = given.pop("name")
        file = self.clients[name].read_run_file(follow=True, **given)
        self.streams[stream] = Reading(file, self.next_of)
        return {}

    async def do_run_begin(self, name: str, given: Json) -> Json:
        run = given.pop("name")
        context = self.runs[run] = self.clients[name].run(**given)
        await self.wait_for(context.__aenter__ if self.asynchronous else context.__enter__)
        return plain(context.info)

    async def do_run_write(self, name: str, given: Json) -> Json:
        await self.wait_for(getattr(self.runs[given["name"]], given["to"]).write, given["text"])
        return {}

    async def do_run_event(self, name: str, given: Json) -> Json:
        await self.wait_for(self.runs[given["name"]].event, given["event"], given.get("data"))
        return {}

    async def do_run_append(self, name: str, given: Json) -> Json:
        return plain(await self.wait_for(self.runs[given.pop("name")].append, **given))

    async def do_run_end(self, name: str, given: Json) -> Json:
        self.runs[given["name"]].exit_code = given.get("exit_code")
        await self.leave(given["name"], None)
        return {}

    async def do_run_fail(self, name: str, given: Json) -> Json:
        await self.leave(given["name"], RuntimeError(given["message"]))
        return {}

    async def leave(self, name: str, error: Optional[Exception]) -> None:
        """Leaves a run's context, by an error if there is one."""
        run = self.runs.pop(name)
        leave = run.__aexit__ if self.asynchronous else run.__exit__
        await self.wait_for(leave, type(error) if error else None, error, None)


class Partial(Exception):
    """An error, and the answers that came before it."""

    def __init__(self, error: callboard.CallboardError, answers: List[Json]) -> None:
        super().__init__(str(error))
        self.error = error
        self.answers = answers


def was_refused(error: Exception) -> bool:
    """Tells whether it was the client that an error of Python's own comes from."""
    frames = traceback.extract_tb(error.__traceback__)
    return any(Path(frame.filename).is_relative_to(CLIENT) for frame in frames)


def described(error: callboard.CallboardError) -> Json:
    """Returns a typed error as the suite wants it."""
    told: Json = {
        "family": type(error).__name__[: -len("Error")],
        "code": error.code.name,
        "reason": error.reason,
        "metadata": error.metadata,
        "message": error.message,
    }
    if error.request_id:
        told["request_id"] = error.request_id
    if error.retry_delay is not None:
        told["retry_delay"] = error.retry_delay
    return told


def ending(reading: Reading, late: bool, told: Json) -> Json:
    """Adds how far a stream is."""
    if reading.ended:
        told["ended"] = True
    if reading.error:
        told["error"] = described(reading.error)
    if late:
        told["timed_out"] = True
    return told


def plain(item: Any) -> Json:
    """Returns a message of the API, or an entry of a log, as JSON."""
    if isinstance(item, callboard.LogEntry):
        return item._asdict()
    told: Json = MessageToDict(item, preserving_proto_field_name=True)
    return told


def measured(chunks: List[bytes]) -> Json:
    """Returns what arrived, in figures."""
    data = b"".join(chunks)
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def without_nulls(given: Optional[Json]) -> Json:
    """Leaves out what is null: it is not given to the client at all. Offsets may come as text."""
    found = {key: value for key, value in (given or {}).items() if value is not None}
    if "offset" in found:
        found["offset"] = int(found["offset"])
    return found


def with_times(given: Json) -> Json:
    """Reads the one argument that is a time."""
    if "since_time" in given:
        text = given["since_time"].replace("Z", "+00:00")
        given["since_time"] = datetime.fromisoformat(text)
    return given


def source_of(given: Json, file: str) -> Any:
    """Takes what is to be sent out of the arguments."""
    if "stream" in given:
        return Once(given.pop("stream"))
    return given.pop(file) if file in given else base64.b64decode(given.pop("data"))


async def main() -> None:
    """Answers line by line."""
    loop = asyncio.get_running_loop()
    # Each stream that is waited for holds a thread of the client without asyncio.
    loop.set_default_executor(ThreadPoolExecutor(64))
    driver = Driver("--asyncio" in sys.argv[1:])
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        if not line:
            break
        print(json.dumps(await driver.answer(line)), flush=True)
    await driver.close()


if __name__ == "__main__":
    asyncio.run(main())
