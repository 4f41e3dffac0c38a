"""The generated code is what generate.py makes of today's proto files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CLIENT = Path(__file__).resolve().parent.parent
COMMITTED = CLIENT / "src" / "callboard" / "v1"


def test_the_generated_code_is_fresh(tmp_path: Path) -> None:
    command = [sys.executable, str(CLIENT / "generate.py"), "--out", str(tmp_path)]
    tools = os.environ.get("CALLBOARD_TEST_TOOLS")
    if tools:
        command += ["--tools", tools]
    made = subprocess.run(command, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    fresh = {path.name: path.read_text() for path in (tmp_path / "callboard" / "v1").iterdir()}
    committed = {path.name: path.read_text() for path in COMMITTED.glob("*_pb2*")}
    assert fresh == committed, "run: python clients/python/generate.py"
