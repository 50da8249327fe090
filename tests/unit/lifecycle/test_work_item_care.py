"""Claiming, assigning, releasing, snoozing and commenting; and what a decision may race with."""

from __future__ import annotations

from datetime import timedelta

import pytest

from referral_core.adapters.memory.payer import PayerScript
from referral_core.domain.errors import NotLegal
from referral_core.domain.events import EventKind, WorkItemFacts
from referral_core.domain.lifecycle import Outcome, Party, Status, Step
from referral_core.domain.payers.authorization import AuthorizationStatus
from referral_core.domain.referral import WorkItem
from referral_core.domain.updates import (
    AppointmentBooked,
    AuthorizationDecided,
    DecisionMade,
    OfferDeclined,
    PatientReplied,
    Role,
    WorkItemUpdated,
)
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.engine.apply_update import Receipt, apply_update
from referral_core.lifecycle.reactions.work_item import LONGEST_SNOOZE, available_actions
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import accepted, acknowledged, notified, reason_of, reported
from tests.unit.lifecycle.work_item_worlds import STANDS_AT, a_world, call, care, decide, until


def item_of(world: World) -> WorkItem:
    item = world.referral.work_item
    assert item is not None
    return item


def as_another(world: World, act: str, **fields: str) -> None:
    """Care for the item as a colleague."""
    update = world.update(WorkItemUpdated, actor="staff-2", act=act, **fields)
    apply_update(world.engine, TENANT, REFERRAL, update)


# --- care -------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", [Reason.NOT_ELIGIBLE, Reason.CALL_DUE, Reason.CLOSING_SIGN_OFF])
def test_an_item_is_claimed_by_one_person(reason: Reason) -> None:
    world = STANDS_AT[reason]()
    before = world.referral
    care(world, "claim")
    assert item_of(world).owner == "staff-1"
    with pytest.raises(NotLegal, match="Somebody else"):
        as_another(world, "claim")
    # A second claim by its owner is harmless; a colleague can be given it.
    care(world, "claim")
    as_another(world, "assign", owner="staff-2")
    assert item_of(world).owner == "staff-2"
    care(world, "release")
    assert item_of(world).owner is None
    after = world.referral
    assert (after.status_reason, after.due_at, after.queue, after.status, after.waits_for) == (
        before.status_reason,
        before.due_at,
        before.queue,
        before.status,
        Party.STAFF,
    )


def test_every_act_is_an_event_with_its_actor() -> None:
    world = STANDS_AT[Reason.NOT_ELIGIBLE]()
    count = len(world.referrals.events(TENANT, REFERRAL))
    until_then = (world.clock.now() + timedelta(hours=3)).isoformat()
    for act, fields in (
        ("claim", {}),
        ("assign", {"owner": "staff-2"}),
        ("release", {}),
        ("snooze", {"until": until_then}),
        ("comment", {"comment": "ab" * 32}),
    ):
        care(world, act, **fields)
    events = world.referrals.events(TENANT, REFERRAL)[count:]
    assert [(e.kind, e.actor) for e in events] == [(EventKind.WORK_ITEM_UPDATED, "staff-1")] * 5
    acts = [e.facts.act for e in events if isinstance(e.facts, WorkItemFacts)]
    assert acts == ["claim", "assign", "release", "snooze", "comment"]
    assert item_of(world).comments == 1


def test_what_may_be_done_with_an_item_follows_its_owner() -> None:
    world = STANDS_AT[Reason.NOT_ELIGIBLE]()
    assert "claim" in available_actions(world.referral)
    assert "release" not in available_actions(world.referral)
    care(world, "claim")
    assert "release" in available_actions(world.referral)
    assert "claim" not in available_actions(world.referral)


# --- snooze -----------------------------------------------------------------------------------


def test_a_snoozed_item_wakes_before_its_due_time_and_is_overdue_at_it() -> None:
    # Given an item that is due in two business days
    world = STANDS_AT[Reason.NOT_ELIGIBLE]()
    due, wakes = item_of(world).due_at, world.clock.now() + timedelta(hours=3)
    assert due is not None
    # When it is snoozed for three hours
    care(world, "snooze", until=wakes.isoformat())
    assert world.referral.due_at == wakes
    assert item_of(world).snoozed_until == wakes
    # Then it wakes then, not yet overdue, and is overdue at its own due time
    world.wait()
    assert item_of(world).snoozed_until is None
    assert not world.referral.status_reason.startswith("Overdue")
    assert world.referral.due_at == due
    world.wait()
    assert world.referral.status_reason.startswith("Overdue")


