"""The ASL as a graph: nothing dangles, nothing fails silently, nothing but ids goes through."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from referral_core.domain.lifecycle import Step

ROOT = Path(__file__).parents[2]
FILE = ROOT / "statemachines/referral_lifecycle.asl.json"
ASL: dict[str, Any] = json.loads(FILE.read_text())
STATES: dict[str, dict[str, Any]] = ASL["States"]
TASKS = [name for name, state in STATES.items() if state["Type"] == "Task"]
IDS = {"tenant", "referral_id", "run", "step", "token"}


def _leads_to(state: dict[str, Any]) -> set[str]:
    found = {state[key] for key in ("Next", "Default") if key in state}
    found |= {rule["Next"] for rule in state.get("Choices", [])}
    return found | {catch["Next"] for catch in state.get("Catch", [])}


@pytest.mark.parametrize("name", STATES)
def test_every_next_exists(name: str) -> None:
    assert _leads_to(STATES[name]) <= set(STATES)


def test_every_state_is_reachable() -> None:
    reached, frontier = {ASL["StartAt"]}, [ASL["StartAt"]]
    while frontier:
        for following in _leads_to(STATES[frontier.pop()]) - reached:
            reached.add(following)
            frontier.append(following)
    assert reached == set(STATES)


@pytest.mark.parametrize("name", TASKS)
def test_every_task_retries_then_opens_a_work_item(name: str) -> None:
    state = STATES[name]
    assert state["Catch"] == [
        {"ErrorEquals": ["States.ALL"], "ResultPath": "$.fault", "Next": "OpenWorkItem"}
    ]
    assert "States.TaskFailed" in state["Retry"][0]["ErrorEquals"]
    assert state["TimeoutSeconds"] > 0


@pytest.mark.parametrize("name", TASKS)
def test_states_carry_ids_only(name: str) -> None:
    payload = STATES[name]["Parameters"]["Payload"]
    assert {key.removesuffix(".$") for key in payload} <= IDS
    assert payload["step"] == name
    waits = STATES[name]["Resource"].endswith("waitForTaskToken")
    assert ("token.$" in payload) is waits


def test_no_state_fails_and_there_is_one_task_per_step() -> None:
    assert {state["Type"] for state in STATES.values()} == {"Task", "Choice", "Succeed"}
    assert set(TASKS) == set(Step)


def test_a_run_resumes_at_every_step() -> None:
    choices = STATES["ResumeAt"]["Choices"]
    assert {rule["StringEquals"]: rule["Next"] for rule in choices} == {s: s for s in Step}


def test_every_choice_ends_a_superseded_run_and_gives_the_unknown_to_a_person() -> None:
    for name, state in STATES.items():
        if name.startswith("After"):
            rules = {rule["StringEquals"]: rule["Next"] for rule in state["Choices"]}
            assert rules["superseded"] == "RunSuperseded"
            assert state["Default"] == "OpenWorkItem"


def test_every_outcome_a_choice_knows_some_step_can_give() -> None:
    steps = ROOT / "layers/referral_core/python/referral_core/steps"
    code = "\n".join(path.read_text() for path in steps.glob("*.py"))
    given = set(re.findall(r'"([a-z-]+)"', code)) | set(Step)
    known = {
        rule["StringEquals"]
        for name, state in STATES.items()
        if name.startswith("After")
        for rule in state["Choices"]
    }
    assert known <= given


def test_asl_validator_passes(tmp_path: Path) -> None:
    function = "arn:aws:lambda:us-east-1:123456789012:function:f"
    definition = re.sub(r"\$\{\w+\}", function, FILE.read_text())
    checked = tmp_path / "checked.asl.json"
    checked.write_text(definition)
    validator = ROOT / "node_modules/.bin/asl-validator"
    run = subprocess.run(
        [str(validator), "--json-path", str(checked)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
