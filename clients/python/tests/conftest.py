"""What the tests share: a running server's address, clients, projects, and a breakable network."""

from __future__ import annotations

import os
import socket
import threading
import uuid
from typing import Iterator, List

import pytest

import callboard
from callboard.v1 import storage_pb2


@pytest.fixture(autouse=True)
def _no_ids_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "JRUN_PROJECT_ID",
        "JRUN_TASK_ID",
        "JRUN_ID",
        "CALLBOARD_TOKEN",
        "CALLBOARD_CA",
        "CALLBOARD_CERT",
        "CALLBOARD_KEY",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def addr() -> str:
    """The server that the tests speak to, as host:port."""
    found = os.environ.get("CALLBOARD_ADDR")
    if not found:
        pytest.fail("set CALLBOARD_ADDR to the host:port of a running `callboard serve`")
    return found


@pytest.fixture
def project() -> str:
    """A project of the test's own."""
    return f"py-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def client(addr: str, project: str) -> Iterator[callboard.Client]:
    """A client whose own project is the test's."""
    with callboard.connect(addr, project=project) as made:
        yield made


TASK = "task-20260101-120000-python"


@pytest.fixture
def tasked(addr: str, project: str) -> Iterator[callboard.Client]:
    """A client whose own task is the test's, and exists."""
    with callboard.connect(addr, project=project, task=TASK) as made:
        request = storage_pb2.CreateTaskRequest(project_id=project, task_id=TASK)
        made.call(made.storage.CreateTask, request, repeatable=True)
        yield made


class Network:
    """A way to the server that the test can break: a forwarder on a port of its own."""

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._listener = self._listen(0)
        self._port: int = self._listener.getsockname()[1]
        self._open: List[socket.socket] = []
        self._lock = threading.Lock()

    @property
    def addr(self) -> str:
        return f"127.0.0.1:{self._port}"

    def cut(self) -> None:
        """Breaks every connection; new ones are refused."""
        if self._listener.fileno() != -1:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        with self._lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                connection.close()
            self._open.clear()

    def mend(self) -> None:
        """Lets connections through again."""
        self._listener = self._listen(self._port)

    def _listen(self, port: int) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._target)
            with self._lock:
                self._open += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=_forward, args=(one, other), daemon=True).start()


def _forward(source: socket.socket, target: socket.socket) -> None:
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            target.sendall(data)
    except OSError:
        pass
    for one in (source, target):
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


@pytest.fixture
def network(addr: str) -> Iterator[Network]:
    """A breakable way to the server."""
    made = Network(addr)
    yield made
    made.cut()
