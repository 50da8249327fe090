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
from tests.unit.lifecycle.work_item_worlds import STANDS_AT, a_world, decide, reply


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


def test_a_denial_while_a_person_looks_at_something_else_is_kept_and_seen() -> None:
    world = with_a_visit()
    reply(world, "other")
    says(world, "denied")
    known = world.referral.authorization
    assert known is not None
    assert known.status is AuthorizationStatus.REVOKED
    decide(world, "keep-waiting")
    assert reason_of(world) is Reason.VISIT_UNAUTHORIZED


def test_what_was_let_stand_is_asked_again_though_another_item_was_open() -> None:
    world = with_a_visit()
    visit = world.referral.appointment
    assert visit is not None
    says(world, "approved", valid_to=visit.start.date() - timedelta(2))
    decide(world, "keep-waiting")
    reply(world, "other")
    says(world, "denied")
    decide(world, "keep-waiting")
    assert reason_of(world) is Reason.VISIT_UNAUTHORIZED


def test_a_revocation_whose_answer_is_lost_is_due_soon(monkeypatch: Any) -> None:
    world = with_a_visit()
    monkeypatch.setattr(world.workflow, "complete_task", lambda *_: None)
    says(world, "denied")
    assert world.referral.due_at <= world.clock.now() + timedelta(minutes=5)


def test_a_payers_word_puts_off_no_booking_and_reminds_no_clinic() -> None:
    world = STANDS_AT[Reason.VISIT_UNAUTHORIZED]()
    world.clock.move(timedelta(days=1))
    decide(world, "rebook")
    due, reminded = world.referral.due_at, len(world.clinics.reminded)
    world.clock.move(timedelta(days=1))
    says(world, "approved", valid_to=date(2026, 12, 31))
    assert world.referral.due_at == due
    assert len(world.clinics.reminded) == reminded


def test_a_payers_denial_puts_off_no_booking_either() -> None:
    world = STANDS_AT[Reason.VISIT_UNAUTHORIZED]()
    world.clock.move(timedelta(days=1))
    decide(world, "rebook")
    due, reminded = world.referral.due_at, len(world.clinics.reminded)
    says(world, "denied")
    assert world.referral.due_at == due
    assert len(world.clinics.reminded) == reminded


def test_a_visit_that_is_authorized_again_is_said_to_be() -> None:
    world = with_a_visit()
    says(world, "denied")
    decide(world, "keep-waiting")
    assert "outside" in world.referral.status_reason or "authorize" in world.referral.status_reason
    says(world, "approved", valid_to=date(2026, 12, 31))
    assert world.referral.status_reason.startswith("The visit is booked; ")
