"""Runs as contexts, and their files."""

from __future__ import annotations

import io
import json
import logging
import os
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List

import grpc
import pytest
from conftest import TASK, Network
from scripted import Behaviour, refuse, serving

import callboard
from callboard import Client
from callboard.requests.runs import (
    SUMMARY_BYTES_MAX,
    Ending,
    cut,
    end_message,
    start_message,
)
from callboard.v1 import storage_pb2 as pb


def info(client: Client, run_id: str) -> pb.Run:
    request = pb.GetRunInfoRequest(
        project_id=client.defaults.project, task_id=TASK, run_id=run_id
    )
    return client.call(client.storage.GetRunInfo, request).run


def content(client: Client, run_id: str, file: str) -> bytes:
    return b"".join(client.read_run_file(file, run=run_id))


@contextmanager
def recording(**behaviours: Behaviour) -> Iterator[Client]:
    """Gives the client of a server that takes any run, and behaves as told besides."""

    def create(_: Any, __: Any) -> pb.CreateRunResponse:
        return pb.CreateRunResponse(run=pb.Run(run_id="r"))

    def append(_: Any, __: Any) -> callboard.AppendMessageResponse:
        return callboard.AppendMessageResponse(msg_id="m")

    def update(_: Any, __: Any) -> pb.UpdateRunStatusResponse:
        return pb.UpdateRunStatusResponse()

    taking: Dict[str, Behaviour] = {
        "CreateRun": create,
        "AppendMessage": append,
        "UpdateRunStatus": update,
    }
    with serving(**{**taking, **behaviours}) as addr:
        with callboard.connect(addr, project="p", task="t") as client:
            yield client


def test_a_run_is_recorded_from_its_start_to_its_end(tasked: Client) -> None:
    with tasked.run("tester", prompt="do it", commandline="tester --fast") as run:
        during = info(tasked, run.run_id)
        assert (during.status, during.pid, during.cwd) == ("running", os.getpid(), os.getcwd())
        assert during.liveness == pb.LIVENESS_ALIVE
        print("hello", file=run.stdout)
        run.stdout.write(b"bytes\n")
        run.stderr.write("wörld\n")
        run.output.write("result")
        run.event("pushed", {"commit": "f2e9f72"})
        run.append("PROGRESS", "halfway")
    ended = info(tasked, run.run_id)
    assert (ended.status, ended.exit_code, ended.error_summary) == ("completed", 0, "")
    assert ended.commandline == "tester --fast"
    assert content(tasked, run.run_id, "stdout") == b"hello\nbytes\n"
    assert content(tasked, run.run_id, "stderr") == "wörld\n".encode()
    assert content(tasked, run.run_id, "output") == b"result"
    assert content(tasked, run.run_id, "prompt") == b"do it"
    event = json.loads(content(tasked, run.run_id, "events"))
    assert event["event"] == "pushed" and "f2e9f72" in json.dumps(event)
    start, progress, stop = tasked.read()
    assert [start.type, progress.type, stop.type] == ["RUN_START", "PROGRESS", "RUN_STOP"]
    assert {message.run_id for message in (start, progress, stop)} == {run.run_id}
    assert start.body == "tester --fast"
    assert dict(start.meta) == {"agent": "tester", "pid": str(os.getpid())}
    assert (stop.body, dict(stop.meta)) == ("exit code 0", {"exit_code": "0"})
    assert [(parent.msg_id, parent.kind) for parent in stop.parents] == [(start.msg_id, "run")]


def test_a_run_whose_block_fails_is_a_crash_and_the_exception_goes_on(tasked: Client) -> None:
    with pytest.raises(RuntimeError, match="out of luck"):
        with tasked.run("tester") as run:
            run.stdout.write("so far")
            raise RuntimeError("out of luck")
    ended = info(tasked, run.run_id)
    assert (ended.status, ended.exit_code) == ("failed", 1)
    assert ended.error_summary == "RuntimeError: out of luck"
    assert content(tasked, run.run_id, "stdout") == b"so far"
    (crash,) = tasked.read(types=["RUN_CRASH"])
    assert crash.body == "RuntimeError: out of luck"


