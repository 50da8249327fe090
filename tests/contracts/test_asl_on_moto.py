"""The same ASL on a second interpreter: moto's Step Functions, in process, over the real steps."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.awslambda_simple.models import LambdaSimpleBackend

from referral_core.adapters.memory_payer import PayerScript
from referral_core.adapters.workflow import StepFunctionsWorkflow
from referral_core.domain.lifecycle import Outcome, Status, Step
from referral_core.domain.updates import Role, UpdateKind
from referral_core.step_entry import StepEntry
from tests.acts import TO_THE_END, accepted, told
from tests.in_memory import ASL, REFERRAL, TENANT, World

REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/states"
_SETTLES_WITHIN_S = 20.0


class MotoWorld(World):
    """A world whose state machine is moto's: it runs in threads, so settling is waiting for it."""

    def __init__(self, client: Any, machine_arn: str, script: PayerScript | None = None) -> None:
        self._client = client
        self._states = StepFunctionsWorkflow(client, machine_arn)
        super().__init__(script, self._states)
        self.entry = StepEntry(engine=self.engine, workflow=self._states)

    def settle(self) -> None:
        """Start what asks for it, then wait until the referral waits or is closed."""
        if not self.referral.is_closed:
            self._states.start(self.referral)
        until = time.monotonic() + _SETTLES_WITHIN_S
        while time.monotonic() < until:
            loaded = self.referrals.load(TENANT, REFERRAL)
            if loaded.referral.is_closed or loaded.mailbox.is_waiting:
                return
            time.sleep(0.01)
        raise AssertionError(f"nothing settled: {self.referral.status}, {self.referral.phase}")

    def entered(self) -> list[str]:
        """The states entered, from the execution's own history, once it has ended."""
        (execution,) = self._client.list_executions(stateMachineArn=self._states._arn)["executions"]
        until = time.monotonic() + _SETTLES_WITHIN_S
        while time.monotonic() < until:
            arn = execution["executionArn"]
            if self._client.describe_execution(executionArn=arn)["status"] != "RUNNING":
                break
            time.sleep(0.01)
        history = self._client.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        details = "stateEnteredEventDetails"
        return [event[details]["name"] for event in history if details in event]


Build = Callable[..., MotoWorld]


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """Given moto's interpreter with our ASL, whose Lambda functions are the real steps."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    worlds: list[MotoWorld] = []

    def invoke(
        _self: Any, function_name: str, _qualifier: Any, body: Any, _headers: Any, headers: Any
    ) -> bytes:
        del function_name
        try:
            return json.dumps(worlds[0].entry.handle(json.loads(body))).encode()
        except Exception as error:  # noqa: BLE001 - what the Lambda runtime does with any of them
            headers["x-amz-function-error"] = "Unhandled"
            return json.dumps({"errorType": type(error).__name__}).encode()

    monkeypatch.setattr(LambdaSimpleBackend, "invoke", invoke)
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
        )

        def world(sample: str, script: PayerScript | None = None) -> MotoWorld:
            worlds.append(MotoWorld(client, machine["stateMachineArn"], script))
            worlds[0].accept(sample)
            worlds[0].settle()
            return worlds[0]

        yield world


def _run_to_the_end(world: World) -> None:
    for act in TO_THE_END:
        act(world)
    assert world.referral.outcome is Outcome.COMPLETED_REPORT_ACKNOWLEDGED
    assert world.referral.loop_closed


def test_happy_path_enters_seventeen_states(build: Build) -> None:
    world = build("happy-path")
    _run_to_the_end(world)
    entered = world.entered()
    assert len(entered) <= 17
    assert [state for state in entered if state in set(Step)] == list(Step)[:9]


def test_authorization_pended_then_approved(build: Build) -> None:
    world = build("authorization-pended", PayerScript(authorization="A4-then-A1"))
    known = world.referral.authorization
    assert known is not None
    world.tell(UpdateKind.AUTHORIZATION_DECIDED, Role.PAYER, trace=known.trace, verdict="approved")
    _run_to_the_end(world)


def test_clinic_declines_then_rerouted(build: Build) -> None:
    world = build("clinic-declines")
    world.tell(UpdateKind.OFFER_DECLINED, offer=1)
    assert len(world.referral.offers) == 2
    _run_to_the_end(world)


def test_missing_information_then_supplied(build: Build) -> None:
    world = build("missing-information")
    assert world.referral.status is Status.NEEDS_INFORMATION
    world.supply("missing-information")
    _run_to_the_end(world)


def test_cancelled_by_the_referrer_while_waiting(build: Build) -> None:
    world = build("cancelled-by-referrer")
    accepted(world)
    world.tell(UpdateKind.CANCEL, Role.EHR)
    told(world)
    assert world.referral.outcome is Outcome.CANCELLED_BY_REFERRER
    assert world.entered()[-1] == "CloseReferral"


def test_authorization_denied_stands_on_a_worklist_and_ends_by_a_decision(build: Build) -> None:
    world = build("authorization-denied", PayerScript(authorization="A3"))
    assert world.referral.status is Status.AUTHORIZATION_DENIED_REVIEW
    world.tell(UpdateKind.DECISION, Role.STAFF, action="close:authorization-denied-final")
    told(world)
    assert world.referral.outcome is Outcome.AUTHORIZATION_DENIED_FINAL
