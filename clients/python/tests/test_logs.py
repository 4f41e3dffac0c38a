"""The logs of tasks."""

from __future__ import annotations

import threading
import uuid
from itertools import islice
from typing import Any, List

import grpc
import pytest
from conftest import TASK, Network
from scripted import refuse, serving

import callboard
from callboard import Client
from callboard.v1 import storage_pb2 as pb


def test_entries_are_appended_and_read(tasked: Client) -> None:
    first = tasked.append_log([{"n": 1, "text": "schön\n"}, '{"n": 2}'])
    second = tasked.append_log({"n": 3})
    entries = list(tasked.read_log())
    assert [entry.value["n"] for entry in entries] == [1, 2, 3]
    assert entries[0].value["text"] == "schön\n"
    assert [entry.offset for entry in entries][::2] == [first.offset, second.offset]
    assert [e.value["n"] for e in tasked.read_log(offset=first.next_offset)] == [3]
    assert [e.value["n"] for e in tasked.read_log(tail=2)] == [2, 3]
    with pytest.raises(ValueError, match="exclude each other"):
        tasked.read_log(offset=1, tail=1)


def test_a_request_id_appends_entries_once(tasked: Client) -> None:
    request_id = uuid.uuid4().hex
    tasked.append_log({"n": 1}, request_id=request_id)
    assert tasked.append_log({"n": 1}, request_id=request_id).duplicate
    assert len(list(tasked.read_log())) == 1


@pytest.mark.parametrize("entry", [{"n": float("nan")}, {"n": object()}])
def test_what_is_no_json_is_refused_before_any_call(entry: Any) -> None:
    with callboard.connect("127.0.0.1:1", project="p", task="t") as client:
        with pytest.raises((ValueError, TypeError)):
            client.append_log(entry)


def test_a_followed_log_goes_on_after_breaks_without_loss_or_repetition(
    tasked: Client, network: Network
) -> None:
    project = tasked.defaults.project
    tasked.append_log({"n": 0})
    with callboard.connect(network.addr, project=project, task=TASK) as broken:
        with broken.read_log(follow=True) as log:
            got = [next(log).value["n"]]
            network.cut()
            tasked.append_log([{"n": 1}, {"n": 2}])
            network.mend()
            got += [entry.value["n"] for entry in islice(log, 2)]
            at = log.offset
    assert got == [0, 1, 2]
    tasked.append_log({"n": 3})
    assert [entry.value["n"] for entry in tasked.read_log(offset=at)] == [3]


def test_a_followed_log_is_closed_by_another_thread(tasked: Client) -> None:
    log = tasked.read_log(follow=True)
    threading.Timer(0.1, log.close).start()
    assert list(log) == []


def test_a_log_that_was_cut_during_a_break_is_followed_from_its_beginning() -> None:
    offsets: List[int] = []

    def read(request: pb.ReadTaskLogRequest, context: grpc.ServicerContext) -> Any:
        offsets.append(request.offset)
        if len(offsets) == 1:
            yield entry("1", next_offset=100)
            refuse(context, grpc.StatusCode.UNAVAILABLE)
        if request.offset:
            refuse(context, grpc.StatusCode.ABORTED, "OFFSET_MISMATCH", {"size": "0"})
        yield entry("2", next_offset=50)

    with serving(ReadTaskLog=read) as addr:
        with callboard.connect(addr, project="p", task="t") as client:
            with client.read_log(follow=True) as log:
                assert [one.entry for one in islice(log, 2)] == ["1", "2"]
    assert offsets[:3] == [0, 100, 0]


def entry(text: str, next_offset: int) -> pb.ReadTaskLogResponse:
    return pb.ReadTaskLogResponse(
        entries=[pb.TaskLogEntry(entry=text, offset=next_offset - 10)], next_offset=next_offset
    )


def test_a_log_of_no_task_is_refused(client: Client) -> None:
    with pytest.raises(ValueError, match="JRUN_TASK_ID"):
        client.append_log({"n": 1})
    with pytest.raises(callboard.NotFoundError) as caught:
        list(client.read_log(task="task-nobody"))
    assert caught.value.reason in ("PROJECT_NOT_FOUND", "TASK_NOT_FOUND")
