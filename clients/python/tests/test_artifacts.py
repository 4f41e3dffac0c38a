"""Putting artifacts and getting them."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import io
import os
import threading
import uuid
from pathlib import Path
from typing import Any, Iterator, List

import grpc
import pytest
from conftest import TASK, Network
from scripted import refuse, serving

import callboard
import callboard.aio
from callboard import Client
from callboard.v1 import storage_pb2 as pb

SAVED_AT_ONCE = 1 << 20


class Once:
    """A stream that can be read, and nothing else."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def read(self, size: int) -> bytes:
        return self._file.read(size)


@pytest.mark.parametrize("size", [0, 1, SAVED_AT_ONCE, SAVED_AT_ONCE + 1, 10 << 20])
def test_an_artifact_of_any_size_comes_back_from_a_path_bytes_or_a_stream(
    tasked: Client, tmp_path: Path, size: int
) -> None:
    data = os.urandom(size)
    sha256 = hashlib.sha256(data).hexdigest()
    path = tmp_path / "sent.bin"
    path.write_bytes(data)
    saved = [
        tasked.put_artifact(path),
        tasked.put_artifact(data, "bytes.bin"),
        tasked.put_artifact(Once(data), "stream.bin"),
    ]
    assert [artifact.name for artifact in saved] == ["sent.bin", "bytes.bin", "stream.bin"]
    assert {(artifact.size, artifact.sha256) for artifact in saved} == {(size, sha256)}
    for artifact in saved:
        back = tmp_path / "back.bin"
        got = tasked.get_artifact(artifact.name, back)
        assert back.read_bytes() == data
        assert (got.name, got.sha256) == (artifact.name, sha256)
        taken = io.BytesIO()
        tasked.get_artifact(path=artifact.path, destination=taken)
        assert taken.getvalue() == data
        with tasked.open_artifact(artifact.name) as reader:
            assert reader.artifact.size == size
            assert b"".join(reader) == data


def calls_alive() -> List[object]:
    gc.collect()
    return [alive for alive in gc.get_objects() if issubclass(type(alive), grpc.Call)]


def test_what_is_closed_keeps_no_call_of_grpc_for_which_the_interpreter_might_wait_at_its_end(
    tasked: Client,
) -> None:
    tasked.append("INFO", "hello")
    tasked.put_artifact(b"1234", "four.txt")
    before = calls_alive()
    with tasked.follow(start="earliest", limit=1) as follow:
        assert [message.body for message in follow] == ["hello"]
    with tasked.open_artifact("four.txt") as reader:
        assert b"".join(reader) == b"1234"
    assert [call for call in calls_alive() if not any(call is known for known in before)] == []
    # Both are still held.
    assert (bool(follow.cursor), reader.size) == (True, 4)


def test_versions_and_attachments_get_names_of_their_own(tasked: Client) -> None:
    versions = [tasked.put_artifact(b"x", "log.txt", versioned=True).version for _ in range(2)]
    assert versions[1] == versions[0] + 1
    attached = tasked.put_artifact(b"x", "note.txt", attachment=True)
    assert attached.path.startswith("ATTACH-")


def test_a_request_id_saves_once(tasked: Client) -> None:
    data = b"y" * (SAVED_AT_ONCE + 1)
    for content, name in ((b"x", "a.txt"), (data, "b.txt")):
        request_id = uuid.uuid4().hex
        first = tasked.put_artifact(content, name, versioned=True, request_id=request_id)
        again = tasked.put_artifact(content, name, versioned=True, request_id=request_id)
        assert again.path == first.path


def test_what_cannot_be_read_is_the_callers_own_error(tasked: Client, tmp_path: Path) -> None:
    class Failing:
        def __init__(self) -> None:
            self.reads = 0

        def read(self, size: int) -> bytes:
            self.reads += 1
            if self.reads == 3:
                raise OSError("the disk is gone")
            return b"x" * size

    with pytest.raises(FileNotFoundError):
        tasked.put_artifact(tmp_path / "no-such-file")
    with pytest.raises(OSError, match="the disk is gone"):
        tasked.put_artifact(Failing(), "broken.bin")
    text: Any = io.StringIO("text")
    with pytest.raises(TypeError, match="'rb'"):
        tasked.put_artifact(text, "text.txt")
    request = pb.ListArtifactsRequest(project_id=tasked.defaults.project, task_id=TASK)
    assert not tasked.call(tasked.storage.ListArtifacts, request).artifacts


def test_an_artifact_that_is_not_there_leaves_what_is_at_the_path(
    tasked: Client, tmp_path: Path
) -> None:
    path = tmp_path / "kept.txt"
    path.write_text("kept")
    with pytest.raises(callboard.NotFoundError) as caught:
        tasked.get_artifact("nobody.txt", path)
    assert caught.value.reason == "ARTIFACT_NOT_FOUND"
    assert path.read_text() == "kept"
    assert os.listdir(tmp_path) == ["kept.txt"]
    with pytest.raises(ValueError, match="name"):
        tasked.open_artifact("a", path="artifacts/a")


