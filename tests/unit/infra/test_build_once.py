"""One build for all who ask at once, and never half a product."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from infra.build_once import build_once
from infra.file_lock import locked

ROOT = Path(__file__).parents[3]
PROCESS = """
import fcntl, sys
from pathlib import Path
from infra.build_once import build_once

take = fcntl.flock

def flock(file, how):
    print("asks", flush=True)
    take(file, how)

def build(folder):
    (folder / "first").write_text(sys.argv[2])
    print("builds", flush=True)
    sys.stdin.readline()
    (folder / "second").write_text(sys.argv[2])

fcntl.flock = flock
found = build_once(Path(sys.argv[1]), "v1", build)
print("sees", *sorted(p.name for p in found.iterdir()), flush=True)
"""


class Builder:
    """A process whose build takes as long as the test wants."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin
        assert process.stdout
        self.process, self._told, self._says = process, process.stdin, process.stdout

    def says(self) -> str:
        return self._says.readline().strip()

    def may_go_on(self) -> None:
        self._told.close()


@contextmanager
def started(*command: str) -> Iterator[Builder]:
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Builder(process)
        finally:
            process.kill()


@contextmanager
def building(versions: Path, name: str) -> Iterator[Builder]:
    with started("-c", PROCESS, str(versions), name) as builder:
        yield builder


def fill(folder: Path) -> None:
    (folder / "first").write_text("again")
    (folder / "second").write_text("again")


def products(versions: Path) -> list[str]:
    return sorted(p.name for p in versions.iterdir() if p.name != ".lock")


def test_of_two_processes_at_once_one_builds_and_both_see_all_of_it(tmp_path: Path) -> None:
    with ExitStack() as both:
        one = both.enter_context(building(tmp_path, "one"))
        assert one.says() == "asks"
        assert one.says() == "builds"
        other = both.enter_context(building(tmp_path, "other"))
        assert other.says() == "asks"
        assert not (tmp_path / "v1").exists(), "what is half built shows itself to nobody"
        one.may_go_on()
        assert one.says() == "sees first second"
        other.may_go_on()
        assert other.says() == "sees first second"
    assert (tmp_path / "v1/second").read_text() == "one"
    assert products(tmp_path) == ["v1"]


def test_what_a_killed_build_left_is_no_product_and_is_made_again(tmp_path: Path) -> None:
    with building(tmp_path, "killed") as killed:
        assert killed.says() == "asks"
        assert killed.says() == "builds"
        killed.process.kill()
        killed.process.wait()
    assert list(tmp_path.glob(".unfinished-*/v1/first")), "it died half way"
    assert build_once(tmp_path, "v1", fill) == tmp_path / "v1"
    assert (tmp_path / "v1/first").read_text() == "again"
    assert products(tmp_path) == ["v1"]


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "first").touch()
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        build_once(tmp_path, "v1", fail)
    assert products(tmp_path) == []
    build_once(tmp_path, "v1", fill)
    assert (tmp_path / "v1/second").exists()


def test_what_is_there_is_not_built_again(tmp_path: Path) -> None:
    build_once(tmp_path, "v1", fill)
    build_once(tmp_path, "v1", lambda folder: pytest.fail(f"built {folder} again"))


def test_another_version_takes_the_place_of_the_last(tmp_path: Path) -> None:
    build_once(tmp_path, "v1", fill)
    (tmp_path / "stray").touch()
    build_once(tmp_path, "v2", fill)
    assert products(tmp_path) == ["v2"]


def test_a_command_holds_its_lock_until_it_ends(tmp_path: Path) -> None:
    file = tmp_path / "new/setup.lock"
    wait = "import sys; print('runs', flush=True); sys.stdin.readline(); sys.exit(7)"
    with started("-m", "infra.file_lock", str(file), sys.executable, "-c", wait) as command:
        assert command.says() == "runs"
        with file.open("w") as lock:
            with pytest.raises(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            command.may_go_on()
            assert command.process.wait() == 7
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_lock_is_free_after_its_block(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path / "lock"):
            pass
