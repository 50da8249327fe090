"""A step that fails is counted: one with a token by itself, one without by Lambda."""

from __future__ import annotations

from typing import Any

import pytest

from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Step
from referral_core.entrypoints.step import StepEntry
from tests.in_memory import TENANT, World

NOBODYS = ReferralId("f" * 32)


def enter(world: World, token: str | None) -> Any:
    entry = StepEntry(engine=world.engine, workflow=world.workflow)
    event = {"tenant": TENANT, "referral_id": NOBODYS, "run": 1, "step": Step.CHECK_READINESS}
    return entry.handle({**event, "token": token})


def test_a_step_that_answers_for_itself_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    world.workflow.waiting.add("t1")
    assert enter(world, "t1") == {"next": None}
    assert world.workflow.failed == {"t1": "NotFound"}
    assert '"StepsFailed":[1.0]' in capsys.readouterr().out.replace(" ", "")


def test_a_step_without_a_token_fails_its_invocation(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Exception, match="no such referral"):
        enter(World(), None)
    assert "StepsFailed" not in capsys.readouterr().out