def test_a_snooze_beyond_the_due_time_is_overdue_when_it_wakes() -> None:
    world = STANDS_AT[Reason.NOT_ELIGIBLE]()
    due = item_of(world).due_at
    assert due is not None
    care(world, "snooze", until=(due + timedelta(days=3)).isoformat())
    world.wait()
    assert world.referral.status_reason.startswith("Overdue")


def test_no_number_of_snoozes_hides_an_item_for_ever() -> None:
    # Given an item that somebody snoozes for as long as they may, again and again
    world = STANDS_AT[Reason.NOT_ELIGIBLE]()
    due = item_of(world).due_at
    assert due is not None
    snoozes = 0
    while world.clock.now() < due + timedelta(days=60):
        try:
            latest = min(world.clock.now() + timedelta(days=5), due + LONGEST_SNOOZE)
            care(world, "snooze", until=latest.isoformat())
            snoozes += 1
        except NotLegal:
            break
        world.wait()
    # Then that ends, and the item says that it is overdue
    assert 0 < snoozes < 10
    assert world.clock.now() <= due + LONGEST_SNOOZE
    assert world.referral.status_reason.startswith("Overdue")
    assert item_of(world).due_at == due


@pytest.mark.parametrize("away", [timedelta(0), timedelta(hours=-1), timedelta(days=100)])
def test_an_item_is_not_snoozed_into_the_past_nor_for_good(away: timedelta) -> None:
    world = STANDS_AT[Reason.NOT_ELIGIBLE]()
    before = world.referral
    with pytest.raises(NotLegal, match="Snooze until"):
        care(world, "snooze", until=(world.clock.now() + away).isoformat())
    assert world.referral == before


def test_a_call_that_is_due_is_not_snoozed_past_its_time() -> None:
    world = STANDS_AT[Reason.CALL_DUE]()
    due = item_of(world).due_at
    assert due is not None
    with pytest.raises(NotLegal):
        care(world, "snooze", until=(due + timedelta(minutes=1)).isoformat())
    care(world, "snooze", until=(world.clock.now() + timedelta(hours=1)).isoformat())
    world.wait()
    # The call is still to be made: an hour's sleep is no call missed.
    assert reason_of(world) is Reason.CALL_DUE
    assert world.referral.contacts[-1].state == "due"
    call(world, "agreed")
    assert world.referral.work_item is None


# --- a decision and what comes meanwhile --------------------------------------------------------


def test_a_decision_for_an_item_that_is_gone_decides_nothing_else() -> None:
    # Given a person who read an item, which something else settled, and another one since then
    world = STANDS_AT[Reason.NOT_ELIGIBLE]()
    read = item_of(world).opened_at.isoformat()
    world.clock.move(timedelta(minutes=1))
    decide(world, "self-pay")
    while world.referral.offer is not None:
        world.report(OfferDeclined, offer=world.referral.offers[-1].number)
    until(world, Reason.NO_CANDIDATE)
    # When they decide what they read
    with pytest.raises(NotLegal, match="Another work item"):
        decide(world, "close:expired-unresolved", item=read)
    # Then the new one is untouched
    assert reason_of(world) is Reason.NO_CANDIDATE
    decide(world, "retry", item=item_of(world).opened_at.isoformat())
    assert reason_of(world) is None


def test_a_decision_that_waits_in_the_mailbox_is_not_used_for_another_item() -> None:
    # Given a decision that came too late: the item was settled, its answer still on its way
    world = STANDS_AT[Reason.PATIENT_WROTE]()
    read = item_of(world).opened_at.isoformat()
    late = world.update(DecisionMade, action="close:patient-declined", item=read)
    start = world.clock.now() + timedelta(days=10)
    booking = world.update(AppointmentBooked, start=start)
    assert apply_update(world.engine, TENANT, REFERRAL, booking) is Receipt.RESOLVED
    assert apply_update(world.engine, TENANT, REFERRAL, late) is Receipt.PENDING
    world.settle()
    assert world.referral.status is Status.SCHEDULED
    # When the next item opens
    world.clock.move(timedelta(days=8))
    world.report(PatientReplied, reply="other")
    # Then it waits for its own decision
    assert reason_of(world) is Reason.PATIENT_WROTE
    assert world.referral.proposed_outcome is None


