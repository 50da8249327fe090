"""The ASL as a graph: nothing dangles, nothing fails silently, nothing but ids goes through."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from referral_core.domain.lifecycle import End, Next, Step
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.draft import STATES_ENTERED
from tests.contracts.drafted_edges import ANY_REASON, WAITING, drafted_edges
from tests.contracts.state_table import built

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


STEPS = {step.name: step for step in map(built, Step)}
BEHIND = [name for name in TASKS if STATES[name].get("Next") == f"After{name}"]
"""The tasks with a Choice behind them."""


@pytest.mark.parametrize("name", BEHIND)
def test_a_choice_has_exactly_the_edges_that_its_step_declares(name: str) -> None:
    state = STATES[f"After{name}"]
    assert {rule["Variable"] for rule in state["Choices"]} == {"$.result.next"}
    edges = [(rule["StringEquals"], rule["Next"]) for rule in state["Choices"]]
    assert all(value == following for value, following in edges)
    assert sorted(value for value, _ in edges) == sorted(STEPS[Step(name)].goes_to)
    # What cannot be: none of the edges leads there by default.
    assert state["Default"] == "OpenWorkItem"


def test_a_step_with_one_way_on_has_no_choice() -> None:
    alone = set(TASKS) - set(BEHIND)
    assert alone == {"CheckEligibility", "CloseReferral"}
    assert STEPS[Step.CHECK_ELIGIBILITY].goes_to == {STATES["CheckEligibility"]["Next"]}
    # The end needs no state of its own: the task ends the execution.
    assert STEPS[Step.CLOSE_REFERRAL].goes_to == {End.CLOSED}
    assert STATES["CloseReferral"]["End"] is True


@pytest.mark.parametrize("name", TASKS)
def test_a_task_results_in_the_name_of_the_next_state(name: str) -> None:
    state = STATES[name]
    waits = state["Resource"].endswith("waitForTaskToken")
    assert state["ResultSelector"] == {"next.$": "$.next" if waits else "$.Payload.next"}
    assert state["ResultPath"] == "$.result"
    assert waits is (Step(name) in WAITING)


# --- the steps ---------------------------------------------------------------------------------

MAY_BE_OPEN = {Step.CONTACT_PATIENT: {Reason.CALL_DUE}, Step.OPEN_WORK_ITEM: ANY_REASON}
"""The reasons of work items that may be open while a step waits."""
NEVER_TAKEN: dict[Step, set[Next]] = {
    # Another reason for a person to look keeps the item where it is.
    Step.OPEN_WORK_ITEM: {Step.OPEN_WORK_ITEM},
}
"""What the code names and no draft comes to, with the reason."""


@pytest.mark.parametrize("name", Step)
def test_a_step_declares_exactly_what_its_drafts_can_lead_to(name: Step) -> None:
    step, never = STEPS[name], NEVER_TAKEN.get(name, set())
    drafted = drafted_edges(step, frozenset(MAY_BE_OPEN.get(name, ())))
    assert never <= drafted, "an exception that is none any more"
    by_the_engine = {End.SUPERSEDED} if name in WAITING else set()
    assert (drafted - never) | by_the_engine == step.goes_to


def test_the_reader_of_the_code_sees_ways_that_are_several_calls_away() -> None:
    """Guards the test above: a reader that finds nothing would agree with a step of no edges."""
    found = drafted_edges(STEPS[Step.CONTACT_PATIENT], frozenset({Reason.CALL_DUE}))
    assert {Step.VERIFY_CLOSURE, Step.OPEN_WORK_ITEM, Step.ROUTE_REFERRAL} <= found
    assert Step.OPEN_WORK_ITEM not in drafted_edges(STEPS[Step.CHECK_ELIGIBILITY], frozenset())


# --- the happy path ----------------------------------------------------------------------------

HAPPY_PATH = (
    Step.CHECK_READINESS,
    Step.CHECK_ELIGIBILITY,
    Step.ROUTE_REFERRAL,
    Step.REQUEST_AUTHORIZATION,
    Step.OFFER_REFERRAL,
    Step.CONTACT_PATIENT,
    Step.AWAIT_VISIT,
    Step.VERIFY_CLOSURE,
    Step.CLOSE_REFERRAL,
)
MOST_STATES = 17


def _states_entered(steps: Sequence[Step]) -> list[str]:
    """List the states that an execution enters when its steps lead from one to the next."""
    entered = [ASL["StartAt"]]
    for step, following in zip(steps, [*steps[1:], End.CLOSED], strict=True):
        entered.append(step)
        behind = STATES[step].get("Next")
        assert following in STEPS[step].goes_to
        if behind not in {None, following}:
            entered.append(behind)
    return entered


def test_the_happy_path_enters_at_most_seventeen_states() -> None:
    entered = _states_entered(HAPPY_PATH)
    assert len(entered) <= MOST_STATES
    assert len(entered) == 1 + sum(STATES_ENTERED[step] for step in HAPPY_PATH), "what is metered"


@pytest.mark.parametrize("again", [Step.CONTACT_PATIENT, Step.AWAIT_VISIT])
def test_a_further_contact_or_reminder_enters_two_states_more(again: Step) -> None:
    place = HAPPY_PATH.index(again)
    longer = [*HAPPY_PATH[:place], again, *HAPPY_PATH[place:]]
    assert len(_states_entered(longer)) == len(_states_entered(HAPPY_PATH)) + 2


# --- the file ----------------------------------------------------------------------------------


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
