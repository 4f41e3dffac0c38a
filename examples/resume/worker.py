"""Works through a task of six steps, and can be killed at any moment.

    CALLBOARD_ADDR=127.0.0.1:50051 python worker.py [PROJECT [TASK]]

Whatever happens, the next start goes on where the last one was. Three things make that so:

- The task is created under an id and a request id that do not change: of all starts one creates it.
- A step is done when its result is saved. That is one atomic, synced write: the result, the state
  of the step and the step that comes next are all there, or none of them is.
- Within a step, each part is an artifact: there as a whole, or not there.

The etag makes sure that the write is made once, also when an answer was lost, and also if two
workers should run at the same time.
"""

from __future__ import annotations

import sys
from typing import Set

import callboard
from callboard.v1 import storage_pb2 as pb

STEPS = ["plan", "write", "check", "review", "fix", "publish"]
PARTS = 16


class Worker:
    """Works on one task."""

    def __init__(self, client: callboard.Client, project: str, task: str) -> None:
        """Knows its task by name."""
        self.client = client
        self.project = project
        self.task = task

    def run(self) -> None:
        """Brings the task to its end."""
        task = self.create()
        say(f"ready at step {task.current_step} of {len(task.steps)}")
        while task.status != "completed":
            task = self.advance(task)

    def create(self) -> pb.Task:
        """Creates the task, or finds what an earlier start created and did since."""
        request = pb.CreateTaskRequest(
            project_id=self.project,
            task_id=self.task,
            description="six steps, whatever happens",
            steps=[pb.Step(name=name, type="ai") for name in STEPS],
            request_id=f"create-{self.project}-{self.task}",
        )
        return self.client.call(self.client.storage.CreateTask, request).task

    def advance(self, task: pb.Task) -> pb.Task:
        """Does what comes next, and returns the task as it is then."""
        try:
            if task.status == "pending":
                return self.move(task, "running")
            if task.status == "running" and task.current_step < len(task.steps):
                return self.work(task)
            following = {"running": "validating", "validating": "awaiting_approval"}
            return self.move(task, following.get(task.status, "completed"))
        except callboard.ConflictError as error:
            if error.reason != "ETAG_MISMATCH":
                raise
            # The answer to an earlier try was lost, or another worker was quicker.
            return self.read()

    def read(self) -> pb.Task:
        """Returns the task as it is now."""
        request = pb.GetTaskRequest(project_id=self.project, task_id=self.task)
        return self.client.call(self.client.storage.GetTask, request).task

    def move(self, task: pb.Task, status: str) -> pb.Task:
        """Moves the task to another status."""
        request = pb.TransitionTaskRequest(
            project_id=self.project, task_id=self.task, to_status=status, etag=task.etag
        )
        moved = self.client.call(self.client.storage.TransitionTask, request).task
        say(f"{status}")
        return moved

    def work(self, task: pb.Task) -> pb.Task:
        """Does one step, as far as it is not done, and saves its result."""
        index = task.current_step
        step = task.steps[index]
        done = self.parts_of(step.name)
        for number in range(PARTS):
            name = f"{step.name}/part-{number:02}.txt"
            if name not in done:
                self.save(name, f"{step.name} {number}\n".encode())
        request = pb.SaveStepResultRequest(
            project_id=self.project,
            task_id=self.task,
            step_result=pb.StepResult(
                step_index=index, status="completed", artifact_path=f"artifacts/{step.name}"
            ),
            current_step=index + 1,
            etag=task.etag,
        )
        saved = self.client.call(self.client.storage.SaveStepResult, request).task
        say(f"step {index} saved")
        return saved

    def parts_of(self, step: str) -> Set[str]:
        """Returns which parts of a step are there."""
        names: Set[str] = set()
        request = pb.ListArtifactsRequest(project_id=self.project, task_id=self.task)
        while True:
            page = self.client.call(self.client.storage.ListArtifacts, request)
            names.update(one.name for one in page.artifacts if one.name.startswith(f"{step}/"))
            if not page.next_page_token:
                return names
            request.page_token = page.next_page_token

    def save(self, name: str, data: bytes) -> None:
        """Saves one part."""
        # Saved again it is the same.
        self.client.put_artifact(data, name, project=self.project, task=self.task)
        say(f"{name} saved")


def say(what: str) -> None:
    """Tells whoever watches how far it is."""
    print(what, flush=True)


def main() -> None:
    """Runs one worker."""
    project = sys.argv[1] if len(sys.argv) > 1 else "demo"
    task = sys.argv[2] if len(sys.argv) > 2 else "task-20260101-120000-resume"
    with callboard.connect() as client:
        Worker(client, project, task).run()


if __name__ == "__main__":
    main()
