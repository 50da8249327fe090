"""Remove safeguards one at a time and say which of them the tests missed."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path
from queue import SimpleQueue
from typing import Final, NamedTuple

from tests.mutants.safeguards import Invalid, Safeguard, Stale
from tests.mutants.working_copy import LIMIT_SECONDS, Session, WorkingCopy

WORKERS: Final = 2


class Verdict(StrEnum):
    """What became of a mutant; only `killed` is good."""

    KILLED = "killed"
    SURVIVED = "SURVIVED"
    STALE = "STALE"
    INVALID = "INVALID"
    HUNG = "HUNG"


class Finding(NamedTuple):
    """One safeguard's verdict.

    Attributes:
        detail: the test that killed the mutant, or why the verdict is what it is.
    """

    safeguard: Safeguard
    verdict: Verdict
    seconds: float
    detail: str


class NothingProven(Exception):
    """The tests do not pass with every safeguard in place; the message is what pytest printed."""


def judge_all(
    safeguards: Sequence[Safeguard], root: Path, tell: Callable[[Finding], None]
) -> list[Finding]:
    """Judge each safeguard, some at a time, each alone in a copy of the tree.

    Args:
        safeguards: what to remove.
        root: the git work tree; it is only read.
        tell: called with each finding as it is made, from several threads.

    Raises:
        NothingProven: the tests fail on the tree as it is.
    """
    with tempfile.TemporaryDirectory(prefix="mutants-", ignore_cleanup_errors=True) as place:
        copies: SimpleQueue[WorkingCopy] = SimpleQueue()
        for number in range(WORKERS):
            folder = Path(place) / str(number)
            folder.mkdir()
            copies.put(WorkingCopy(root, folder))

        def one(safeguard: Safeguard) -> Finding:
            copy = copies.get()
            try:
                finding = judge(safeguard, copy)
            finally:
                copies.put(copy)
            tell(finding)
            return finding

        _require_passing(safeguards, copies)
        with ThreadPoolExecutor(WORKERS) as pool:
            return list(pool.map(one, safeguards))


def judge(safeguard: Safeguard, copy: WorkingCopy) -> Finding:
    """Remove a safeguard in a copy, run its tests, put it back."""
    began = time.monotonic()
    path = copy.root / safeguard.file
    try:
        mutant = safeguard.mutated(copy.root)
    except Stale as stale:
        return Finding(safeguard, Verdict.STALE, 0, str(stale))
    except Invalid as invalid:
        return Finding(safeguard, Verdict.INVALID, 0, str(invalid))
    intact = path.read_bytes()
    try:
        path.write_text(mutant, encoding="utf-8")
        verdict, detail = _verdict(copy.run(safeguard.tests))
    except subprocess.TimeoutExpired:
        verdict, detail = Verdict.HUNG, f"its tests took more than {LIMIT_SECONDS} seconds"
    finally:
        path.write_bytes(intact)
    return Finding(safeguard, verdict, time.monotonic() - began, detail)


def _verdict(session: Session) -> tuple[Verdict, str]:
    if session.strays:
        return Verdict.INVALID, f"not the copy was tested but {session.strays[0]}"
    if session.unrunnable:
        return Verdict.INVALID, f"cannot run: {session.unrunnable[0]}"
    if session.failed:
        return Verdict.KILLED, session.failed[0]
    if session.code == 0:
        return Verdict.SURVIVED, "no test noticed"
    last = session.output.strip().splitlines()[-1:]
    return Verdict.INVALID, f"pytest ended with {session.code}: {''.join(last)}"


def _require_passing(safeguards: Sequence[Safeguard], copies: SimpleQueue[WorkingCopy]) -> None:
    tests = tuple(sorted({test for safeguard in safeguards for test in safeguard.tests}))
    copy = copies.get()
    session = copy.run(tests, limit=None)
    copies.put(copy)
    if session.strays:
        raise NothingProven(f"Not the copy was tested but {', '.join(session.strays)}.")
    if session.code != 0:
        raise NothingProven(session.output)
