"""The console's modules, copied once a session."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.unit.console.modules import copied, ran

Run = Callable[[str], Any]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a script beside the modules; what it gives to `done` is returned."""
    return partial(ran, copied(tmp_path_factory.mktemp("modules")))
