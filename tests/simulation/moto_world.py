"""The simulated world on a second interpreter of the ASL: moto's Step Functions, in threads.

moto runs each execution in a thread of its own and calls Lambda from there. The call is handed
over to the simulation's thread; virtual time stands still until every execution waits for its
token, or has ended.
"""

from __future__ import annotations

import asyncio
import json
import queue
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl

from local.simulation.machine import ASL
from local.simulation.world import World
from referral_core.adapters.aws.step_functions import StepFunctionsWorkflow, execution_name
from referral_core.domain.lifecycle import End, Next
from referral_core.domain.referral import Referral
from referral_core.domain.run import Delivery, Run

REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/states"
_PATIENCE_S = 30.0
_LAST = frozenset(End)

Call = tuple[dict[str, Any], "Future[Mapping[str, Any]]"]


class Lambda:
    """The functions as moto's threads see them: a call waits until the simulation returns."""

    def __init__(self) -> None:
        self.calls: queue.Queue[Call] = queue.Queue()

    def invoke(
        self, _function: str, _qualifier: Any, body: Any, _headers: Any, headers: Any
    ) -> bytes:
        result: Future[Mapping[str, Any]] = Future()
        self.calls.put((json.loads(body), result))
        try:
            return json.dumps(result.result(_PATIENCE_S)).encode()
        except Exception as error:  # noqa: BLE001 - what the Lambda runtime does with any of them
            headers["x-amz-function-error"] = "Unhandled"
            return json.dumps({"errorType": type(error).__name__}).encode()


class Watched:
    """Step Functions, which reports the executions that are at work."""

    def __init__(self, workflow: StepFunctionsWorkflow, world: MotoWorld) -> None:
        self._workflow = workflow
        self._world = world

    def start(self, run: Run) -> None:
        name = execution_name(run)
        if name not in self._world.known:
            self._world.known.add(name)
            self._world.at_work(name)
        self._workflow.start(run)

    def complete_task(self, token: str, following: Next) -> Delivery:
        delivery = self._workflow.complete_task(token, following)
        if delivery is Delivery.DELIVERED and following not in _LAST:
            self._world.at_work(self._world.holders[token])
        return delivery

    def fail_task(self, token: str, error: str) -> Delivery:
        delivery = self._workflow.fail_task(token, error)
        if delivery is Delivery.DELIVERED:
            self._world.at_work(self._world.holders[token])
        return delivery


class MotoWorld(World):
    """A world whose state machine is moto's."""

    def __init__(self, client: Any, arn: str, functions: Lambda, *args: Any, **kwargs: Any) -> None:
        self.known: set[str] = set()
        self.holders: dict[str, str] = {}
        self.entered: dict[str, list[str]] = {}
        self._busy: set[str] = set()
        self._pumping = False
        self._functions = functions
        self._watched = Watched(StepFunctionsWorkflow(client, arn), self)
        super().__init__(*args, **kwargs)

    def states(self) -> Watched:
        return self._watched

    def at_work(self, execution: str) -> None:
        self._busy.add(execution)
        if not self._pumping:
            self._pumping = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        """Serve moto's calls, at this instant, until every execution waits or has ended."""
        while self._busy:
            payload, returned = self._functions.calls.get(timeout=_PATIENCE_S)
            self._run(payload, returned)
        self._pumping = False

    def _run(self, payload: dict[str, Any], returned: Future[Mapping[str, Any]]) -> None:
        name, token = f"{payload['referral_id']}-{payload['run']}", payload.get("token")
        self.entered.setdefault(name, []).append(payload["step"])
        self._busy.discard(name)
        if token is not None:
            self.holders[token] = name
        try:
            result = self.step(payload)
        except Exception as error:  # noqa: BLE001 - the state's fault, which moto retries
            self._busy.add(name)
            returned.set_exception(error)
            return
        if token is None and result["next"] not in _LAST:
            self._busy.add(name)
        returned.set_result(result)


@contextmanager
def moto_states(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, str, Lambda]]:
    """Run moto's interpreter with our ASL; whatever still waits at the end is stopped."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    functions = Lambda()
    monkeypatch.setattr(LambdaSimpleBackend, "invoke", lambda _self, *call: functions.invoke(*call))
    # The pause between two tries of a state is real in moto, and no virtual time passes in it.
    monkeypatch.setattr(retrier_decl, "time", SimpleNamespace(sleep=lambda _seconds: None))
    config: Any = {
        "lambda": {"use_docker": False},
        "stepfunctions": {"execute_state_machine": True},
    }
    with mock_aws(config=config):
        client = boto3.client("stepfunctions", REGION)
        definition = re.sub(
            r"\$\{(\w+)Arn\}",
            rf"arn:aws:lambda:{REGION}:123456789012:function:\1",
            json.dumps(ASL),
        )
        machine = client.create_state_machine(
            name="referral_lifecycle", definition=definition, roleArn=ROLE
        )["stateMachineArn"]
        yield client, machine, functions
        for found in client.list_executions(stateMachineArn=machine)["executions"]:
            if found["status"] == "RUNNING":
                client.stop_execution(executionArn=found["executionArn"])


def states_entered(client: Any, machine: str, referral: Referral) -> list[str]:
    """The states that a referral's last run entered, by moto's own history."""
    arn = machine.replace(":stateMachine:", ":execution:") + f":{execution_name(referral)}"
    pages = client.get_paginator("get_execution_history").paginate(executionArn=arn)
    details = "stateEnteredEventDetails"
    return [e[details]["name"] for page in pages for e in page["events"] if details in e]
