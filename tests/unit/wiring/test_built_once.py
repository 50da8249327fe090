"""A function is built once, and the collector leaves alone what was built."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator
from importlib import reload
from pathlib import Path

import pytest

import referral_core
from referral_core.wiring.parts.built_once import built_once

WIRING = Path(referral_core.__file__).parent / "wiring"


@pytest.fixture(autouse=True)
def the_collector_as_it_was() -> Iterator[None]:
    """Given a process that starts; it is as before when the test ends."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_a_start_is_made_in_peace() -> None:
    """A start makes some hundred thousand objects."""
    reload(referral_core)
    assert gc.get_threshold()[0] >= 150_000


def test_what_is_built_is_kept_for_the_next_call() -> None:
    build = built_once(object)
    assert build() is build()


def test_what_was_built_is_never_looked_through_again() -> None:
    frozen = gc.get_freeze_count()
    large = built_once(lambda: [[number] for number in range(1_000)])()
    assert gc.get_freeze_count() >= frozen + len(large)


def test_the_collector_is_at_work_while_requests_are_served() -> None:
    built_once(lambda: None)()
    assert gc.isenabled()
    assert gc.get_threshold()[0] <= 10_000


def test_what_is_built_for_other_shards_is_another() -> None:
    build = built_once(lambda *shards: list(shards))
    assert build(1, 2) is build(1, 2)
    assert build(3) == [3]


def test_every_function_is_built_so() -> None:
    builders = {
        path.stem: [ast.unparse(decorator) for decorator in node.decorator_list]
        for path in WIRING.glob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name == "build"
    }
    assert len(builders) > 20
    assert {name for name, by in builders.items() if by != ["built_once"]} == set()
