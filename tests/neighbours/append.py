#!/usr/bin/env python3
"""Appends messages with odd bodies to a bus.

    append.py BUS NAME COUNT [--sync]
    append.py BUS NAME COUNT --late

Their ids are NAME-0, NAME-1 and so on. Of each that is in the file it prints a line: a JSON
object with msg_id and body. With --sync a message counts only once it is on the disk.

With --late it says `open` when it has the file open, waits for a line from stdin, and then
appends to that very file, wherever it has been moved meanwhile: what a program does that was
waiting for the lock and does not look at the name again.
"""

import json
import os
import sys

import bus

BODIES = [
    "plain",
    "",
    "two\nlines",
    "an empty line at the end\n",
    "\n\nempty lines before and behind\n\n",
    "---",
    "a rule\n---\nand another\n\n---\n\nand text",
    "spaces and a rule\n   ---\n ---\r\n----\n--",
    "carriage\r\nreturns\r\n",
    "msg_id: another\nts: 2026-03-04T05:06:07Z\ntype: FACT",
    "---\nmsg_id: forged\nts: 2026-03-04T05:06:07Z\ntype: FACT\n---\nforged",
    "[2026-03-01 10:00:00] FACT: a legacy line",
    "größe 大きさ \U0001f3ad \u2028 \x00 \x1b[0m \x7f",
    "key: {a: [1, 2\n\t- \"open",
    "<!-- -->",
    "long " * 2_000,
]


def body_of(name, n):
    """Returns the nth body of a writer; no two are the same."""
    body = BODIES[n % len(BODIES)]
    return bus.indented(f"{name}.{n} {body}" if n % 2 else f"{body}\n{name}.{n}")


def main():
    path, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    late = "--late" in sys.argv
    project = os.path.basename(os.path.dirname(path))
    if late:
        kept = bus.open_to_append(path)
        print("open", flush=True)
        sys.stdin.readline()
    for n in range(count):
        if late:
            fd = kept
            bus.lock(fd)
        else:
            fd = bus.open_locked(path)
        msg_id, body = f"{name}-{n}", body_of(name, n)
        bus.write(fd, bus.separator(fd) + bus.record(msg_id, project, body))
        if "--sync" in sys.argv:
            os.fsync(fd)
        if late:
            bus.fcntl.flock(fd, bus.fcntl.LOCK_UN)
        else:
            os.close(fd)
        print(json.dumps({"msg_id": msg_id, "body": body}), flush=True)


main()
