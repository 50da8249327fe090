"""The suites' processes keep the bytecode of what they import, whatever the shell says."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_target_forbids_bytecode() -> None:
    """Compiled anew, a function's start takes four times the CPU: a stack starts some thirty."""
    run = subprocess.run(
        ["make", "--silent", "--eval", "environment: ; @env", "environment"],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = {line.partition("=")[0] for line in run.stdout.splitlines()}
    assert "PATH" in names
    assert "PYTHONDONTWRITEBYTECODE" not in names
