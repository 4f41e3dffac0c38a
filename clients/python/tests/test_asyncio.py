"""The client for asyncio: what it does like the other, and what only it can do wrong."""

from __future__ import annotations

import asyncio
import io
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, AsyncIterator, Awaitable, Callable, List

import grpc
import pytest
from conftest import TASK, Network
from scripted import refuse, serving

import callboard
import callboard.aio
from callboard.aio import AsyncClient
from callboard.v1 import message_bus_pb2
from callboard.v1 import storage_pb2 as pb

Body = Callable[[AsyncClient], Awaitable[None]]


def run(addr: str, project: str, body: Body, task: str = TASK) -> None:
    """Runs a test's body with a client of its own, in a loop of its own."""

    async def main() -> None:
        async with callboard.aio.connect(addr, project=project, task=task) as client:
            request = pb.CreateTaskRequest(project_id=project, task_id=TASK)
            await client.call(client.storage.CreateTask, request, repeatable=True)
            await asyncio.wait_for(body(client), 60)

    asyncio.run(main())


async def take(stream: AsyncIterator[Any], count: int) -> List[Any]:
    return [await stream.__anext__() for _ in range(count)]


def test_messages_are_appended_read_and_followed(addr: str, project: str) -> None:
    async def body(client: AsyncClient) -> None:
        first = await client.append("FACT", "one")
        batch = [client.message("INFO", str(n)) for n in range(3)]
        await client.append_many(batch, request_id="batch")
        assert (await client.append_many(batch, request_id="batch")).duplicate
        assert [m.body async for m in client.read()] == ["one", "0", "1", "2"]
        assert (await client.get(first.msg_id)).body == "one"
        assert (await client.read_page(limit=1)).messages[0].body == "one"
        polled = await client.poll(cursor=first.cursor, timeout=5)
        assert len(polled.messages) == 3
        async with client.follow(start="earliest") as follow:
            assert [m.body for m in await take(follow, 4)] == ["one", "0", "1", "2"]
            await client.append("INFO", "3")
            assert (await follow.__anext__()).body == "3"
            assert follow.last is not None and follow.last.cursor == follow.cursor
        assert [m.body async for m in follow] == []
        assert [bus.task_id async for bus in client.buses(project)] == [TASK]
        assert project in (await client.rotate()).archive_path
        assert (await client.trim(0)).dry_run

    run(addr, project, body)


def test_nothing_is_missed_once_a_follow_was_awaited(addr: str, project: str) -> None:
    async def body(client: AsyncClient) -> None:
        follow = await client.follow()
        await client.append("INFO", "new")
        assert (await follow.__anext__()).body == "new"
        await follow.close()

    run(addr, project, body)


def test_a_follow_that_is_cancelled_while_it_waits_loses_nothing(addr: str, project: str) -> None:
    async def body(client: AsyncClient) -> None:
        async with client.follow() as follow:
            for number in range(5):
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(follow.__anext__(), 0.02)
                await client.append("INFO", str(number))
                assert (await follow.__anext__()).body == str(number)

    run(addr, project, body)


@pytest.mark.parametrize("scope", ["bus", "project"])
def test_a_follow_goes_on_after_breaks_without_loss_or_repetition(
    addr: str, network: Network, project: str, scope: Any
) -> None:
    async def body(client: AsyncClient) -> None:
        async with callboard.aio.connect(network.addr, project=project, task=TASK) as broken:
            async with broken.follow(scope=scope, start="earliest") as follow:
                reading = asyncio.ensure_future(take(follow, 40))
                for number in range(40):
                    if number % 10 == 5:
                        network.cut()
                    await client.append("INFO", str(number))
                    if number % 10 == 8:
                        network.mend()
                got = await reading
        assert [message.body for message in got] == [str(number) for number in range(40)]

    run(addr, project, body)


