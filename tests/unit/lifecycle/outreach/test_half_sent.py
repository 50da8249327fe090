"""A message that was being sent when the function died may have been sent: it is not sent again."""

from __future__ import annotations

from typing import Any

import pytest

from referral_core.domain.work_items import RETRY, Reason
from tests.in_memory import World
from tests.partner_actions import accepted, booked, reason_of
from tests.unit.lifecycle.work_item_worlds import a_world, decide, until


class Died(Exception):
    """The function ends in the middle of what it does."""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Given a world whose function dies the first time that the carrier took a message."""
    world = a_world()
    send = world.messenger.send

    def dies_once(message: Any) -> int:
        monkeypatch.undo()
        send(message)
        raise Died

    monkeypatch.setattr(world.messenger, "send", dies_once)
    return world


def test_a_half_sent_message_is_not_sent_again(world: World) -> None:
    accepted(world)
    assert reason_of(world) is Reason.FAULT
    # When the step is tried again, Then a person looks, and the patient got one text
    decide(world, RETRY)
    assert world.referral.work_item is not None
    assert world.referral.work_item.reason is Reason.MESSAGE_AMBIGUOUS
    assert world.referral.contacts[-1].state == "ambiguous"
    assert len(world.messenger.sent) == 1


def test_a_half_sent_reminder_is_not_sent_again(world: World) -> None:
    # Given a visit that was booked before the patient was written to
    booked(world, days=14)
    accepted(world)
    assert world.messenger.sent == []
    until(world, Reason.FAULT)
    assert len(world.messenger.sent) == 1
    decide(world, RETRY)
    assert world.referral.work_item is not None
    assert world.referral.work_item.reason is Reason.MESSAGE_AMBIGUOUS
    assert len(world.messenger.sent) == 1
