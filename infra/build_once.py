"""Builds a folder once, however many processes ask for it at the same time."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.file_lock import locked

_LOCK = ".lock"


def build_once(versions: Path, name: str, build: Callable[[Path], object]) -> Path:
    """Return the folder `versions/name`, which at every instant is complete or not there.

    The first process that asks builds the folder beside its place and renames it; the others wait
    for that. What a killed build left and what has another name is removed before.

    Args:
        versions: the folder of this product and of nothing else.
        name: tells what the product is made from, so that what exists is never out of date.
        build: fills the empty folder that it is given; what it raises is raised here.
    """
    folder = versions / name
    if folder.is_dir():
        return folder
    with locked(versions / _LOCK):
        if not folder.is_dir():
            _clear(versions)
            with TemporaryDirectory(dir=versions, prefix=".unfinished-") as scratch:
                # A folder of its own, because a temporary one is closed to other users.
                unfinished = Path(scratch) / name
                unfinished.mkdir()
                build(unfinished)
                unfinished.rename(folder)
    return folder


def _clear(versions: Path) -> None:
    for found in versions.iterdir():
        if found.is_dir():
            # A killed build's own child may still write there.
            shutil.rmtree(found, ignore_errors=True)
        elif found.name != _LOCK:
            found.unlink()