def test_a_follow_ends_when_it_or_its_client_is_closed(addr: str, project: str) -> None:
    async def body(client: AsyncClient) -> None:
        other = callboard.aio.connect(addr, project=project)
        follows = [await other.follow(), await other.follow(scope="project")]
        readings = [asyncio.ensure_future(take_all(follow)) for follow in follows]
        await follows[0].close()
        assert await readings[0] == []
        await other.close()
        assert await readings[1] == []

    async def take_all(stream: AsyncIterator[Any]) -> List[Any]:
        return [item async for item in stream]

    run(addr, project, body)


def test_a_silent_stream_counts_as_broken(project: str) -> None:
    calls: List[object] = []

    def subscribe(request: message_bus_pb2.SubscribeRequest, context: Any) -> Any:
        calls.append(request)
        opened = message_bus_pb2.SubscribeResponse.Opened(project_id="p", cursor="c")
        yield message_bus_pb2.SubscribeResponse(opened=opened)
        if len(calls) == 1:
            # Until the client has given up on it.
            gone = threading.Event()
            context.add_callback(gone.set)
            gone.wait(20)
        delivery = message_bus_pb2.SubscribeResponse.Delivery(project_id="p", cursor="d")
        yield message_bus_pb2.SubscribeResponse(message=delivery)

    async def main(addr: str) -> None:
        async with callboard.aio.connect(addr, project="p") as client:
            async with client.follow(heartbeat_interval=0.2, limit=1) as follow:
                assert len([message async for message in follow]) == 1

    with serving(Subscribe=subscribe) as addr:
        asyncio.run(asyncio.wait_for(main(addr), 30))
    assert len(calls) == 2


def test_a_stream_of_appends_takes_asynchronous_messages_and_their_failure(
    addr: str, project: str
) -> None:
    async def body(client: AsyncClient) -> None:
        async def messages(fail: bool) -> AsyncIterator[callboard.Message]:
            for number in range(50):
                yield client.message("INFO", str(number))
            if fail:
                raise LookupError("no more")

        answers = [answer async for answer in client.append_stream(messages(False))]
        assert len({answer.msg_id for answer in answers}) == 50
        with pytest.raises(LookupError, match="no more"):
            async for _ in client.append_stream(messages(True)):
                pass
        with pytest.raises(callboard.InvalidArgumentError) as caught:
            # Refused while more is on its way: what the server said is not lost.
            many = [client.message("INFO" if n != 3 else "", "x" * 10_000) for n in range(2000)]
            answers = [answer async for answer in client.append_stream(many)]
        assert caught.value.metadata["index"] == "3"
        assert caught.value.request_id

    run(addr, project, body)


def test_errors_are_those_of_the_other_client(addr: str, project: str) -> None:
    async def body(client: AsyncClient) -> None:
        with pytest.raises(callboard.NotFoundError) as caught:
            await client.get("MSG-unknown")
        assert caught.value.reason == "MESSAGE_NOT_FOUND"
        assert isinstance(caught.value.__cause__, grpc.RpcError)
        with pytest.raises(ValueError, match="exclude each other"):
            client.read(tail=1, cursor="x")
        with pytest.raises(callboard.CursorError):
            await client.follow(cursor="not a cursor")

    run(addr, project, body)


def test_an_append_survives_a_break_and_is_there_once(
    addr: str, network: Network, project: str
) -> None:
    async def body(client: AsyncClient) -> None:
        async with callboard.aio.connect(network.addr, project=project, task=TASK) as broken:
            await broken.append("INFO", "0")
            network.cut()
            asyncio.get_running_loop().call_later(0.3, network.mend)
            await broken.append("INFO", "1")
        assert [message.body async for message in client.read()] == ["0", "1"]

    run(addr, project, body)


