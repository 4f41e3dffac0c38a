"""The methods of an asynchronous client that record runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional, cast

from callboard.aio.connection import AsyncConnection
from callboard.aio.run import AsyncRunContext
from callboard.requests import runs as requests
from callboard.v1 import storage_pb2 as pb

if TYPE_CHECKING:
    from callboard.aio.client import AsyncClient


class AsyncRunMethods(AsyncConnection):
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
    ) -> AsyncRunContext:
        """Returns a run of this process to enter; as `callboard.Client.run`.

        `async with client.run("my-agent") as run:`
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
        # These methods are only ever those of an AsyncClient.
        return AsyncRunContext(cast("AsyncClient", self), request, timeout)