def test_of_a_report_and_a_decision_at_the_same_instant_the_report_wins() -> None:
    # Given an overdue report, and a person about to attest the service without it
    world = STANDS_AT[Reason.REPORT_OVERDUE]()
    read = item_of(world).opened_at.isoformat()
    # When the report is a moment faster
    reported(world)
    with pytest.raises(NotLegal, match="No work item is open"):
        decide(world, "close:completed-attested", item=read)
    # Then the decision is used for nothing, not even for the next item
    until(world, Reason.NOTICE_UNDELIVERED)
    assert world.referral.proposed_outcome is Outcome.COMPLETED_REPORT_ACKNOWLEDGED
    notified(world)
    acknowledged(world)
    assert world.referral.outcome is Outcome.COMPLETED_REPORT_ACKNOWLEDGED


# --- authorization ------------------------------------------------------------------------------


def by_phone(world: World, **fields: str) -> None:
    known = world.referral.authorization
    assert known is not None
    world.report(
        AuthorizationDecided,
        role=Role.STAFF,
        trace=known.trace,
        verdict="approved",
        review_action="phone",
        **{"number": "PHONE-77", "valid_from": "2026-03-03", "valid_to": "2026-04-30", **fields},
    )


@pytest.mark.parametrize(
    "reason",
    [Reason.AUTHORIZATION_DENIED, Reason.AUTHORIZATION_UNCLEAR, Reason.AUTHORIZATION_OVERDUE],
)
def test_an_authorization_got_by_phone_is_entered_with_its_dates(reason: Reason) -> None:
    world = STANDS_AT[reason]()
    by_phone(world)
    known = world.referral.authorization
    assert known is not None
    assert (known.status, known.number) == (AuthorizationStatus.APPROVED, "PHONE-77")
    assert (str(known.valid_from), str(known.valid_to)) == ("2026-03-03", "2026-04-30")
    assert world.referral.work_item is None
    assert world.referral.status is Status.OFFERED


def test_a_visit_after_the_authorizations_last_day_says_so() -> None:
    world = STANDS_AT[Reason.AUTHORIZATION_DENIED]()
    by_phone(world, valid_to="2026-03-10")
    accepted(world)
    world.report(AppointmentBooked, start="2026-03-12T14:00:00+00:00")
    assert "outside the authorized period" in world.referral.status_reason


def test_an_authorization_got_by_phone_is_entered_while_the_payer_still_pends() -> None:
    world = a_world(script=PayerScript(authorization="A4-then-A1"))
    assert available_actions(world.referral) == ("enter-authorization",)
    by_phone(world)
    assert world.referral.status is Status.OFFERED


def test_an_appeal_waits_for_the_payers_decision_and_takes_it() -> None:
    world = STANDS_AT[Reason.AUTHORIZATION_DENIED]()
    decide(world, "appeal")
    assert world.referral.status is Status.AWAITING_AUTHORIZATION
    assert world.referral.waits_for is Party.PAYER
    known = world.referral.authorization
    assert known is not None
    assert known.status is AuthorizationStatus.APPEALED
    world.report(AuthorizationDecided, role=Role.PAYER, trace=known.trace, verdict="approved")
    assert world.referral.status is Status.OFFERED


def test_an_appeal_that_is_lost_is_a_denial_again() -> None:
    world = STANDS_AT[Reason.AUTHORIZATION_DENIED]()
    decide(world, "appeal")
    known = world.referral.authorization
    assert known is not None
    world.report(AuthorizationDecided, role=Role.PAYER, trace=known.trace, verdict="denied")
    assert reason_of(world) is Reason.AUTHORIZATION_DENIED
    decide(world, "close:authorization-denied-final")
    notified(world)
    assert world.referral.outcome is Outcome.AUTHORIZATION_DENIED_FINAL


def test_an_appeal_that_nobody_answers_can_be_asked_anew() -> None:
    # Given an appeal whose time ran out
    world = STANDS_AT[Reason.AUTHORIZATION_DENIED]()
    decide(world, "appeal")
    until(world, Reason.AUTHORIZATION_OVERDUE)
    first = world.referral.authorization
    assert first is not None
    # When the team resubmits
    decide(world, "resubmit")
    # Then the payer gets a new request, and not the one that it denied
    second = world.referral.authorization
    assert second is not None
    assert second.trace != first.trace
    assert reason_of(world) is Reason.AUTHORIZATION_DENIED  # it denies this one as well


