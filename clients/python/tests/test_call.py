"""Calling the methods of the generated clients, with the errors of this one."""

from __future__ import annotations

import threading
import uuid

import pytest
from conftest import Network

import callboard
from callboard.v1 import storage_pb2 as pb


def new_task(project: str, request_id: str = "") -> pb.CreateTaskRequest:
    return pb.CreateTaskRequest(
        project_id=project,
        task_id="t",
        steps=[pb.Step(name="only", type="ai")],
        request_id=request_id,
    )


def test_a_checkpoint_is_saved_and_read(client: callboard.Client, project: str) -> None:
    task = client.call(client.storage.CreateTask, new_task(project)).task
    request = pb.SaveStepResultRequest(
        project_id=project,
        task_id="t",
        step_result=pb.StepResult(status="completed", output="done"),
        current_step=1,
        etag=task.etag,
    )
    saved = client.call(client.storage.SaveStepResult, request).task
    assert [result.output for result in saved.step_results] == ["done"]

    # Repeated, it is refused instead of saved twice.
    with pytest.raises(callboard.ConflictError) as refused:
        client.call(client.storage.SaveStepResult, request)
    assert refused.value.reason == "ETAG_MISMATCH"
    assert refused.value.metadata["etag"] == saved.etag


def test_a_closed_client_is_unavailable_also_to_who_waits_for_the_server(project: str) -> None:
    client = callboard.connect("127.0.0.1:1", project=project, task="t")
    threading.Timer(0.2, client.close).start()
    with pytest.raises(callboard.UnavailableError):
        client.append("INFO", "1")
    for call in (client.get, lambda _: client.follow(), client.open_artifact):
        with pytest.raises(callboard.UnavailableError, match="closed"):
            call("x")


def test_a_call_is_repeated_through_a_break_where_that_is_safe(
    network: Network, project: str
) -> None:
    with callboard.connect(network.addr, project=project) as client:
        once = new_task(project, uuid.uuid4().hex)
        client.call(client.storage.CreateTask, once)
        network.cut()
        with pytest.raises(callboard.UnavailableError):
            # Nothing makes it safe to repeat.
            client.call(client.storage.CreateTask, new_task(project))
        threading.Timer(0.5, network.mend).start()
        answer = client.call(client.storage.CreateTask, once)
    assert answer.duplicate
