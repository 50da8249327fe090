"""A visit that the clinic cancels: the patient is told not to come, then asked for another."""

from __future__ import annotations

from datetime import timedelta

from referral_core.domain.updates import AppointmentCancelled, AppointmentNoshow
from tests.in_memory import World
from tests.partner_actions import accepted, agreed, booked
from tests.unit.lifecycle.work_item_worlds import a_world


def _booked() -> World:
    world = a_world()
    for act in (accepted, agreed, booked):
        act(world)
    world.clock.move(timedelta(days=2))
    return world


def texts(world: World) -> list[str]:
    return [m.body for m in world.messenger.sent if m.channel == "sms"]


def test_the_first_text_after_the_clinic_cancelled_says_so() -> None:
    world = _booked()
    before = len(texts(world))
    world.report(AppointmentCancelled)
    while len(texts(world)) < before + 2:
        world.wait()
    told, asked = texts(world)[before:][:2]
    assert "is cancelled" in told
    assert "is cancelled" not in asked


def test_a_visit_that_was_missed_is_not_called_cancelled() -> None:
    world = _booked()
    before = len(texts(world))
    world.clock.move(timedelta(days=6))
    world.report(AppointmentNoshow)
    while len(texts(world)) == before:
        world.wait()
    assert "cancelled" not in texts(world)[before]


def test_a_cancelled_visit_that_has_passed_is_no_news() -> None:
    world = _booked()
    before = len(texts(world))
    world.clock.move(timedelta(days=6))
    world.report(AppointmentCancelled)
    while len(texts(world)) == before:
        world.wait()
    assert "cancelled" not in texts(world)[before]