def test_artifacts_come_back_from_every_kind_of_source(
    addr: str, project: str, tmp_path: Path
) -> None:
    data = os.urandom(3 << 20)
    path = tmp_path / "sent.bin"
    path.write_bytes(data)

    async def pieces() -> AsyncIterator[bytes]:
        yield data[: 1 << 20]
        yield data[1 << 20 :]

    async def failing() -> AsyncIterator[bytes]:
        yield data
        raise LookupError("no more")

    async def body(client: AsyncClient) -> None:
        sources: List[Any] = [path, data, io.BytesIO(data), pieces()]
        for source in sources:
            saved = await client.put_artifact(source, "a.bin")
            got = await client.get_artifact("a.bin", tmp_path / "back.bin")
            assert (tmp_path / "back.bin").read_bytes() == data
            assert got.sha256 == saved.sha256
            async with client.open_artifact(path=saved.path) as reader:
                assert b"".join([chunk async for chunk in reader]) == data
        with pytest.raises(LookupError, match="no more"):
            await client.put_artifact(failing(), "never.bin")
        with pytest.raises(callboard.NotFoundError):
            await client.open_artifact("never.bin")
        # Refused while more is on its way: what the server said is not lost.
        for _ in range(10):
            with pytest.raises(callboard.NotFoundError) as caught:
                await client.put_artifact(data, "a.bin", task="task-nobody")
            assert caught.value.reason == "TASK_NOT_FOUND"

    run(addr, project, body)


def test_an_upload_that_is_cancelled_leaves_nothing(addr: str, project: str) -> None:
    async def body(client: AsyncClient) -> None:
        begun = asyncio.Event()

        async def endless() -> AsyncIterator[bytes]:
            yield b"x" * 1000
            begun.set()
            await asyncio.Event().wait()

        putting = asyncio.ensure_future(client.put_artifact(endless(), "never.bin"))
        await begun.wait()
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await putting
        with pytest.raises(callboard.NotFoundError):
            await client.open_artifact("never.bin")

    run(addr, project, body)


def test_a_source_whose_own_work_is_cancelled_is_not_taken_for_complete(
    addr: str, project: str
) -> None:
    async def body(client: AsyncClient) -> None:
        async def work() -> None:
            working = asyncio.ensure_future(asyncio.Event().wait())
            working.cancel()
            await working

        async def pieces() -> AsyncIterator[bytes]:
            yield b"a part"
            await work()

        async def messages() -> AsyncIterator[callboard.Message]:
            yield client.message("INFO", "1")
            await work()

        with pytest.raises(asyncio.CancelledError):
            await client.put_artifact(pieces(), "never.bin")
        with pytest.raises(callboard.NotFoundError):
            await client.open_artifact("never.bin")
        with pytest.raises(asyncio.CancelledError):
            async for _ in client.append_stream(messages()):
                pass

    run(addr, project, body)


def test_streams_of_appends_need_none_of_the_threads_that_their_messages_need(
    addr: str, project: str
) -> None:
    async def body(client: AsyncClient) -> None:
        async def messages() -> AsyncIterator[callboard.Message]:
            for number in range(3):
                yield client.message("INFO", await asyncio.to_thread(str, number))

        async def append() -> int:
            return len([answer async for answer in client.append_stream(messages())])

        with ThreadPoolExecutor(1) as thread:
            asyncio.get_running_loop().set_default_executor(thread)
            assert list(await asyncio.gather(append(), append(), append())) == [3, 3, 3]

    run(addr, project, body)


def test_a_stream_of_appends_that_is_left_early_asks_for_no_more_messages(
    addr: str, project: str
) -> None:
    async def body(client: AsyncClient) -> None:
        ended = asyncio.Event()

        async def messages() -> AsyncIterator[callboard.Message]:
            try:
                yield client.message("INFO", "1")
                await asyncio.Event().wait()
            finally:
                ended.set()

        answers = client.append_stream(messages())
        assert (await answers.__anext__()).msg_id
        await answers.aclose()
        await ended.wait()

    run(addr, project, body)


def test_a_closed_client_and_a_closed_reader_are_errors_and_no_cancellation(
    addr: str, project: str
) -> None:
    async def body(client: AsyncClient) -> None:
        await client.put_artifact(b"x" * (3 << 20), "a.bin")
        other = callboard.aio.connect(addr, project=project, task=TASK)
        async with other.open_artifact("a.bin") as reader:
            await reader.close()
            with pytest.raises(callboard.OtherError):
                async for _ in reader:
                    pass
        # For a type that nothing has: the message below must not answer it.
        polling = asyncio.ensure_future(other.poll(types=["QUESTION"]))
        appended = other.append("INFO", "1")
        await appended
        await other.close()
        with pytest.raises(callboard.UnavailableError, match="closed"):
            await polling
        with pytest.raises(callboard.UnavailableError, match="closed"):
            await other.append("INFO", "2")
        with pytest.raises(callboard.UnavailableError, match="closed"):
            other.follow()

    run(addr, project, body)


