"""A step that is entered again tells nobody what is on record as told; a period's end is due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from referral_core.domain.events import EventKind
from referral_core.domain.lifecycle import Status
from referral_core.domain.pathway import Pathway
from referral_core.domain.updates import ChangedPart, InformationSupplied, OfferAccepted, Role
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.planned import planned
from referral_core.pathways import pathway
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import accepted, agreed, booked, reason_of
from tests.unit.lifecycle.test_authorization_revised import UNBOOKED, says, standing
from tests.unit.lifecycle.work_item_worlds import a_world, decide

BOSTON = ZoneInfo("America/New_York")


def with_reminder(name: str, version: int) -> Pathway:
    rules = pathway(name, version)
    return rules.but(offer=rules.offer.but(remind_after="1h"))


def offered(*, reminded: bool = False) -> World:
    world = World(pathways=with_reminder)
    world.accept("happy-path")
    world.settle()
    if reminded:
        world.wait()
    return world


def denied_then_approved(world: World) -> None:
    says(world, "denied")
    world.clock.move(timedelta(minutes=5))
    says(world, "approved", valid_to=datetime(2026, 12, 31, tzinfo=UTC).date())


def denied_and_let_stand(world: World) -> None:
    says(world, "denied")
    decide(world, "keep-waiting")


@pytest.mark.parametrize("meanwhile", [denied_then_approved, denied_and_let_stand])
@pytest.mark.parametrize("reminded", [False, True])
def test_a_clinic_has_one_offer_and_one_reminder(
    meanwhile: Callable[[World], None], *, reminded: bool
) -> None:
    world = offered(reminded=reminded)
    due, reminders = world.referral.due_at, list(world.clinics.reminded)
    world.clinics.offers.clear()
    events = [e.kind for e in world.referrals.events(TENANT, REFERRAL)]
    meanwhile(world)
    assert (world.clinics.offers, world.clinics.reminded) == ({}, reminders)
    assert (world.referral.status, world.referral.due_at) == (Status.OFFERED, due)
    since = [e.kind for e in world.referrals.events(TENANT, REFERRAL)][len(events) :]
    assert since[-1] is EventKind.OFFER_AWAITED
    assert not {EventKind.OFFERED, EventKind.OFFER_REMINDED} & set(since)
    world.report(OfferAccepted, offer=1)
    assert world.referral.status is Status.CONTACTING_PATIENT


def test_a_clinic_that_was_not_reminded_yet_still_is() -> None:
    world = offered()
    denied_then_approved(world)
    world.wait()
    assert world.clinics.reminded == [(f"{REFERRAL}.b1", "answer")]


def test_what_may_not_have_gone_out_goes_out_after_the_fault() -> None:
    world = World(pathways=with_reminder)
    world.accept("happy-path")
    world.clinics.mode = "down"
    world.settle()
    assert reason_of(world) is Reason.FAULT
    world.clinics.mode = "up"
    decide(world, "retry")
    assert list(world.clinics.offers) == [f"{REFERRAL}.b1"]
    world.clinics.mode = "down"
    world.wait()
    assert reason_of(world) is Reason.FAULT
    world.clinics.mode = "up"
    decide(world, "retry")
    assert world.clinics.reminded == [(f"{REFERRAL}.b1", "answer")]


BOOKINGS: list[Callable[[World], None]] = [
    denied_then_approved,
    denied_and_let_stand,
    lambda world: put(world, ChangedPart.CONTENT),
    lambda world: put(world, ChangedPart.REACH),
]


def put(world: World, part: ChangedPart) -> None:
    world.report(InformationSupplied, role=Role.EHR, changed=(part,))


@pytest.mark.parametrize("meanwhile", BOOKINGS)
def test_a_clinic_is_asked_once_to_book_and_nothing_puts_the_booking_off(
    meanwhile: Callable[[World], None],
) -> None:
    world = a_world()
    for act in (accepted, agreed):
        act(world)
    due = world.referral.due_at
    world.clock.move(timedelta(days=1))
    meanwhile(world)
    assert world.clinics.reminded == [(f"{REFERRAL}.b1", "booking")]
    assert world.referral.due_at == due
    world.wait()
    assert reason_of(world) is Reason.NOT_BOOKED


def test_another_booking_is_asked_for_again() -> None:
    world = a_world()
    for act in (accepted, agreed):
        act(world)
    world.wait()
    decide(world, "keep-waiting")
    assert len(world.clinics.reminded) == 2, "whoever keeps waiting has it asked anew"
    booked(world)
    offer = world.referral.offer
    assert offer is not None
    assert offer.booking_asked_at is None


@pytest.mark.parametrize("name", UNBOOKED)
def test_the_end_of_a_period_is_seen_on_its_day_in_every_step(name: str) -> None:
    world = standing(name)
    step = world.referral.current_step
    says(world, "approved", valid_to=world.clock.now().date())
    following = datetime(2026, 3, 3, tzinfo=BOSTON)
    assert world.referral.due_at <= following
    if world.referral.due_at == following:
        state = world.referrals.load(TENANT, REFERRAL)
        plan = planned(world.engine.case(state.referral), state.mailbox)
        assert Reason.AUTHORIZATION_ENDED in {one.reason for one in plan}
    while world.referral.work_item is None:
        world.wait()
    assert world.clock.now() <= following
    assert reason_of(world) is Reason.AUTHORIZATION_ENDED
    decide(world, "keep-waiting")
    assert world.referral.current_step is step
    assert world.referral.due_at > following, "what was let stand ends no wait"


@pytest.mark.parametrize("name", UNBOOKED)
def test_a_wait_that_was_to_end_with_the_period_goes_on_with_a_longer_one(name: str) -> None:
    world = standing(name)
    due = world.referral.due_at
    says(world, "approved", valid_to=world.clock.now().date())
    reminded, sent = list(world.clinics.reminded), len(world.messenger.sent)
    says(world, "approved", number="A-2", valid_to=datetime(2026, 12, 31, tzinfo=UTC).date())
    assert world.referral.due_at == due
    assert world.referral.work_item is None
    assert (world.clinics.reminded, len(world.messenger.sent)) == (reminded, sent)
