"""A pytest plugin: it writes what the session saw, and proves that it saw the copy only.

The virtual environment leads to the original tree as well (a .pth file). Here those entries leave
`sys.path` before anything is collected, and a module that came from there is reported at the end.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any, Final

import pytest

ORIGINAL: Final = Path(os.environ["MUTANTS_ORIGINAL"])
REPORT: Final = Path(os.environ["MUTANTS_REPORT"])
_UNRUNNABLE: Final = (ImportError, SyntaxError, NameError)
"""A test that ends in one of these met a broken edit; it did not miss a safeguard."""

_failed: list[str] = []
_unrunnable: list[str] = []


def _from_original(name: str) -> bool:
    path = Path(name)
    return path.is_relative_to(ORIGINAL) and not path.is_relative_to(sys.prefix)


def _end_with_the_runner(pipe: int) -> None:
    """End the session when the runner's end of its input closes: a mutant may loop for ever."""
    while os.read(pipe, 1):
        pass
    os.killpg(0, signal.SIGKILL)


# A descriptor of its own: pytest takes the input itself away from the tests.
threading.Thread(target=_end_with_the_runner, args=(os.dup(0),), daemon=True).start()
sys.path[:] = [entry for entry in sys.path if not _from_original(entry)]


def pytest_exception_interact(
    node: pytest.Item | pytest.Collector,
    call: pytest.CallInfo[Any],
    report: pytest.CollectReport | pytest.TestReport,
) -> None:
    """Note a test that could not be collected or run."""
    if call.excinfo is None:
        return
    if isinstance(report, pytest.CollectReport) or call.excinfo.errisinstance(_UNRUNNABLE):
        _unrunnable.append(f"{node.nodeid}: {call.excinfo.typename}")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note a test that failed, or whose fixture did."""
    if report.failed:
        _failed.append(report.nodeid)


def pytest_sessionfinish() -> None:
    """Write the report, read by working_copy.py."""
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    seen = {
        "failed": _failed,
        "unrunnable": _unrunnable,
        "strays": sorted({file for file in files if file and _from_original(file)}),
    }
    REPORT.write_text(json.dumps(seen), encoding="utf-8")