def test_a_small_artifact_is_saved_once_through_a_break(tasked: Client, network: Network) -> None:
    project = tasked.defaults.project
    with callboard.connect(network.addr, project=project, task=TASK) as broken:
        broken.put_artifact(b"0", "n.txt", versioned=True)
        network.cut()
        threading.Timer(0.3, network.mend).start()
        broken.put_artifact(b"1", "n.txt", versioned=True)
    request = pb.ListArtifactsRequest(project_id=project, task_id=TASK)
    assert len(tasked.call(tasked.storage.ListArtifacts, request).artifacts) == 2


def test_an_iterator_that_ends_its_thread_does_not_hang_the_call(tasked: Client) -> None:
    class Leaving:
        def read(self, size: int) -> bytes:
            raise SystemExit(3)

    def messages() -> Iterator[callboard.Message]:
        yield tasked.message("INFO", "1")
        raise SystemExit(4)

    with pytest.raises(SystemExit):
        tasked.put_artifact(Leaving(), "never.bin")
    with pytest.raises(SystemExit):
        list(tasked.append_stream(messages()))


def test_the_beginning_of_a_transfer_is_waited_for_so_long_and_no_longer() -> None:
    end = threading.Event()

    def get(request: pb.GetArtifactRequest, context: grpc.ServicerContext) -> Any:
        end.wait(20)
        yield pb.GetArtifactResponse()

    async def main(addr: str) -> None:
        async with callboard.aio.connect(addr, project="p", task="t") as client:
            with pytest.raises(callboard.DeadlineError):
                await client.open_artifact("a", timeout=0.2)

    with serving(GetArtifact=get) as addr:
        with callboard.connect(addr, project="p", task="t") as client:
            with pytest.raises(callboard.DeadlineError):
                client.open_artifact("a", timeout=0.2)
        asyncio.run(main(addr))
        end.set()


def frames(data: bytes, sha256: str) -> Iterator[pb.GetArtifactResponse]:
    yield pb.GetArtifactResponse(artifact=pb.Artifact(name="a"), chunk=data[:3])
    yield pb.GetArtifactResponse(chunk=data[3:], offset=3, sha256=sha256)


def test_a_download_that_breaks_is_begun_again_and_a_false_one_is_refused(tmp_path: Path) -> None:
    data, calls = b"hello board\n", []

    def get(request: pb.GetArtifactRequest, context: grpc.ServicerContext) -> Any:
        calls.append(request.name)
        if request.name == "false":
            yield from frames(data, "0" * 64)
        elif len(calls) == 1:
            yield pb.GetArtifactResponse(artifact=pb.Artifact(name="a"), chunk=b"hel")
            refuse(context, grpc.StatusCode.UNAVAILABLE)
        else:
            yield from frames(data, hashlib.sha256(data).hexdigest())

    with serving(GetArtifact=get) as addr:
        with callboard.connect(addr, project="p", task="t") as client:
            client.get_artifact("a", tmp_path / "a")
            assert (tmp_path / "a").read_bytes() == data
            assert len(calls) == 2
            with pytest.raises(callboard.InvalidArgumentError) as caught:
                client.get_artifact("false", tmp_path / "b")
    assert caught.value.reason == "CHECKSUM_MISMATCH"
    assert os.listdir(tmp_path) == ["a"]


def test_an_upload_is_repeated_when_it_can_be_read_again_and_else_not() -> None:
    headers: List[pb.UploadArtifactRequest.Header] = []
    sizes: List[int] = []

    def upload(requests: Iterator[pb.UploadArtifactRequest], context: Any) -> Any:
        headers.append(next(requests).header)
        sizes.append(sum(len(request.chunk) for request in requests))
        if len(headers) in (1, 3):
            refuse(context, grpc.StatusCode.UNAVAILABLE)
        return pb.UploadArtifactResponse(artifact=pb.Artifact(size=sizes[-1]))

    data = b"z" * (SAVED_AT_ONCE + 7)
    with serving(UploadArtifact=upload) as addr:
        with callboard.connect(addr, project="p", task="t") as client:
            assert client.put_artifact(data, "a").size == len(data)
            with pytest.raises(callboard.UnavailableError) as caught:
                client.put_artifact(Once(data), "a")
    assert sizes == [len(data)] * 3
    assert headers[0] == headers[1]
    assert headers[0].sha256 == hashlib.sha256(data).hexdigest()
    assert headers[0].size == len(data)
    assert not headers[2].HasField("size")
    assert caught.value.request_id == headers[2].request_id != headers[1].request_id
