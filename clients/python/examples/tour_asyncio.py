"""The tour, for asyncio: a task, a run, an artifact, a checkpoint, the bus, an error.

Run a server (`callboard serve`), then: python examples/tour_asyncio.py [PROJECT]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import callboard.aio
from callboard.v1 import storage_pb2 as pb


async def main(project: str, folder: str) -> None:
    """Takes the tour."""
    async with callboard.aio.connect(project=project) as client:
        steps = [pb.Step(name="write", type="ai"), pb.Step(name="check", type="ci")]
        wanted = pb.CreateTaskRequest(project_id=project, description="a tour", steps=steps)
        task = (await client.call(client.storage.CreateTask, wanted)).task
        print("task", task.task_id)

        async with client.run("tour", task=task.task_id) as run:
            print("run", run.run_id)
            await run.append("PROGRESS", "halfway")
            await run.stdout.write("first line\nsecond line\n")
            entry = {"level": "info", "message": "at work"}
            await client.append_log(entry, task=task.task_id)
            await client.put_artifact(b"hello board\n", "report.txt", task=task.task_id)
            report = Path(folder, "report.txt")
            artifact = await client.get_artifact("report.txt", report, task=task.task_id)
            print("artifact", artifact.name, report.stat().st_size, "bytes")
            result = pb.StepResult(step_index=0, status="completed", artifact_path=artifact.path)
            checkpoint = pb.SaveStepResultRequest(
                project_id=project, task_id=task.task_id, step_result=result, etag=task.etag
            )
            await client.call(client.storage.SaveStepResult, checkpoint)
            await run.append("FACT", "done")

        async for message in client.read(task=task.task_id, tail=10, types=["PROGRESS", "FACT"]):
            print(message.type, message.body)
        try:
            await client.get("MSG-unknown", task=task.task_id)
        except callboard.NotFoundError as error:
            print("refused:", error.reason)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "tour", place))
