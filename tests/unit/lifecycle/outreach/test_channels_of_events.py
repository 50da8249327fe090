"""What came of a message is said with its channel: metrics and figures are told by it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from local.lake.duck import DuckLake
from referral_core.domain.events import EventKind
from referral_core.domain.events.facts import ContactFacts
from referral_core.domain.outreach.vocabulary import CallResult
from referral_core.domain.updates import ContactRecorded
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import accepted
from tests.unit.lifecycle.work_item_worlds import a_world, reply
from tests.unit.reporting.lakes import a_request, rows


def channels_of(world: World, kind: EventKind) -> list[str | None]:
    """The channels of all events of a kind."""
    events = [e for e in world.referrals.events(TENANT, REFERRAL) if e.kind is kind]
    return [e.facts.channel for e in events if isinstance(e.facts, ContactFacts)]


def asked() -> World:
    """The patient got the first text, a day ago."""
    world = a_world()
    accepted(world)
    world.clock.move(timedelta(days=1))
    return world


def test_a_carrier_that_is_away_is_told_by_its_channel() -> None:
    world = a_world()
    world.messenger.mode = "down"
    accepted(world)
    found = channels_of(world, EventKind.CHANNEL_UNAVAILABLE)
    assert found
    assert set(found) == {"sms"}
    # and the figure of partners counts the carrier's faults, which were nobody's before
    lake = DuckLake.of(world.referrals.events(TENANT, REFERRAL))
    (carrier,) = (r for r in rows(lake, "partners", a_request()) if r["kind"] == "channel")
    assert (carrier["partner"], carrier["failed"]) == ("sms", len(found))


def test_a_text_that_nobody_answered_is_told_by_its_channel() -> None:
    world = asked()
    for _ in range(4):
        world.wait()
    assert "sms" in channels_of(world, EventKind.NO_REPLY)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("yes", EventKind.PATIENT_AGREED), ("no", EventKind.PATIENT_DECLINED)],
)
def test_an_answer_is_told_by_the_channel_that_asked(text: str, kind: EventKind) -> None:
    world = asked()
    reply(world, text)
    assert channels_of(world, kind) == ["sms"]


def test_what_was_agreed_in_a_call_is_told_as_a_call() -> None:
    world = asked()
    world.report(ContactRecorded, result=CallResult.AGREED)
    assert channels_of(world, EventKind.PATIENT_AGREED) == ["call"]