def test_a_denial_that_comes_after_the_payers_clock_ran_out_is_shown_as_one() -> None:
    # Given a payer that was silent for too long, and a person who looks into it
    world = STANDS_AT[Reason.AUTHORIZATION_OVERDUE]()
    care(world, "claim")
    known = world.referral.authorization
    assert known is not None
    # When it denies after all
    world.report(AuthorizationDecided, role=Role.PAYER, trace=known.trace, verdict="denied")
    # Then the same person sees a denial
    assert reason_of(world) is Reason.AUTHORIZATION_DENIED
    assert world.referral.status is Status.AUTHORIZATION_DENIED_REVIEW
    assert item_of(world).owner == "staff-1"
    assert item_of(world).resume_at is Step.REQUEST_AUTHORIZATION
    decide(world, "override")
    assert world.referral.status is Status.OFFERED


def test_an_approval_after_an_override_holds_nobody_up() -> None:
    # Given a denial that was overridden, an offer accepted, and a patient who wrote something
    world = STANDS_AT[Reason.AUTHORIZATION_DENIED]()
    decide(world, "override")
    accepted(world)
    world.report(PatientReplied, reply="other")
    before, known = world.referral, world.referral.authorization
    assert known is not None
    # When the payer approves after all
    world.report(AuthorizationDecided, role=Role.PAYER, trace=known.trace, verdict="approved")
    # Then that is on record, and the item is what it was
    after = world.referral
    assert after.authorization is not None
    assert after.authorization.status is AuthorizationStatus.APPROVED
    assert after.work_item == before.work_item
    assert after.status is before.status


def test_a_coverage_confirmed_by_phone_does_not_skip_the_authorization() -> None:
    world = STANDS_AT[Reason.ELIGIBILITY_UNCLEAR]()
    decide(world, "confirm-eligible")
    known = world.referral.authorization
    assert known is not None
    assert known.status is AuthorizationStatus.APPROVED
    assert known.number is not None


# --- self-pay -----------------------------------------------------------------------------------


def test_a_patient_who_pays_needs_a_fee_class_where_there_is_a_scale() -> None:
    world = STANDS_AT[Reason.FEE_CLASS_MISSING]()
    with pytest.raises(NotLegal, match="feeClass"):
        decide(world, "self-pay")
    assert reason_of(world) is Reason.FEE_CLASS_MISSING
    decide(world, "self-pay", fee_class="C")
    assert world.referral.self_pay is not None
    assert world.referral.self_pay.fee_class == "C"
    known = world.referral.authorization
    assert known is not None
    assert known.status is AuthorizationStatus.NOT_REQUIRED
    assert world.referral.status is Status.OFFERED


def test_a_consent_that_staff_hold_lets_the_referral_go_on() -> None:
    world = STANDS_AT[Reason.MISSING_INFORMATION]()
    decide(world, "record-consent")
    assert world.referral.consent_recorded
    # What else is missing is still asked for.
    assert world.referral.status is Status.NEEDS_INFORMATION


def test_whoever_is_to_get_what_an_order_lacks_is_told_what_that_is() -> None:
    world = STANDS_AT[Reason.MISSING_INFORMATION]()
    assert world.referral.missing == ("patient.phone", "coverage.member_id")
    said = "is missing (patient phone, coverage member id);"
    assert said in world.referral.status_reason
    world.wait()
    assert world.referral.status_reason.startswith("Overdue.")
    assert said in world.referral.status_reason


def test_coordinators_who_found_a_clinic_can_have_it_asked() -> None:
    # Given a referral that as many clinics declined as the pathway asks
    world = a_world()
    world.directory._records = (*world.directory._records, *more_clinics(world, 3))
    while world.referral.offer is not None:
        world.report(OfferDeclined, offer=world.referral.offers[-1].number)
    assert reason_of(world) is Reason.NO_CANDIDATE
    asked = {o.npi for o in world.referral.offers}
    assert len(asked) == 4
    # When the coordinators retry
    decide(world, "retry")
    # Then one that was not asked yet is
    assert world.referral.status is Status.OFFERED
    assert world.referral.offers[-1].npi not in asked


def more_clinics(world: World, count: int) -> list[object]:
    npi = world.referral.offers[0].npi
    first = next(r for r in world.directory._records if getattr(r, "npi", None) == npi)
    return [
        first.model_copy(update={"npi": f"19998{n:05d}", "organization": f"clinic-x{n}"})
        for n in range(count)
    ]
