"""Another version of the order, by step and by what changed: acted on, or before a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest

from referral_core.adapters.memory.payer import PayerScript
from referral_core.domain.effects import StorePayload
from referral_core.domain.errors import NotLegal
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.pathway import Pathway
from referral_core.domain.updates import (
    Cancel,
    ChangedPart,
    InformationSupplied,
    OfferAccepted,
    OfferDeclined,
    Role,
)
from referral_core.domain.work_items import CHECK_AGAIN, KEEP_WAITING, Reason
from referral_core.lifecycle.engine.apply_update import apply_update
from referral_core.lifecycle.reactions.order_change import CONSEQUENCES, Consequence
from referral_core.pathways import pathway
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import accepted, agreed, booked, reason_of, reported, seen
from tests.unit.lifecycle.work_item_worlds import STANDS_AT, a_world, decide

PENDED = PayerScript(authorization="A4-then-A1")


def put(world: World, *changed: ChangedPart) -> None:
    """Store another version of the order that differs in these parts."""
    update = world.update(InformationSupplied, role=Role.EHR, changed=changed)
    payload = world.engine.case(world.referral).payload
    noted = {**payload.service_request, "note": [{"text": str(update.id)}]}
    stored = StorePayload(body=payload.but(service_request=noted).dump())
    apply_update(world.engine, TENANT, REFERRAL, update, effects=(stored,))
    world.settle()


def sent_to_clinic(world: World) -> int:
    """Return the version of the order that the clinic has which has the referral."""
    offers = world.clinics.offers
    return offers[f"{REFERRAL}.b{len(world.referral.offers)}"].referral.payload_version


def _after(*acts: Callable[[World], None]) -> Callable[[], World]:
    def world() -> World:
        made = a_world()
        for act in acts:
            act(made)
        return made

    return world


def _waitlisted() -> World:
    world = a_world()
    while world.referral.offer is not None:
        world.report(OfferDeclined, offer=world.referral.offers[-1].number)
    assert world.referral.status is Status.WAITLISTED
    return world


WAITS: Final[dict[Step, Callable[[], World]]] = {
    Step.CHECK_READINESS: lambda: a_world("missing-information"),
    Step.ROUTE_REFERRAL: _waitlisted,
    Step.REQUEST_AUTHORIZATION: lambda: a_world("authorization-pended", PENDED),
    Step.OFFER_REFERRAL: _after(),
    Step.CONTACT_PATIENT: _after(accepted),
    Step.AWAIT_VISIT: _after(accepted, agreed, booked),
    Step.VERIFY_CLOSURE: _after(accepted, agreed, booked, seen),
}


def test_every_step_that_waits_says_what_each_change_leads_to() -> None:
    assert set(WAITS) == set(CONSEQUENCES)
    assert all(set(row) == set(ChangedPart) for row in CONSEQUENCES.values())


@pytest.mark.parametrize("part", list(ChangedPart))
@pytest.mark.parametrize("step", WAITS)
def test_no_change_is_without_effect(step: Step, part: ChangedPart) -> None:
    world = WAITS[step]()
    before, entered = world.referral, len(world.entered())
    assert before.current_step is step
    put(world, part)
    after = world.referral
    states = [s for s in world.entered()[entered:] if not s.startswith("After")]
    assert after.payload_version == before.payload_version + 1
    assert not world.referrals.load(TENANT, REFERRAL).mailbox.pending
    match CONSEQUENCES[step][part]:
        case Consequence.USED_NEXT:
            assert not states
            assert world.referral.offer is None or world.referral.offer.offered_at is None
        case Consequence.TO_CLINIC:
            assert sent_to_clinic(world) == after.payload_version
            assert (after.current_step, after.status) == (step, before.status)
        case Consequence.CHECKED_AGAIN:
            assert states[0] == Step.CHECK_READINESS
            assert Step.CHECK_ELIGIBILITY in states or after.missing
        case Consequence.DECIDED:
            assert reason_of(world) is Reason.ORDER_CHANGED
            assert after.queue == "referral-coordinators"
            if before.offer and before.offer.offered_at:
                assert sent_to_clinic(world) == after.payload_version


def test_a_clinic_that_has_not_answered_is_asked_about_the_order_as_it_is() -> None:
    world = a_world()
    first = world.referral.offer
    assert first is not None
    put(world, ChangedPart.COVERAGE)
    offer = world.referral.offer
    assert offer is not None
    # The same clinic may well be right, but it was told, and its place is reserved once.
    assert (offer.number, offer.npi) == (first.number + 1, first.npi)
    assert world.clinics.withdrawn == {f"{REFERRAL}.b1": "order-changed"}
    assert sum(world.referrals.reserved.values()) == 1
    assert world.referral.eligibility != first


@pytest.mark.parametrize("part", [ChangedPart.COVERAGE, ChangedPart.URGENCY])
def test_a_payer_that_pends_is_asked_anew(part: ChangedPart) -> None:
    world = a_world("authorization-pended", PENDED)
    known = world.referral.authorization
    assert known is not None
    put(world, part)
    asked = world.referral.authorization
    assert asked is not None
    assert asked.trace != known.trace


def test_a_person_keeps_to_the_plan_or_has_it_checked_again() -> None:
    for action, step in ((KEEP_WAITING, Step.AWAIT_VISIT), (CHECK_AGAIN, Step.OFFER_REFERRAL)):
        world = WAITS[Step.AWAIT_VISIT]()
        world.clock.move(timedelta(days=1))
        put(world, ChangedPart.SERVICE)
        decide(world, action)
        assert world.referral.current_step is step
    assert world.referral.appointment is not None
    assert not world.referral.appointment.is_booked


def test_the_visit_stands_while_the_clinic_gets_another_version() -> None:
    world = WAITS[Step.AWAIT_VISIT]()
    before = world.referral
    put(world, ChangedPart.CONTENT)
    assert world.referral.appointment == before.appointment
    assert world.referral.due_at == before.due_at
    assert world.entered()[-3::2] == [Step.OFFER_REFERRAL, Step.AWAIT_VISIT]


def with_reminder(name: str, version: int) -> Pathway:
    """Return a pathway whose clinics are reminded of an offer."""
    rules = pathway(name, version)
    return rules.but(offer=rules.offer.but(remind_after="1h"))


def test_a_clinic_that_was_reminded_gets_the_version_and_not_another_reminder() -> None:
    world = World(pathways=with_reminder)
    world.accept("happy-path")
    world.settle()
    world.wait()
    assert len(world.clinics.reminded) == 1
    put(world, ChangedPart.CONTENT)
    assert sent_to_clinic(world) == world.referral.payload_version
    assert len(world.clinics.reminded) == 1
    world.report(OfferAccepted, offer=1)
    assert world.referral.status is Status.CONTACTING_PATIENT


def test_a_new_number_is_tried_where_no_message_got_through() -> None:
    world = STANDS_AT[Reason.MESSAGE_REFUSED]()
    put(world, ChangedPart.REACH)
    assert world.referral.work_item is None
    assert world.referral.current_step is Step.CONTACT_PATIENT


def test_a_critical_result_stays_before_the_person_who_must_read_it() -> None:
    world = WAITS[Step.VERIFY_CLOSURE]()
    reported(world, critical=True)
    assert reason_of(world) is Reason.CRITICAL_RESULT
    due = world.referral.due_at
    put(world, ChangedPart.STATUS)
    assert reason_of(world) is Reason.CRITICAL_RESULT
    assert world.referral.due_at == due
    assert sent_to_clinic(world) == world.referral.payload_version


def test_an_order_that_is_being_ended_is_changed_no_more() -> None:
    world = a_world()
    world.report(Cancel, role=Role.EHR)
    assert not world.referral.is_closed
    with pytest.raises(NotLegal, match="being ended"):
        put(world, ChangedPart.SERVICE)
    assert world.referral.payload_version == 1


def test_what_changed_meanwhile_is_used_by_the_next_wait() -> None:
    world = World()
    world.accept("happy-path")
    put(world, ChangedPart.COVERAGE)
    assert world.referral.status is Status.OFFERED
    assert not world.referrals.load(TENANT, REFERRAL).mailbox.pending
