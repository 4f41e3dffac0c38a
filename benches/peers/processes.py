"""Starting programs so that whatever happens they are ended, by their process id and no other way.

A run is often interrupted. The first signal raises Interrupted in the main thread, once whoever is
starting or ending something has done so; later ones are ignored, since all that is left to do then
is to end what was started and to remove what was made, and that is bounded.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

STOP_TIMEOUT = 15.0
START_TIMEOUT = 20.0
LOG_LINES_SHOWN = 8


class Interrupted(BaseException):
    """Somebody ended the run."""


class Failed(Exception):
    """A program did not do what it was started for; the text says why."""


class _Signals:
    """Whether a signal has come, and whether it must wait."""

    held = 0
    pending = False

    def come(self, _number: int, _frame: object) -> None:
        for number in SIGNALS:
            # Not SIG_IGN, which the programs that are started would inherit.
            signal.signal(number, lambda *_: None)
        if self.held:
            self.pending = True
        else:
            raise Interrupted


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_signals = _Signals()


def watch_signals() -> None:
    """Has the signals that end a program raise Interrupted."""
    for number in SIGNALS:
        # Of what runs under nohup a hangup must not end it.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _signals.come)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Has a signal wait until the end of the block."""
    _signals.held += 1
    try:
        yield
    finally:
        _signals.held -= 1
    if _signals.pending and not _signals.held:
        _signals.pending = False
        raise Interrupted


@contextlib.contextmanager
def temporary_folder(within: Path | None) -> Iterator[Path]:
    """A folder that is removed with all that is in it. Other users may pass through it."""
    folder = None
    try:
        with uninterrupted():
            folder = Path(tempfile.mkdtemp(prefix="callboard-peers-", dir=within))
            folder.chmod(0o711)
        yield folder
    finally:
        if folder:
            with uninterrupted():
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def started(
    command: Sequence[str | Path],
    *,
    log: Path,
    output: int | None = None,
    stop: signal.Signals = signal.SIGTERM,
    **options: object,
) -> Iterator[subprocess.Popen[str]]:
    """Starts a program, and ends it with the block unless it has ended itself.

    It gets a session of its own: Ctrl-C in the terminal must not end it before its turn.
    """
    process = None
    try:
        with uninterrupted(), log.open("w") as errors:
            try:
                process = subprocess.Popen(
                    [str(word) for word in command],
                    stdin=subprocess.DEVNULL,
                    stdout=output if output is not None else errors,
                    stderr=errors,
                    start_new_session=True,
                    text=True,
                    **options,
                )
            except OSError as error:
                raise Failed(f"cannot start {command[0]}: {error}") from error
        yield process
    finally:
        if process:
            with uninterrupted():
                end(process, stop)


def end(process: subprocess.Popen[str], stop: signal.Signals) -> None:
    """Ends a process, and waits until it is gone."""
    if process.poll() is None:
        process.send_signal(stop)
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout:
        process.stdout.close()


def answer_of(
    command: Sequence[str | Path],
    *,
    log: Path,
    timeout: float,
    stop: signal.Signals = signal.SIGTERM,
    **options: object,
) -> str:
    """Runs a program to its end, and returns what it printed."""
    with started(command, log=log, output=subprocess.PIPE, stop=stop, **options) as process:
        try:
            printed, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise Failed(f"{command[0]} did not end within {timeout:.0f} s") from None
        if process.returncode != 0:
            raise Failed(f"{command[0]} ended with {process.returncode}: {last_lines(log)}")
        return printed


def last_lines(log: Path) -> str:
    """Returns the end of a log, which mostly says what went wrong."""
    lines = log.read_text(errors="replace").strip().splitlines()
    return " / ".join(lines[-LOG_LINES_SHOWN:]) or "it wrote nothing"


def free_ports(count: int) -> list[int]:
    """Returns ports of the loopback that nobody listens on now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def wait_for_port(port: int, process: subprocess.Popen[str], log: Path) -> None:
    """Waits until a server that was started listens."""
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Failed(f"the server ended with {process.returncode}: {last_lines(log)}")
        with socket.socket() as attempt:
            attempt.settimeout(1)
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise Failed(f"the server did not listen within {START_TIMEOUT:.0f} s: {last_lines(log)}")
