"""One state, one step, one name: in the ASL, the functions, the steps, the wiring, the events."""

from __future__ import annotations

import ast
import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from referral_core.domain.lifecycle import Step
from referral_core.lifecycle.step import StepInput

ROOT = Path(__file__).parents[2]
CORE = ROOT / "layers/referral_core/python/referral_core"
NO_STATES = {
    "authorize_client",
    "issue_token",
    "receive_referral",
    "receive_update",
    "receive_reply",
    "query_api",
    "serve_console",
    "query_reports",
    "manage_people",
    "run_operations",
    "export_events",
    "publish_outbox",
    "record_metrics",
    "fire_timers",
    "publish_prices",
    "measure_queues",
    "deliver_notices",
    "serve_waitlist",
}


def snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


STEPS = {snake(step.value): step for step in Step}
FUNCTIONS = {path.stem for path in (ROOT / "functions").glob("*.py")}


def test_every_function_is_a_step_or_named_here() -> None:
    assert set(STEPS) | NO_STATES == FUNCTIONS


def test_every_step_is_a_module_of_its_name() -> None:
    rooms = CORE / "lifecycle/steps"
    assert {path.stem for path in rooms.glob("*.py")} - {"__init__"} == set(STEPS)
    for name, step in STEPS.items():
        module = importlib.import_module(f"referral_core.lifecycle.steps.{name}")
        assert getattr(module, step.value).name is step


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_is_short_and_has_a_builder_and_a_sample_event(name: str) -> None:
    assert callable(importlib.import_module(f"referral_core.wiring.{name}").build)
    assert len((ROOT / f"functions/{name}.py").read_text().splitlines()) <= 40
    assert json.loads((ROOT / f"events/{name}.json").read_text())


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_imports_its_own_builder_only(name: str) -> None:
    tree = ast.parse((ROOT / f"functions/{name}.py").read_text())
    imported = [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    ours = [module for module in imported if module.startswith("referral_core")]
    every = ["referral_core.metering", "referral_core.observability"]
    assert ours == [*every, f"referral_core.wiring.{name}"]
    handler = next(n for n in tree.body if isinstance(n, ast.FunctionDef))
    assert "metered" in [d.id for d in handler.decorator_list if isinstance(d, ast.Name)]


def test_every_builder_is_a_functions() -> None:
    building = {p.stem for p in (CORE / "wiring").glob("*.py") if "def build(" in p.read_text()}
    assert building == FUNCTIONS


@pytest.mark.parametrize("name", sorted(STEPS))
def test_a_steps_sample_event_is_what_the_state_machine_sends(name: str) -> None:
    event: dict[str, Any] = json.loads((ROOT / f"events/{name}.json").read_text())
    assert StepInput.model_validate(event).step is STEPS[name]


def test_no_module_has_a_name_that_says_nothing() -> None:
    banned = {"utils", "common", "helpers", "shared", "manager", "misc"}
    folders = ("layers/referral_core/python", "functions", "infra", "local", "tests", "benchmarks")
    found = [p for folder in folders for p in (ROOT / folder).rglob("*.py") if p.stem in banned]
    assert not found
