#!/usr/bin/env python3
"""Dies in the middle of a write, again and again, with the lock of the bus in its hand.

    die.py

Each line of stdin is a JSON object: bus, the path of a file; append, in hexadecimal digits,
what is to be appended to it; and count, how many bytes of that are written. A process of its
own writes them and is killed by SIGKILL. When it is gone, count is printed.
"""

import json
import os
import signal
import sys

import bus


def die(path, data):
    fd = bus.open_locked(path)
    if data:
        bus.write(fd, data)
    os.kill(os.getpid(), signal.SIGKILL)


for line in sys.stdin:
    wanted = json.loads(line)
    data = bytes.fromhex(wanted["append"])[: wanted["count"]]
    pid = os.fork()
    if pid == 0:
        try:
            die(wanted["bus"], data)
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, status
    print(wanted["count"], flush=True)
