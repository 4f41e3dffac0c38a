"""The client: one connection to a server, and a method for each thing to do there."""

from __future__ import annotations

from typing import Optional

from callboard.artifacts import ArtifactMethods
from callboard.attempts import TIMEOUT_DEFAULT
from callboard.bus import BusMethods
from callboard.logs import LogMethods
from callboard.run_files import RunFileMethods
from callboard.runs import RunMethods


def connect(
    addr: Optional[str] = None,
    *,
    token: Optional[str] = None,
    ca_file: Optional[str] = None,
    cert_file: Optional[str] = None,
    key_file: Optional[str] = None,
    project: Optional[str] = None,
    task: Optional[str] = None,
    run: Optional[str] = None,
    timeout: float = TIMEOUT_DEFAULT,
) -> Client:
    """Returns a client of the server at `addr`; the connection is made by the first call.

    `addr` is `host:port`, `http://host:port`, `https://host:port` or `unix:PATH`; by default
    CALLBOARD_ADDR of the environment, else 127.0.0.1:50051. `token` says who calls, by default
    CALLBOARD_TOKEN; it is only sent over TLS, a Unix socket, or to this machine. With https the
    server is trusted when the certificates of `ca_file` say so, a file in the PEM form, by default
    CALLBOARD_CA, else the system's. `cert_file` and `key_file`, PEM files as well, are the
    certificate that this client shows such a server and its key, which has no password: by default
    CALLBOARD_CERT and CALLBOARD_KEY, else none is shown. Both are given, or both come from the
    environment. `project`, `task` and `run` are what the methods use when they are not told: by
    default JRUN_PROJECT_ID, JRUN_TASK_ID and JRUN_ID of the environment. `timeout` bounds a call
    with all its attempts, in seconds.

    Raises ValueError when the address is not understood, the token could be read on the way, a file
    holds no certificate, or of a certificate and its key one is missing or not that of the other.
    """
    return Client(
        addr,
        token=token,
        ca_file=ca_file,
        cert_file=cert_file,
        key_file=key_file,
        project=project,
        task=task,
        run=run,
        timeout=timeout,
    )


class Client(BusMethods, ArtifactMethods, LogMethods, RunFileMethods, RunMethods):
    """A connection to a Callboard server. Every method may be called from any thread.

    In all methods `project=None` and `task=None` mean the client's own; `task=""` means the
    project's own bus. The client's own task belongs to its own project: naming another project
    without a task means that project's own bus.

    Every method raises a CallboardError when the call does not succeed, and ValueError when it
    cannot even be made. Calls that are safe to repeat are repeated, within the timeout, while the
    server cannot be reached or asks to come back.
    """