def test_an_exit_code_that_was_set_makes_a_failed_run(tasked: Client) -> None:
    with tasked.run("tester") as run:
        run.exit_code = 3
    ended = info(tasked, run.run_id)
    assert (ended.status, ended.exit_code, ended.error_summary) == ("failed", 3, "exit code 3")
    (end,) = tasked.read(types=["RUN_STOP", "RUN_CRASH"])
    assert (end.type, end.body, end.meta["exit_code"]) == ("RUN_CRASH", "exit code 3", "3")


def test_a_run_that_somebody_else_ended_stays_as_it_is(tasked: Client) -> None:
    with tasked.run("tester") as run:
        request = pb.UpdateRunStatusRequest(run_id=run.run_id, status="failed", exit_code=9)
        tasked.call(tasked.storage.UpdateRunStatus, request)
    assert (info(tasked, run.run_id).status, info(tasked, run.run_id).exit_code) == ("failed", 9)


def test_a_run_is_the_child_of_the_one_it_is_made_in(addr: str, tasked: Client) -> None:
    project = tasked.defaults.project
    with callboard.connect(addr, project=project, task=TASK, run="parent-1") as client:
        with client.run("tester", run_id="child-1", previous_run_id="earlier") as run:
            assert run.info.parent_run_id == "parent-1"
            assert run.info.previous_run_id == "earlier"
        with pytest.raises(callboard.AlreadyExistsError) as caught:
            with client.run("tester", run_id="child-1"):
                raise AssertionError("it was entered")
    assert caught.value.reason == "RUN_EXISTS"


def test_output_is_sent_by_itself_after_a_moment(tasked: Client) -> None:
    with tasked.run("tester") as run:
        with tasked.read_run_file("stdout", run=run.run_id, follow=True) as seen:
            print("soon", file=run.stdout)
            assert next(seen) == b"soon\n"


def test_output_goes_behind_what_another_program_wrote(tasked: Client) -> None:
    with tasked.run("tester") as run:
        run.stdout.write("one ")
        run.stdout.flush()
        tasked.put_run_file("stdout", b"foreign ", run=run.run_id)
        run.stdout.write("two")
    assert content(tasked, run.run_id, "stdout") == b"one foreign two"


def test_output_is_there_once_and_in_order_through_breaks(tasked: Client, network: Network) -> None:
    project = tasked.defaults.project
    with callboard.connect(network.addr, project=project, task=TASK) as broken:
        with broken.run("tester") as run:
            for number in range(2000):
                run.stdout.write(f"{number} {'x' * 100}\n")
                if number == 700:
                    network.cut()
                    threading.Timer(0.3, network.mend).start()
    want = "".join(f"{number} {'x' * 100}\n" for number in range(2000))
    assert content(tasked, run.run_id, "stdout").decode() == want


def test_output_that_arrived_though_sending_it_failed_is_there_once() -> None:
    data = bytearray()

    def append(request: pb.AppendRunOutputRequest, context: grpc.ServicerContext) -> Any:
        known = data[request.offset :].startswith(request.chunk)
        if not known and request.offset != len(data):
            size = {"size": str(len(data))}
            refuse(context, grpc.StatusCode.ABORTED, "OFFSET_MISMATCH", size)
        if not known:
            data.extend(request.chunk)
        if data == b"one ":
            data.extend(b"(foreign) ")
            refuse(context, grpc.StatusCode.INTERNAL, "IO")
        return pb.AppendRunOutputResponse(next_offset=request.offset + len(request.chunk))

    with recording(AppendRunOutput=append) as client, client.run("tester") as run:
        run.stdout.write("one ")
        with pytest.raises(callboard.InternalError):
            run.stdout.flush()
        run.stdout.write("two")
    assert data == b"one (foreign) two"


def test_what_is_written_after_the_end_of_a_run_is_refused(tasked: Client) -> None:
    with tasked.run("tester") as run:
        run.stdout.write("in time")
    with pytest.raises(ValueError, match="ended"):
        print("too late", file=run.stdout)
    assert content(tasked, run.run_id, "stdout") == b"in time"


