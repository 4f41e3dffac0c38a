"""The methods of a client that record runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional, cast

from callboard.connection import Connection
from callboard.requests import runs as requests
from callboard.run import RunContext
from callboard.v1 import storage_pb2 as pb

if TYPE_CHECKING:
    from callboard.client import Client


class RunMethods(Connection):
    """Records runs."""

    def run(
        self,
        agent_type: str,
        *,
        run_id: Optional[str] = None,
        prompt: str = "",
        commandline: Optional[str] = None,
        cwd: Optional[str] = None,
        parent_run_id: Optional[str] = None,
        previous_run_id: str = "",
        meta: Optional[pb.RunMeta] = None,
        project: Optional[str] = None,
        task: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> RunContext:
        """Returns a run of this process to enter: `with client.run("my-agent") as run:`.

        `agent_type` is any word for which agent it is. The server makes the id unless one is
        given. The parent is the client's own run, the command line and the working directory are
        those of this process, unless others are given; `previous_run_id` names the run that it is
        a restart of, `prompt` is kept as the run's prompt.md and `meta` as its meta.json. `timeout`
        is for creating it, in seconds.
        """
        request = requests.create(
            self.defaults,
            agent_type,
            run_id=run_id,
            prompt=prompt,
            commandline=commandline,
            cwd=cwd,
            parent_run_id=parent_run_id,
            previous_run_id=previous_run_id,
            meta=meta,
            project=project,
            task=task,
        )
        # These methods are only ever those of a Client.
        return RunContext(cast("Client", self), request, timeout)