def test_what_is_written_after_the_end_of_a_run_is_refused(addr: str, project: str) -> None:
    async def body(client: AsyncClient) -> None:
        async with client.run("tester") as run:
            await run.stdout.write("in time")
        with pytest.raises(ValueError, match="ended"):
            await run.stdout.write("too late")

    run(addr, project, body)


def test_a_download_that_breaks_is_begun_again(tmp_path: Path) -> None:
    calls: List[object] = []

    def get(request: pb.GetArtifactRequest, context: grpc.ServicerContext) -> Any:
        calls.append(request)
        yield pb.GetArtifactResponse(artifact=pb.Artifact(name="a"), chunk=b"hello")
        if len(calls) == 1:
            refuse(context, grpc.StatusCode.UNAVAILABLE)
        sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        yield pb.GetArtifactResponse(sha256=sha256)

    async def main(addr: str) -> None:
        async with callboard.aio.connect(addr, project="p", task="t") as client:
            await client.get_artifact("a", tmp_path / "a")

    with serving(GetArtifact=get) as addr:
        asyncio.run(asyncio.wait_for(main(addr), 30))
    assert (tmp_path / "a").read_bytes() == b"hello"
    assert os.listdir(tmp_path) == ["a"]


def test_a_log_is_appended_to_and_followed_through_a_break(
    addr: str, network: Network, project: str
) -> None:
    async def body(client: AsyncClient) -> None:
        await client.append_log([{"n": 0}])
        async with callboard.aio.connect(network.addr, project=project, task=TASK) as broken:
            async with broken.read_log(follow=True) as log:
                got = await take(log, 1)
                network.cut()
                await client.append_log([{"n": 1}, {"n": 2}])
                network.mend()
                got += await take(log, 2)
        assert [entry.value["n"] for entry in got] == [0, 1, 2]
        assert [entry async for entry in client.read_log()] == got

    run(addr, project, body)


def test_a_run_is_recorded_with_its_output(addr: str, project: str, tmp_path: Path) -> None:
    async def body(client: AsyncClient) -> None:
        async with client.run("tester") as run:
            await run.stdout.write("soon\n")
            async with client.read_run_file("stdout", run=run.run_id, follow=True) as seen:
                # By itself, after a moment.
                assert await seen.__anext__() == b"soon\n"
            await run.stdout.write(b"more\n" * 40_000)
            await run.event("pushed", {"n": 1})
            await run.append("PROGRESS", "halfway")
            await run.stderr.write("end")
        got = tmp_path / "stdout"
        size = await client.get_run_file("stdout", got, run=run.run_id)
        assert got.read_bytes() == b"soon\n" + b"more\n" * 40_000
        assert size == got.stat().st_size
        assert await client.put_run_file("logs/x.log", b"abc", run=run.run_id) == 3
        assert await client.put_run_file("logs/x.log", b"def", run=run.run_id) == 6
        types = [message.type async for message in client.read()]
        assert types == ["RUN_START", "PROGRESS", "RUN_STOP"]

    run(addr, project, body)


def test_a_run_whose_task_is_cancelled_is_recorded_as_a_crash(addr: str, project: str) -> None:
    async def body(client: AsyncClient) -> None:
        begun = asyncio.Event()

        async def work() -> None:
            async with client.run("tester", run_id="cancelled"):
                begun.set()
                await asyncio.Event().wait()

        working = asyncio.ensure_future(work())
        await begun.wait()
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working
        (crash,) = [message async for message in client.read(types=["RUN_CRASH"])]
        assert crash.body == "CancelledError"

    run(addr, project, body)
