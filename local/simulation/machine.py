"""A small interpreter of the state machine's ASL: Task, Choice, Succeed, Retry and Catch.

It runs `statemachines/referral_lifecycle.asl.json` itself, over the real steps, so that a test or
a simulation can stop between any two states, lose a start, kill a run or let time pass. A Choice
that finds no edge is an error here: its `Default` is for what cannot be.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.adapters.memory.workflow import MemoryWorkflow
from referral_core.domain.lifecycle import End
from referral_core.domain.run import Run
from referral_core.entrypoints.step import StepEntry
from referral_core.lifecycle.engine.engine import Engine

ASL: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "statemachines/referral_lifecycle.asl.json").read_text()
)

Handle = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""A Lambda function: the state's payload in, its result out."""
Pause = Callable[[float, Callable[[], None]], None]
"""Runs something after some seconds: what lies between a try and the next."""


@dataclass
class Entered:
    """One state entered: what its function was given, and what it or the token returned."""

    state: str
    payload: dict[str, Any] | None = None
    result: Mapping[str, Any] | None = None


class NoEdge(Exception):
    """A step names a state that no edge of its Choice leads to."""


@dataclass
class Execution:
    """One run: where it stands and the states it entered.

    Attributes:
        tries: of the present state, after the first.
        retries: of all states together; each is billed as a state entered.
    """

    name: str
    data: dict[str, Any]
    state: str
    history: list[Entered] = field(default_factory=list)
    token: str | None = None
    status: str = "RUNNING"
    tries: int = 0
    retries: int = 0
    is_paused: bool = False

    @property
    def entered(self) -> list[str]:
        """The states' names, in order."""
        return [entered.state for entered in self.history]


class InMemoryStateMachine:
    """Interprets the ASL over a Lambda function that runs every step.

    Args:
        referrals: the record, whose runs are started.
        engine: runs the steps.
        workflow: holds the tokens that executions wait with.
        handle: stands for the Lambda functions; the engine's own entry when None.
        pause: lets time pass between two tries of a state; without it a failure is caught at once.
        jitter: the share of a pause that is waited, drawn anew each time.
    """

    def __init__(
        self,
        referrals: MemoryReferrals,
        engine: Engine,
        workflow: MemoryWorkflow,
        *,
        handle: Handle | None = None,
        pause: Pause | None = None,
        jitter: Callable[[], float] = lambda: 1.0,
    ) -> None:
        self.referrals = referrals
        self.engine = engine
        self.workflow = workflow
        self.entry = StepEntry(engine=engine, workflow=workflow)
        self.executions: dict[str, Execution] = {}
        self.before_task: Callable[[Execution], None] = lambda _: None
        self._handle: Handle = handle or self.entry.handle
        self._pause = pause
        self._jitter = jitter
        self._tokens: Iterator[int] = count(1)
        self._holders: dict[str, Execution] = {}

    def start_requested(self) -> None:
        """Play the stream: start the execution of every referral's present run."""
        for state in self.referrals.all():
            self.start(state.referral)

    def start(self, run: Run) -> Execution | None:
        """Start the execution of a referral's run, once; None when there is nothing to start."""
        name = f"{run.id}-{run.run}"
        if name in self.executions or run.is_closed:
            return None
        data = {
            "tenant": run.tenant,
            "referral_id": run.id,
            "run": run.run,
            "current_step": run.current_step.value,
        }
        self.executions[name] = Execution(name=name, data=data, state=ASL["StartAt"])
        return self.executions[name]

    def holder(self, token: str) -> Execution | None:
        """Return the execution that waits (or waited) with a token."""
        return self._holders.get(token)

    def advance(self) -> bool:
        """Run every execution as far as it goes; return whether anything moved."""
        moved = [self.run(execution) for execution in list(self.executions.values())]
        return any(moved)

    def run(self, execution: Execution) -> bool:
        """Run one execution as far as it goes; return whether it moved."""
        moved = False
        while execution.status == "RUNNING" and not execution.is_paused and self._step(execution):
            moved = True
        return moved

    def stop(self, name: str) -> None:
        """Stop an execution as an operator could: its token is dead."""
        execution = self.executions[name]
        execution.status = "ABORTED"
        self._give_up_token(execution)

    def _step(self, execution: Execution) -> bool:
        state = ASL["States"][execution.state]
        if execution.token is not None:
            return self._resume(execution, state)
        execution.history.append(Entered(execution.state))
        match state["Type"]:
            case "Choice":
                execution.state = self._choose(state, execution.data)
            case "Succeed":
                execution.status = "SUCCEEDED"
            case "Task":
                execution.tries = 0
                self._task(execution, state)
        return True

    def _choose(self, state: dict[str, Any], data: dict[str, Any]) -> str:
        for rule in state["Choices"]:
            value: Any = data
            for part in rule["Variable"].removeprefix("$.").split("."):
                value = value.get(part) if isinstance(value, dict) else None
            if value == rule["StringEquals"]:
                return str(rule["Next"])
        raise NoEdge(f"{data.get('result') or data['current_step']} matches no rule of the Choice")

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
            self._holders[execution.token] = execution
            self.workflow.waiting.add(execution.token)
            payload["token"] = execution.token
        entered = execution.history[-1]
        entered.payload = payload
        try:
            result = self._handle(payload)
        except Exception:
            if waits and self._pause is None:
                raise
            self._give_up_token(execution)
            self._failed(execution, state)
            return
        entered.result = result
        if not waits:
            execution.data["result"] = dict(result)
            self._next(execution, state)

    def _resume(self, execution: Execution, state: dict[str, Any]) -> bool:
        token = execution.token or ""
        if token in self.workflow.completed:
            result = {"next": self.workflow.completed.pop(token).value}
            execution.history[-1].result = result
            execution.data["result"] = result
            execution.token = None
            self._next(execution, state)
            return True
        if token in self.workflow.failed:
            self.workflow.failed.pop(token)
            execution.token = None
            self._failed(execution, state)
            return True
        return False

    def _next(self, execution: Execution, state: dict[str, Any]) -> None:
        if state.get("End"):
            execution.status = "SUCCEEDED"
            return
        following, only = execution.data["result"]["next"], state["Next"]
        if ASL["States"][only]["Type"] != "Choice" and following not in {only, End.SUPERSEDED}:
            raise NoEdge(f"{execution.state} leads to {only} only, not to {following}")
        execution.state = only

    def _failed(self, execution: Execution, state: dict[str, Any]) -> None:
        """Try the state again after a pause, or catch its failure."""
        retry = next(iter(state.get("Retry", [])), None)
        if self._pause is None or retry is None or execution.tries >= retry["MaxAttempts"]:
            execution.state = state["Catch"][0]["Next"]
            return
        seconds = retry["IntervalSeconds"] * retry["BackoffRate"] ** execution.tries
        execution.tries += 1
        execution.retries += 1
        execution.is_paused = True

        def again() -> None:
            if execution.status != "RUNNING":
                return
            execution.is_paused = False
            self._task(execution, state)
            self.run(execution)

        self._pause(min(seconds, retry["MaxDelaySeconds"]) * self._jitter(), again)

    def _give_up_token(self, execution: Execution) -> None:
        self.workflow.waiting.discard(execution.token or "")
        execution.token = None
