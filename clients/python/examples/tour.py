"""Most of what a client does: a task, a run, an artifact, a checkpoint, the bus, an error.

Run a server (`callboard serve`), then: python examples/tour.py [PROJECT]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import callboard
from callboard.v1 import storage_pb2 as pb

project = sys.argv[1] if len(sys.argv) > 1 else "tour"

with callboard.connect(project=project) as client, tempfile.TemporaryDirectory() as folder:
    steps = [pb.Step(name="write", type="ai"), pb.Step(name="check", type="ci")]
    wanted = pb.CreateTaskRequest(project_id=project, description="a tour", steps=steps)
    task = client.call(client.storage.CreateTask, wanted).task
    print("task", task.task_id)

    with client.run("tour", task=task.task_id) as run:
        print("run", run.run_id)
        run.append("PROGRESS", "halfway")
        print("first line\nsecond line", file=run.stdout)
        client.append_log({"level": "info", "message": "at work"}, task=task.task_id)
        client.put_artifact(b"hello board\n", "report.txt", task=task.task_id)
        report = Path(folder, "report.txt")
        artifact = client.get_artifact("report.txt", report, task=task.task_id)
        print("artifact", artifact.name, report.stat().st_size, "bytes")
        result = pb.StepResult(step_index=0, status="completed", artifact_path=artifact.path)
        checkpoint = pb.SaveStepResultRequest(
            project_id=project, task_id=task.task_id, step_result=result, etag=task.etag
        )
        client.call(client.storage.SaveStepResult, checkpoint)
        run.append("FACT", "done")

    for message in client.read(task=task.task_id, tail=10, types=["PROGRESS", "FACT"]):
        print(message.type, message.body)
    try:
        client.get("MSG-unknown", task=task.task_id)
    except callboard.NotFoundError as error:
        print("refused:", error.reason)
