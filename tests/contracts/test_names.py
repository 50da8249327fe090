"""One state, one step, one name: in the ASL, the functions, the steps, the wiring, the events."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from referral_core import wiring
from referral_core.domain.lifecycle import Step
from referral_core.steps.step import StepInput

ROOT = Path(__file__).parents[2]
CORE = ROOT / "layers/referral_core/python/referral_core"
NO_STATES = {
    "receive_referral",
    "receive_update",
    "receive_reply",
    "read_records",
    "start_lifecycle",
    "record_metrics",
    "fire_timers",
    "deliver_notices",
}
BEHIND_THE_STEPS = {
    "decisions",
    "evidence",
    "messaging",
    "patient_words",
    "records",
    "visits",
    "__init__",
    "step",
    "content",
    "engine",
}


def snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


STEPS = {snake(step.value): step for step in Step}
FUNCTIONS = {path.stem for path in (ROOT / "functions").glob("*.py")}


def test_every_function_is_a_step_or_named_here() -> None:
    assert set(STEPS) | NO_STATES == FUNCTIONS


def test_every_step_is_a_module_of_its_name() -> None:
    assert {path.stem for path in (CORE / "steps").glob("*.py")} - BEHIND_THE_STEPS == set(STEPS)
    for name, step in STEPS.items():
        module = importlib.import_module(f"referral_core.steps.{name}")
        assert getattr(module, step.value).name is step


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_is_short_and_has_a_builder_and_a_sample_event(name: str) -> None:
    assert callable(getattr(wiring, name))
    assert len((ROOT / f"functions/{name}.py").read_text().splitlines()) <= 40
    assert json.loads((ROOT / f"events/{name}.json").read_text())


@pytest.mark.parametrize("name", sorted(STEPS))
def test_a_steps_sample_event_is_what_the_state_machine_sends(name: str) -> None:
    event: dict[str, Any] = json.loads((ROOT / f"events/{name}.json").read_text())
    assert StepInput.model_validate(event).step is STEPS[name]


def test_no_module_has_a_name_that_says_nothing() -> None:
    banned = {"utils", "common", "helpers", "shared", "manager", "misc"}
    folders = ("layers/referral_core/python", "functions", "infra", "local", "tests", "benchmarks")
    found = [p for folder in folders for p in (ROOT / folder).rglob("*.py") if p.stem in banned]
    assert not found
