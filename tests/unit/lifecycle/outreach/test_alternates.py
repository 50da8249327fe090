"""Other people whom the order names are called once nothing reached the patient."""

from __future__ import annotations

import json
from typing import Any

import pytest

from referral_core.domain.lifecycle import Outcome
from referral_core.domain.referral import Contact
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.evidence import is_unreachable
from referral_core.lifecycle.outreach.alternates import alternates
from tests.in_memory import World
from tests.partner_actions import accepted, reason_of
from tests.unit.lifecycle.outreach.test_people import changed
from tests.unit.lifecycle.work_item_worlds import a_world, call
from tests.unit.timelines.world import PathwayWorld

DAUGHTER = {"name": "Ana", "relationship": "DAU", "phone": "+15085550171"}
GUARDIAN = {"name": "Jo", "relationship": "GUARD", "phone": "+15085550172"}
BY_MAIL = {"name": "Al", "relationship": "C", "email": "al@example.org"}


def with_contacts(*contacts: dict[str, Any]) -> World:
    world = World()
    world.accept("happy-path")
    changed(world, contacts=list(contacts))
    world.settle()
    accepted(world)
    return world


def calls(world: World) -> list[Contact]:
    return [c for c in world.referral.contacts if c.channel == "call"]


def unreached(world: World, result: str = "no-answer") -> None:
    """Let the series go on until a person decides what no call settles; each call is in vain."""
    for _ in range(60):
        if reason_of(world) is Reason.CALL_DUE:
            call(world, result if calls(world)[-1].alternate else "no-answer")
        elif reason_of(world) is not None or world.referral.proposed_outcome is not None:
            return
        else:
            world.wait()
    raise AssertionError(world.referral.status_reason)


def until_another_is_called(world: World) -> str:
    while not (reason_of(world) is Reason.CALL_DUE and calls(world)[-1].alternate):
        if reason_of(world) is Reason.CALL_DUE:
            call(world, "voicemail")
        else:
            world.wait()
    return world.referral.status_reason


def test_others_are_called_after_the_patient_and_each_once() -> None:
    world = with_contacts(BY_MAIL, DAUGHTER, GUARDIAN)
    unreached(world)
    assert [c.alternate for c in calls(world)] == [None, None, 2, 3]
    assert not world.messenger.sent or all(
        m.to not in {DAUGHTER["phone"], GUARDIAN["phone"]} for m in world.messenger.sent
    )


@pytest.mark.parametrize(
    ("contact", "rule"),
    [(DAUGHTER, "say nothing more"), (GUARDIAN, "may be told about the visit")],
)
def test_staff_read_what_may_be_said_to_whom(contact: dict[str, Any], rule: str) -> None:
    sentence = until_another_is_called(with_contacts(contact))
    assert "contact 1 of the order" in sentence
    assert rule in sentence
    assert contact["name"] not in sentence
    assert contact["phone"] not in sentence


def test_the_number_that_was_called_already_is_not_called_as_another() -> None:
    world = a_world()
    own = world.engine.case(world.referral).content.patient.phone
    world = with_contacts({**DAUGHTER, "phone": own})
    assert alternates(world.engine.case(world.referral)) == ()


@pytest.mark.parametrize("result", ["wrong-number", "opted-out"])
def test_what_a_strangers_number_says_is_not_the_patients(result: str) -> None:
    world = with_contacts(DAUGHTER)
    unreached(world, result)
    assert not world.referral.opted_out
    assert reason_of(world) is not Reason.MESSAGE_REFUSED


def test_nobody_is_given_up_while_another_may_be_called() -> None:
    world = with_contacts(DAUGHTER)
    until_another_is_called(world)
    assert not is_unreachable(world.engine.case(world.referral))
    call(world, "no-answer")
    while world.referral.proposed_outcome is None and reason_of(world) is None:
        world.wait()
    assert is_unreachable(world.engine.case(world.referral)) is (
        world.referral.proposed_outcome is Outcome.UNABLE_TO_REACH
    )


def test_where_messages_are_discreet_only_who_speaks_for_the_patient_is_called() -> None:
    world = PathwayWorld("behavioral-health")
    payload = next(iter(world.referrals.payloads.values()))
    content = json.loads(payload)
    content["content"]["patient"]["contacts"] = [DAUGHTER, GUARDIAN]
    at = next(iter(world.referrals.payloads))
    world.referrals.payloads[at] = json.dumps(content).encode()
    assert alternates(world.engine.case(world.referral)) == (2,)
