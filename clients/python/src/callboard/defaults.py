"""Who speaks: the project, the task and the run that are meant when none is named."""

from __future__ import annotations

import os
from typing import NamedTuple, Optional, Tuple


class Defaults(NamedTuple):
    """What the methods of a client use when they are not told."""

    #: The project; empty means that each call has to name one.
    project: str
    #: The task, one of this project; empty means the project's own bus.
    task: str
    #: The run that speaks; empty means none.
    run: str

    @classmethod
    def resolve(
        cls, project: Optional[str] = None, task: Optional[str] = None, run: Optional[str] = None
    ) -> Defaults:
        """Takes what is None from JRUN_PROJECT_ID, JRUN_TASK_ID and JRUN_ID of the environment."""
        around = os.environ.get("JRUN_PROJECT_ID", "")
        if task is None:
            # The environment's task is one of the environment's project.
            task = os.environ.get("JRUN_TASK_ID", "") if project in (None, around) else ""
        return cls(
            project=around if project is None else project,
            task=task,
            run=os.environ.get("JRUN_ID", "") if run is None else run,
        )

    def bus(self, project: Optional[str], task: Optional[str]) -> Tuple[str, str]:
        """Returns the project and the task of the bus meant.

        Raises ValueError when there is no project.
        """
        if project is None:
            project = self.project
        if not project:
            raise ValueError(
                "no project: give project=…, here or to connect(), or set JRUN_PROJECT_ID"
            )
        if task is None:
            task = self.task if project == self.project else ""
        return project, task

    def task_of(self, project: Optional[str], task: Optional[str]) -> Tuple[str, str]:
        """Returns the project and the task meant, where a project's own bus will not do.

        Raises ValueError when there is no project or no task.
        """
        project, task = self.bus(project, task)
        if not task:
            raise ValueError("no task: give task=…, here or to connect(), or set JRUN_TASK_ID")
        return project, task

    def run_of(
        self, project: Optional[str], task: Optional[str], run: Optional[str]
    ) -> Tuple[str, str, str]:
        """Returns the project, the task and the run meant.

        Without any task, project and task are empty: the server finds the run by its id.
        Raises ValueError when there is no run.
        """
        run = self.run if run is None else run
        if not run:
            raise ValueError("no run: give run=…, here or to connect(), or set JRUN_ID")
        if project is None and not self.project:
            return "", "", run
        project, task = self.bus(project, task)
        return (project, task, run) if task else ("", "", run)
