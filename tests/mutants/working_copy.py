"""Copies of the working tree in which a safeguard may be removed; the tree itself is only read."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

LIMIT_SECONDS: Final = 300
_INSTALLED: Final = (".venv", "node_modules")
"""What tests start from the root and git ignores: linked, never copied."""
_OPTIONS: Final = ("-x", "-q", "-p", "no:cacheprovider", "-p", "witness", "--hypothesis-seed=0")


class Session(BaseModel):
    """What one pytest session saw; the lists are witness.py's.

    Attributes:
        code: pytest's exit code.
        failed: node ids of failed tests.
        unrunnable: tests or modules that could not be collected or run, with the error's type.
        strays: files of modules that came from the original tree.
        output: what it printed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: int
    failed: tuple[str, ...] = ()
    unrunnable: tuple[str, ...] = ()
    strays: tuple[str, ...] = ()
    output: str = ""


class WorkingCopy:
    """One copy of a repository's tracked and new files, as they are now."""

    def __init__(self, original: Path, place: Path) -> None:
        """Copy `original`, a git work tree, into `place`, an empty folder.

        Raises:
            CalledProcessError: `original` is no git work tree.
        """
        self.root = place / original.name
        self._original = original
        self._report, self._output = place / "report.json", place / "output.txt"
        self._plugin = place / "plugin"
        for name in _files(original):
            if (original / name).is_file():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(original / name, self.root / name, follow_symlinks=False)
        for name in _INSTALLED:
            if (original / name).exists():
                (self.root / name).symlink_to(original / name, target_is_directory=True)
        self._plugin.mkdir()
        shutil.copy2(Path(__file__).with_name("witness.py"), self._plugin)

    def run(self, tests: tuple[str, ...], limit: float | None = LIMIT_SECONDS) -> Session:
        """Run tests in the copy until one fails.

        Args:
            tests: pytest paths or node ids.
            limit: in seconds; None for no limit.

        Raises:
            TimeoutExpired: they took longer; everything that they started is gone.
        """
        self._report.unlink(missing_ok=True)
        # What hypothesis learned of one mutant must not decide about the next.
        shutil.rmtree(self.root / ".hypothesis", ignore_errors=True)
        command = [sys.executable, "-m", "pytest", *_OPTIONS, *tests]
        with (
            self._output.open("w", encoding="utf-8") as output,
            subprocess.Popen(
                command,
                cwd=self.root,
                env=self._environment(),
                stdin=subprocess.PIPE,  # closed when this process ends, and then so is the session
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process,
        ):
            try:
                code = process.wait(limit)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        printed = self._output.read_text(encoding="utf-8", errors="replace")
        seen = json.loads(self._report.read_text("utf-8")) if self._report.exists() else {}
        return Session(code=code, output=printed, **seen)

    def _environment(self) -> dict[str, str]:
        folders = [str(self._plugin), *(str(self.root / f) for f in _import_folders(self.root))]
        return {
            **os.environ,
            # Before the .pth file's entries, for the programs that tests start as well.
            "PYTHONPATH": os.pathsep.join(folders),
            # Python tells a changed file by its size and second: a mutant may share both.
            "PYTHONDONTWRITEBYTECODE": "1",
            "MUTANTS_ORIGINAL": str(self._original),
            "MUTANTS_REPORT": str(self._report),
        }


def _files(root: Path) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.split("\0") if name]


def _import_folders(root: Path) -> list[str]:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    folders: list[str] = project["tool"]["pytest"]["ini_options"]["pythonpath"]
    return folders
