#!/usr/bin/env python3
"""Counts up in a document, which others change at the same time: docs/layout.md, "How another
program changes a document".

    document.py DOCUMENT COUNT [--unlink]

It says the count of its updates after each. The document is text with `counter: N` or `"counter": N` in it; the rest stays as it is. With
--unlink it removes its lock file after each update, and does not look whether others did: so
do the original programs. Then two may hold the lock at once, and the later one overwrites.
"""

import fcntl
import os
import re
import sys

COUNTER = re.compile(r'(\bcounter"?: )(\d+)')


def is_locked(path, lock):
    """Tells whether a lock is that of the file everybody else sees."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(lock.fileno()))
    except FileNotFoundError:
        return False


def change(path, edit, unlinks):
    while True:
        with open(path + ".lock", "ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not unlinks and not is_locked(path + ".lock", lock):
                continue  # somebody unlinked it: this lock excludes nobody
            with open(path, encoding="utf-8", newline="") as file:
                text = file.read()
            replace(path, edit(text))
            if unlinks:
                try:
                    os.unlink(path + ".lock")
                except FileNotFoundError:
                    pass
            return


def replace(path, text):
    folder, name = os.path.split(path)
    new = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
    with open(new, "w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.rename(new, path)
    entry = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(entry)
    os.close(entry)


def count_up(text):
    new, found = COUNTER.subn(lambda match: match[1] + str(int(match[2]) + 1), text)
    assert found == 1, text
    return new


for n in range(int(sys.argv[2])):
    change(sys.argv[1], count_up, "--unlink" in sys.argv)
    print(n + 1, flush=True)
