"""What is reserved passes while the payer decides: the clinic is offered a time that is to come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Next, Status, Step
from referral_core.domain.payers.authorization import Authorization, AuthorizationStatus
from referral_core.domain.routing.capacity import iso_week
from referral_core.lifecycle.engine.run_step import run_step
from referral_core.lifecycle.step import StepInput
from tests.in_memory import START, TENANT
from tests.unit.domain.routing.practitioners import a_practitioner
from tests.unit.lifecycle.routing.test_capacity_changes import week_of
from tests.unit.lifecycle.routing.test_slots import FIRST, NPI, Clinic, hours, name
from tests.unit.lifecycle.waiting_room import WaitingRoom

GRANTED = Authorization(
    status=AuthorizationStatus.APPROVED, trace="a-a1.1", performer=NPI, requested_at=START
)


def authorized(room: WaitingRoom, referral_id: str) -> Next | None:
    """Let the payer have authorized, and the clinic be asked now; return what follows, if known."""
    at = (TENANT, ReferralId(referral_id))
    state = room.store._referrals[at]
    changed = state.referral.but(
        authorization=GRANTED,
        status=Status.AWAITING_AUTHORIZATION,
        current_step=Step.OFFER_REFERRAL,
    )
    # The order has another version, say: the step is entered anew
    room.store._referrals[at] = state.but(referral=changed, mailbox=state.mailbox.closed())
    room.engine.steps[Step.OFFER_REFERRAL].clinics.offer = lambda _: None  # type: ignore[attr-defined]
    entry = StepInput(
        tenant=TENANT,
        referral_id=ReferralId(referral_id),
        run=state.referral.run,
        step=Step.OFFER_REFERRAL,
        token="t",
    )
    workflow: Any = room.engine.workflow
    workflow.waiting.add("t")
    run_step(room.engine, entry)
    following: Next | None = workflow.completed.get("t")
    return following


@pytest.fixture
def clinic() -> Clinic:
    clinic = Clinic()
    clinic.publish(*hours(0, 1, 24 * 7))
    clinic.arrive("a")
    assert clinic.held() == {name(FIRST): "a"}
    return clinic


def test_a_slot_that_is_to_come_stays_reserved(clinic: Clinic) -> None:
    clinic.room.clock.move(timedelta(days=2))
    assert authorized(clinic.room, "a") is None
    assert clinic.held() == {name(FIRST): "a"}


def test_the_clinics_next_slot_is_reserved_and_authorized_as_before(clinic: Clinic) -> None:
    clinic.room.clock.move(FIRST - clinic.room.clock.now() + timedelta(hours=2))
    assert authorized(clinic.room, "a") is None
    later = name(hours(24 * 7)[0])
    assert clinic.held() == {later: "a"}
    assert sum(clinic.room.store.reserved.values()) == 1
    referral = clinic.room.read("a")
    assert (len(referral.offers), referral.authorization) == (1, GRANTED)
    # Once the clinic has it, what is reserved is between the two
    clinic.room.clock.move(timedelta(days=8))
    authorized(clinic.room, "a")
    assert clinic.held() == {later: "a"}


def test_of_a_slot_that_another_takes_first_the_one_after_is_reserved(clinic: Clinic) -> None:
    """Who is first is known once it is written."""
    clinic.publish(*hours(24 * 7 + 1))
    clinic.room.clock.move(FIRST - clinic.room.clock.now() + timedelta(hours=2))
    store, others = clinic.room.store, iter(["b"])
    commit, later = store.commit, name(hours(24 * 7)[0])

    def commit_after_another(change: object) -> None:
        for other in others:
            at = next(at for at, week in store.slot_weeks.items() if later in week.slots)
            store.slot_weeks[at] = store.slot_weeks[at].but(holders={later: other})
        commit(change)

    store.commit = commit_after_another
    assert authorized(clinic.room, "a") is None
    assert clinic.held() == {later: "b", name(hours(24 * 7 + 1)[0]): "a"}


def test_without_another_slot_another_clinic_is_chosen_and_authorized_anew() -> None:
    clinic = Clinic()
    clinic.publish(FIRST)
    clinic.arrive("a")
    clinic.room.clock.move(timedelta(days=10))
    assert authorized(clinic.room, "a") is Step.ROUTE_REFERRAL
    referral = clinic.room.read("a")
    assert (clinic.held(), referral.authorization, referral.offer) == ({}, None, None)
    # It is asked again once it has a time
    clinic.publish(*hours(24 * 7))
    clinic.room.route("a")
    assert list(clinic.held().values()) == ["a"]


def test_where_the_order_leaves_no_week_any_more_it_is_routed_again() -> None:
    """The payer took longer than the order has time: routing then asks a person."""
    room = WaitingRoom(a_practitioner(NPI, weekly_capacity=1))
    room.arrive("a")
    at = (TENANT, ReferralId("a"))
    state = room.store._referrals[at]
    service = state.referral.service
    ended = service.urgency.but(ends_at=START + timedelta(days=5))
    late = state.referral.but(service=service.but(urgency=ended))
    room.store._referrals[at] = state.but(referral=late)
    room.clock.move(timedelta(days=7))
    assert authorized(room, "a") is Step.ROUTE_REFERRAL
    assert sum(room.store.reserved.values()) == 0


def test_a_place_of_a_week_that_is_over_is_one_of_a_week_to_come() -> None:
    room = WaitingRoom(a_practitioner(NPI, weekly_capacity=1))
    room.arrive("a")
    room.clock.move(timedelta(days=7))
    assert authorized(room, "a") is None
    assert week_of(room, "a") == iso_week(START.date() + timedelta(days=7))
    assert sum(room.store.reserved.values()) == 1
