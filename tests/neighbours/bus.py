"""How a program appends to the file of a bus: docs/bus-format.md, "Writing to it from
another program"."""

import fcntl
import os
import time

# How often a held lock is tried again, and for how long, in seconds.
POLL = 0.010
PATIENCE = 30


def lock(fd):
    """Takes the lock of an open file, or gives up."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise TimeoutError("somebody holds the lock of the bus") from None
            time.sleep(POLL)


def open_to_append(path):
    """Opens the file of a bus, without its lock; makes it when it is missing."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(path, flags, 0o600)


def open_locked(path):
    """Opens the file of a bus, and returns it locked. Closing it unlocks it."""
    while True:
        fd = open_to_append(path)
        lock(fd)
        if is_at(path, fd):
            return fd
        os.close(fd)  # it was archived while we waited: the next one, then


def is_at(path, fd):
    """Tells whether a path still names an open file."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(fd))
    except FileNotFoundError:
        return False


def separator(fd):
    """Returns what goes before a record, at the end of an open and locked file."""
    size = os.fstat(fd).st_size
    if size == 0:
        return b""
    return b"\n" if os.pread(fd, 1, size - 1) == b"\n" else b"\n\n"


def record(msg_id, project, body):
    """Returns a message in the form of the file. The id and the project are of letters,
    digits and `-`; everything else would have to be quoted."""
    now = time.time_ns()
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 10**9))
    return (
        f"---\nmsg_id: {msg_id}\nts: {seconds}.{now % 10**9:09}Z\n"
        f'type: FACT\nproject_id: {project}\ntask_id: ""\nrun_id: ""\n---\n{body}\n'
    ).encode()


def indented(body):
    """Returns a body without any line that other readers take for a delimiter."""
    lines = body.split("\n")
    return "\n".join(" " + line if line.strip(" \r") == "---" else line for line in lines)


def write(fd, data):
    """Appends to an open and locked file in one write, or leaves it as it was."""
    size = os.fstat(fd).st_size
    written = os.write(fd, data)
    if written < len(data):
        os.ftruncate(fd, size)
        raise OSError(f"only {written} of {len(data)} bytes were written")
