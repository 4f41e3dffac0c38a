"""The requests that tell the story of a run: its beginning, its events and its end."""

from __future__ import annotations

import json
import os
import platform
import shlex
import sys
from typing import Dict, Mapping, NamedTuple, Optional

from callboard.defaults import Defaults
from callboard.requests.fields import new_request_id
from callboard.v1 import message_bus_pb2
from callboard.v1 import storage_pb2 as pb

#: How long the reason of a failure may be, in bytes of UTF-8.
SUMMARY_BYTES_MAX = 4 << 10
#: How long a command line may be, in bytes of UTF-8.
COMMANDLINE_BYTES_MAX = 64 << 10
#: How many characters of a run's id stand in a request id: the id may be as long as that by itself.
RUN_ID_CHARACTERS = 64


def create(
    defaults: Defaults,
    agent_type: str,
    *,
    run_id: Optional[str],
    prompt: str,
    commandline: Optional[str],
    cwd: Optional[str],
    parent_run_id: Optional[str],
    previous_run_id: str,
    meta: Optional[pb.RunMeta],
    project: Optional[str],
    task: Optional[str],
) -> pb.CreateRunRequest:
    """Creates a run whose process is this one."""
    project_id, task_id = defaults.task_of(project, task)
    return pb.CreateRunRequest(
        project_id=project_id,
        task_id=task_id,
        agent_type=agent_type,
        run_id=run_id or "",
        parent_run_id=defaults.run if parent_run_id is None else parent_run_id,
        previous_run_id=previous_run_id,
        host=platform.node(),
        pid=os.getpid(),
        cwd=_working_directory() if cwd is None else cwd,
        commandline=_own_commandline() if commandline is None else commandline,
        prompt=prompt,
        meta=meta,
        request_id=new_request_id(),
    )


def place(run: pb.Run) -> Dict[str, str]:
    """Returns where a run's messages belong, as arguments of `append`."""
    return {"project": run.project_id, "task": run.task_id, "run": run.run_id}


def files(run: pb.Run) -> pb.ListRunFilesRequest:
    """Lists a run's files."""
    return pb.ListRunFilesRequest(
        project_id=run.project_id, task_id=run.task_id, run_id=run.run_id
    )


class Ending(NamedTuple):
    """How a run ended."""

    #: Its exit code; 0 means that it is completed, anything else that it failed.
    exit_code: int
    #: What is posted about it: RUN_STOP or RUN_CRASH.
    type: str
    #: How it ended, in short.
    summary: str

    @classmethod
    def of(cls, error: Optional[BaseException], exit_code: Optional[int]) -> Ending:
        """Returns the ending of a block that ended normally, or by an error."""
        if isinstance(error, SystemExit):
            # As the interpreter does: no code is 0, and a text is 1.
            code = error.code if isinstance(error.code, int) else int(error.code is not None)
            if code == 0:
                return cls(0, "RUN_STOP", "exit code 0")
            return cls(code, "RUN_CRASH", _summary(error))
        if error is not None:
            return cls(1, "RUN_CRASH", _summary(error))
        if exit_code:
            return cls(exit_code, "RUN_CRASH", f"exit code {exit_code}")
        return cls(0, "RUN_STOP", "exit code 0")


def end(run: pb.Run, ending: Ending) -> pb.UpdateRunStatusRequest:
    """Ends a run."""
    return pb.UpdateRunStatusRequest(
        project_id=run.project_id,
        task_id=run.task_id,
        run_id=run.run_id,
        status="failed" if ending.exit_code else "completed",
        exit_code=ending.exit_code,
        error_summary=ending.summary if ending.exit_code else "",
    )


def event(
    run: pb.Run, name: str, data: Optional[Mapping[str, object]]
) -> pb.AppendRunEventRequest:
    """Appends an event of a run. Raises TypeError or ValueError for what cannot be JSON."""
    return pb.AppendRunEventRequest(
        project_id=run.project_id,
        task_id=run.task_id,
        run_id=run.run_id,
        event=name,
        data_json=json.dumps(dict(data), ensure_ascii=False, allow_nan=False) if data else "",
        request_id=new_request_id(),
    )


def start_message(run: pb.Run, pid: int) -> message_bus_pb2.AppendMessageRequest:
    """Posts that a run began."""
    message = _message(run, "RUN_START", run.commandline)
    message.meta.update({"agent": run.agent_type, "pid": str(pid)})
    return _post(run, message)


def end_message(
    run: pb.Run, ending: Ending, start_msg_id: str
) -> message_bus_pb2.AppendMessageRequest:
    """Posts that a run ended."""
    message = _message(run, ending.type, ending.summary)
    message.meta["exit_code"] = str(ending.exit_code)
    if start_msg_id:
        message.parents.add(msg_id=start_msg_id, kind="run")
    return _post(run, message)


def _message(run: pb.Run, type: str, body: str) -> message_bus_pb2.Message:
    return message_bus_pb2.Message(
        type=type, body=body, project_id=run.project_id, task_id=run.task_id, run_id=run.run_id
    )


def _post(
    run: pb.Run, message: message_bus_pb2.Message
) -> message_bus_pb2.AppendMessageRequest:
    """Posts a message once for each type and run: a run that is created anew posts anew."""
    start = f"{run.start_time.seconds}.{run.start_time.nanos:09}"
    return message_bus_pb2.AppendMessageRequest(
        message=message, request_id=f"{message.type}-{start}-{run.run_id[:RUN_ID_CHARACTERS]}"
    )


def _summary(error: BaseException) -> str:
    text = str(error)
    name = type(error).__name__
    return cut(f"{name}: {text}" if text else name, SUMMARY_BYTES_MAX)


def cut(text: str, bytes_max: int) -> str:
    """Returns as much of the beginning of a text as fits, in whole characters."""
    # What is no text, such as the names of odd files, must not hide what went wrong.
    encoded = text.encode("utf-8", errors="replace")[:bytes_max]
    return encoded.decode("utf-8", errors="ignore")


def _own_commandline() -> str:
    arguments = getattr(sys, "orig_argv", None) or [sys.executable, *sys.argv]
    return cut(shlex.join(arguments), COMMANDLINE_BYTES_MAX)


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError:
        # It was removed under us.
        return ""
