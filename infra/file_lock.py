"""A lock among processes: `python3 -m infra.file_lock FILE COMMAND …` runs a command under it.

It needs only the standard library, because `make setup` takes it before anything is installed.
"""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(file: Path) -> Iterator[int]:
    """Hold the lock while the block lasts; wait for whoever holds it.

    The kernel releases the lock when its holder ends, however that happens. The file stays: were
    it removed, a process that waits for it and one that makes it anew would both get a lock.

    Args:
        file: the lock's file, made when it is not there.

    Yields:
        The descriptor that holds the lock.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def main(arguments: list[str]) -> None:
    """Become the command, which holds the lock until it ends."""
    file, *command = arguments
    with locked(Path(file)) as descriptor:
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - the function takes it by position only
        os.execvp(command[0], command)  # noqa: S606 - our own Makefile's command


if __name__ == "__main__":
    main(sys.argv[1:])
