"""The stack that `make local` keeps up, as other terminals find it: `.local/stack.json`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

from local.deploy import Deployment
from local.emulator import Emulator
from local.stack import ROOT, Stack

_FILE: Final = ROOT / ".local/stack.json"


@dataclass(frozen=True)
class RunningStack:
    """Where a running stack is."""

    endpoint: str
    api_url: str
    partners_url: str
    outputs: Mapping[str, str]

    @classmethod
    def of(cls, stack: Stack) -> Self:
        """Describe a running stack."""
        return cls(
            endpoint=stack.emulator.endpoint,
            api_url=stack.api_url,
            partners_url=stack.partners_url,
            outputs=dict(stack.deployment.outputs),
        )

    @classmethod
    def found(cls) -> Self:
        """Find the stack of `make local`; leave with a word about it when there is none."""
        try:
            return cls(**json.loads(_FILE.read_text()))
        except FileNotFoundError:
            sys.exit("No stack is up: run `make local` in another terminal first.")

    @contextmanager
    def written(self) -> Iterator[None]:
        """Be found while the block lasts."""
        _FILE.parent.mkdir(exist_ok=True)
        told = json.dumps(asdict(self))
        whole = _FILE.with_suffix(f".{os.getpid()}")
        whole.write_text(told)
        whole.replace(_FILE)
        try:
            yield
        finally:
            # Another `make local` of this folder may have come since.
            if _FILE.exists() and _FILE.read_text() == told:
                _FILE.unlink(missing_ok=True)

    @property
    def emulator(self) -> Emulator:
        """The running emulator."""
        return Emulator(endpoint=self.endpoint, log=Path())

    @property
    def deployment(self) -> Deployment:
        """The deployed stack."""
        return Deployment(self.outputs)
