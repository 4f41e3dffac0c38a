"""Kills the worker at random moments, starts it again each time, and checks the outcome.

    CALLBOARD_ADDR=127.0.0.1:50051 python kill_again_and_again.py [KILLS [PROJECT [TASK]]]
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import callboard
from callboard.v1 import storage_pb2 as pb
from worker import PARTS, STEPS, Worker

#: A worker lives at most so long after what it said last, in seconds: about one call.
LIFE_SECONDS = 0.002


def start(project: str, task: str) -> subprocess.Popen[bytes]:
    """Starts a worker."""
    program = Path(__file__).with_name("worker.py")
    command = [sys.executable, str(program), project, task]
    return subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0)


def kill(project: str, task: str, chance: random.Random) -> str:
    """Lets a worker live for a moment; returns the last thing that it said."""
    with start(project, task) as worker:
        assert worker.stdout is not None
        # One line when it is ready, and one after each call.
        said = b"".join(worker.stdout.readline() for _ in range(chance.randint(1, 2)))
        # Its moment of death is anywhere: before, within and after the next call.
        time.sleep(chance.uniform(0, LIFE_SECONDS))
        worker.kill()
        said += worker.stdout.read()
    return said.decode().strip().rpartition("\n")[2]


def check(task: pb.Task, parts: int) -> None:
    """Makes sure that every step was done once, and in its turn."""
    done = [(result.step_index, result.step_name, result.status) for result in task.step_results]
    expected = [(index, name, "completed") for index, name in enumerate(STEPS)]
    assert done == expected, f"the results are {done}"
    attempts = [step.attempts for step in task.steps]
    assert attempts == [1] * len(STEPS), f"the steps were tried {attempts} times"
    moves = [(move.from_status, move.to_status) for move in task.transitions]
    path = ["pending", "running", "validating", "awaiting_approval", "completed"]
    assert moves == list(zip(path, path[1:])), f"the moves are {moves}"
    assert parts == PARTS * len(STEPS), f"there are {parts} parts"


def main() -> None:
    """Kills a worker so many times, lets the last one end, and checks."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    project = sys.argv[2] if len(sys.argv) > 2 else "demo"
    task = sys.argv[3] if len(sys.argv) > 3 else "task-20260101-120000-resume"
    seed = random.randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    chance = random.Random(seed)
    for number in range(1, kills + 1):
        last = kill(project, task, chance)
        assert last != "completed", "the worker was done before it was killed often enough"
        print(f"kill {number}: {last}", flush=True)
    with start(project, task) as worker:
        worker.communicate()
    assert worker.returncode == 0, "the last worker failed"
    with callboard.connect() as client:
        one = Worker(client, project, task)
        parts = sum(len(one.parts_of(name)) for name in STEPS)
        check(one.read(), parts)
    print(f"{kills} kills, {len(STEPS)} steps, each done once")


if __name__ == "__main__":
    main()