def test_the_blocks_own_exception_wins_over_an_end_that_cannot_be_recorded(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(_: Any, context: grpc.ServicerContext) -> None:
        refuse(context, grpc.StatusCode.INTERNAL, "IO")

    with recording(UpdateRunStatus=fail) as client:
        with pytest.raises(KeyError, match="mine"), caplog.at_level(logging.ERROR, "callboard"):
            with client.run("tester"):
                raise KeyError("mine")
        assert "not all of run r is recorded: IO" in caplog.text
        with pytest.raises(callboard.InternalError):
            with client.run("tester"):
                pass
        with pytest.raises(KeyError, match="mine"):
            with client.run("tester"):
                client.close()
                raise KeyError("mine")


def test_a_runs_file_is_put_and_got(tasked: Client, tmp_path: Path) -> None:
    with tasked.run("tester") as run:
        pass
    data = os.urandom(700_000)
    sent = tmp_path / "sent.log"
    sent.write_bytes(data)
    assert tasked.put_run_file("logs/build.log", sent, run=run.run_id) == len(data)
    more = io.BytesIO(b"\nmore\n")
    assert tasked.put_run_file("logs/build.log", more, run=run.run_id) == len(data) + 6
    back = tmp_path / "back.log"
    assert tasked.get_run_file("logs/build.log", back, run=run.run_id) == len(data) + 6
    assert back.read_bytes() == data + b"\nmore\n"
    taken = io.BytesIO()
    tasked.get_run_file("logs/build.log", taken, tail_lines=1, run=run.run_id)
    assert taken.getvalue() == b"more\n"
    with pytest.raises(callboard.NotFoundError) as caught:
        tasked.get_run_file("logs/none.log", back, run=run.run_id)
    assert caught.value.reason == "RUN_FILE_NOT_FOUND"
    assert sorted(os.listdir(tmp_path)) == ["back.log", "sent.log"]


def test_a_followed_file_goes_on_through_a_break_and_ends_with_the_run(
    tasked: Client, network: Network
) -> None:
    project = tasked.defaults.project
    got: List[bytes] = []
    with callboard.connect(network.addr, project=project, task=TASK) as broken:
        with tasked.run("tester") as run:
            seen = broken.read_run_file("stdout", run=run.run_id, follow=True)
            run.stdout.write("one ")
            run.stdout.flush()
            got.append(next(seen))
            network.cut()
            run.stdout.write("two ")
            run.stdout.flush()
            network.mend()
            got.append(next(seen))
            run.stdout.write("three")
        got += list(seen)
    assert b"".join(got) == b"one two three"


@pytest.mark.parametrize(
    ("error", "set_to", "want"),
    [
        (None, None, Ending(0, "RUN_STOP", "exit code 0")),
        (None, 2, Ending(2, "RUN_CRASH", "exit code 2")),
        (ValueError("x"), 2, Ending(1, "RUN_CRASH", "ValueError: x")),
        (KeyboardInterrupt(), None, Ending(1, "RUN_CRASH", "KeyboardInterrupt")),
        (SystemExit(), None, Ending(0, "RUN_STOP", "exit code 0")),
        (SystemExit(0), 2, Ending(0, "RUN_STOP", "exit code 0")),
        (SystemExit(4), None, Ending(4, "RUN_CRASH", "SystemExit: 4")),
        (SystemExit("why"), None, Ending(1, "RUN_CRASH", "SystemExit: why")),
    ],
    ids=repr,
)
def test_a_run_ends_as_its_block_does(
    error: "BaseException | None", set_to: "int | None", want: Ending
) -> None:
    assert Ending.of(error, set_to) == want


def test_a_long_reason_is_cut_between_characters() -> None:
    summary = Ending.of(ValueError("ü" * SUMMARY_BYTES_MAX), None).summary
    assert SUMMARY_BYTES_MAX - 2 < len(summary.encode()) <= SUMMARY_BYTES_MAX
    assert summary.endswith("ü")
    assert cut("a\udcffb", 10) == "a?b"


def test_a_runs_messages_have_request_ids_of_the_run_and_its_start() -> None:
    run = pb.Run(run_id="r" * 128)
    run.start_time.seconds, run.start_time.nanos = 1, 5
    start = start_message(run, 7)
    assert start.request_id == "RUN_START-1.000000005-" + "r" * 64
    stop = end_message(run, Ending(0, "RUN_STOP", "exit code 0"), "m")
    assert stop.request_id == "RUN_STOP-1.000000005-" + "r" * 64
