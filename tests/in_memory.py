"""The product in memory: the real ASL, engine and steps over the in-memory adapters.

A small interpreter runs `statemachines/referral_lifecycle.asl.json` (Task, Choice, Succeed, Catch)
so that a test can stop between any two states, lose a start, kill a run or let time pass.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from referral_core.adapters.clock import HandClock
from referral_core.adapters.memory import MemoryReferrals, MemoryWorkflow
from referral_core.domain.lifecycle import Step
from referral_core.domain.referral import Referral
from referral_core.step_entry import StepEntry
from referral_core.steps.engine import Engine, Tending

ASL: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "statemachines/referral_lifecycle.asl.json").read_text()
)


@dataclass
class Execution:
    """One run: where it stands and the states it entered."""

    name: str
    data: dict[str, Any]
    state: str
    entered: list[str] = field(default_factory=list)
    token: str | None = None
    status: str = "RUNNING"


class InMemoryStateMachine:
    """Interprets the ASL over a StepEntry; `advance` runs until every execution waits or ended."""

    def __init__(
        self, referrals: MemoryReferrals, engine: Engine, workflow: MemoryWorkflow
    ) -> None:
        self.referrals = referrals
        self.engine = engine
        self.workflow = workflow
        self.entry = StepEntry(engine=engine, workflow=workflow)
        self.executions: dict[str, Execution] = {}
        self._tokens: Iterator[int] = count(1)
        self.before_task: Callable[[Execution], None] = lambda _: None

    def start_requested(self) -> None:
        """Play the stream: start the execution of every referral's present run."""
        for loaded in self.referrals.all():
            self.start(loaded.referral)

    def start(self, referral: Referral) -> None:
        name = f"{referral.id}-{referral.run}"
        if name not in self.executions and not referral.is_closed:
            data = {
                "tenant": referral.tenant,
                "referral_id": referral.id,
                "run": referral.run,
                "phase": referral.phase.value,
            }
            self.executions[name] = Execution(name=name, data=data, state=ASL["StartAt"])

    def advance(self) -> bool:
        """Run every execution as far as it goes; return whether anything moved."""
        moved = False
        for execution in list(self.executions.values()):
            while execution.status == "RUNNING" and self._step(execution):
                moved = True
        return moved

    def stop(self, name: str) -> None:
        """Stop an execution as an operator could: its token is dead."""
        execution = self.executions[name]
        execution.status = "ABORTED"
        self.workflow.waiting.discard(execution.token or "")

    def _step(self, execution: Execution) -> bool:
        state = ASL["States"][execution.state]
        if execution.token is not None:
            return self._resume(execution, state)
        execution.entered.append(execution.state)
        match state["Type"]:
            case "Choice":
                execution.state = self._choose(state, execution.data)
            case "Succeed":
                execution.status = "SUCCEEDED"
            case "Task":
                self._task(execution, state)
        return True

    def _choose(self, state: dict[str, Any], data: dict[str, Any]) -> str:
        for rule in state["Choices"]:
            value: Any = data
            for part in rule["Variable"].removeprefix("$.").split("."):
                value = value.get(part) if isinstance(value, dict) else None
            if value == rule["StringEquals"]:
                return str(rule["Next"])
        return str(state["Default"])

    def _task(self, execution: Execution, state: dict[str, Any]) -> None:
        self.before_task(execution)
        waits = state["Resource"].endswith("waitForTaskToken")
        payload = {
            "tenant": execution.data["tenant"],
            "referral_id": execution.data["referral_id"],
            "run": execution.data["run"],
            "step": execution.state,
        }
        if waits:
            execution.token = f"token-{next(self._tokens)}"
            self.workflow.waiting.add(execution.token)
            payload["token"] = execution.token
        try:
            result = self.entry.handle(payload)
        except Exception:
            if waits:
                raise
            self._catch(execution, state)
            return
        if not waits:
            execution.data["result"] = result
            self._next(execution, state)

    def _resume(self, execution: Execution, state: dict[str, Any]) -> bool:
        token = execution.token or ""
        if token in self.workflow.answers:
            execution.data["result"] = {"outcome": self.workflow.answers.pop(token)}
            execution.token = None
            self._next(execution, state)
            return True
        if token in self.workflow.faults:
            self.workflow.faults.pop(token)
            execution.token = None
            self._catch(execution, state)
            return True
        return False

    def _next(self, execution: Execution, state: dict[str, Any]) -> None:
        if state.get("End"):
            execution.status = "SUCCEEDED"
        else:
            execution.state = state["Next"]

    def _catch(self, execution: Execution, state: dict[str, Any]) -> None:
        execution.state = state["Catch"][0]["Next"]


def settle(machine: InMemoryStateMachine) -> None:
    """Let starts and steps happen until nothing moves at this instant."""
    while True:
        machine.start_requested()
        if not machine.advance():
            return


def pass_time(machine: InMemoryStateMachine, clock: HandClock) -> list[Tending]:
    """Move the clock to the next due time and tend what is due, as fire_timers does."""
    open_referrals = [x.referral for x in machine.referrals.all() if not x.referral.is_closed]
    if not open_referrals:
        return []
    clock.move_to(min(r.due_at for r in open_referrals))
    tended = [
        machine.engine.tend(tenant, referral_id)
        for tenant, referral_id in list(machine.referrals.due(clock.now(), 100))
    ]
    settle(machine)
    return tended


ALL_STEPS = tuple(Step)
