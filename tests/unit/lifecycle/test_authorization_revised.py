"""A payer that decides anew on a visit that it had decided on: a person looks before the visit."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from referral_core.domain.payers.authorization import AuthorizationStatus
from referral_core.domain.updates import AppointmentBooked, AuthorizationDecided, Role
from referral_core.domain.work_items import Reason
from tests.in_memory import World
from tests.partner_actions import accepted, agreed, booked, reason_of
from tests.unit.lifecycle.work_item_worlds import a_world, decide


def says(world: World, verdict: str, **fields: Any) -> None:
    known = world.referral.authorization
    assert known is not None
    world.report(
        AuthorizationDecided,
        role=Role.PAYER,
        trace=known.trace,
        verdict=verdict,
        review_action={"approved": "A1", "denied": "A3", "needs-review": "C"}[verdict],
        **fields,
    )


def with_a_visit() -> World:
    world = a_world()
    for act in (accepted, agreed, booked):
        act(world)
    world.clock.move(timedelta(days=1))
    return world


@pytest.mark.parametrize("verdict", ["denied", "needs-review"])
def test_an_authorization_that_is_taken_back_is_seen_by_a_person_before_the_visit(
    verdict: str,
) -> None:
    world = with_a_visit()
    sent = len(world.messenger.sent)
    says(world, verdict)
    assert reason_of(world) is Reason.VISIT_UNAUTHORIZED
    item = world.referral.work_item
    assert item is not None
    assert item.due_at is not None
    assert item.due_at <= world.referral.appointment.start  # type: ignore[union-attr]
    assert len(world.messenger.sent) == sent, "no reminder meanwhile"


def test_a_period_that_no_longer_holds_the_visit_is_seen_too() -> None:
    world = with_a_visit()
    visit = world.referral.appointment
    assert visit is not None
    says(world, "approved", valid_from=date(2026, 3, 1), valid_to=visit.start.date() - timedelta(2))
    assert reason_of(world) is Reason.VISIT_UNAUTHORIZED


def test_a_period_that_is_extended_is_kept_and_asks_nobody() -> None:
    world = with_a_visit()
    says(world, "approved", valid_from=date(2026, 3, 1), valid_to=date(2026, 12, 31))
    known = world.referral.authorization
    assert known is not None
    assert known.valid_to == date(2026, 12, 31)
    assert world.referral.work_item is None


@pytest.mark.parametrize("stands_at", [[], [accepted]])
def test_before_the_booking_it_is_kept_and_seen_once_a_visit_is_booked(stands_at: Any) -> None:
    world = a_world()
    for act in stands_at:
        act(world)
    says(world, "denied")
    known = world.referral.authorization
    assert known is not None
    assert known.status is AuthorizationStatus.REVOKED
    if not stands_at:
        accepted(world)
    world.report(AppointmentBooked, start=datetime(2026, 3, 12, 15, tzinfo=UTC))
    assert reason_of(world) is Reason.VISIT_UNAUTHORIZED


def test_what_was_let_stand_is_asked_again_when_the_payer_says_something_else() -> None:
    world = with_a_visit()
    says(world, "denied")
    decide(world, "keep-waiting")
    assert world.referral.work_item is None
    says(world, "approved", valid_to=date(2026, 3, 3))
    assert reason_of(world) is Reason.VISIT_UNAUTHORIZED


def test_the_same_word_twice_is_one() -> None:
    world = with_a_visit()
    says(world, "denied")
    decide(world, "keep-waiting")
    says(world, "denied")
    assert world.referral.work_item is None


def test_a_word_about_another_request_changes_nothing() -> None:
    world = with_a_visit()
    before = world.referral.authorization
    world.report(
        AuthorizationDecided,
        role=Role.PAYER,
        trace="another-a1.1",
        verdict="denied",
        review_action="A3",
    )
    assert world.referral.authorization == before
    assert world.referral.work_item is None


def test_while_a_person_looks_it_is_kept_with_the_record() -> None:
    world = with_a_visit()
    says(world, "denied")
    says(world, "approved", valid_to=date(2026, 12, 31))
    known = world.referral.authorization
    assert known is not None
    assert known.status is AuthorizationStatus.APPROVED
    decide(world, "keep-waiting")
    assert world.referral.work_item is None
