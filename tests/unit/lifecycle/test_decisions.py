"""Every action of every work item leads where its policy says; no other is allowed."""

from __future__ import annotations

from typing import Any

import pytest

from referral_core.domain.errors import NotLegal
from referral_core.domain.events import EventKind, OfferFacts, WorkItemFacts
from referral_core.domain.lifecycle import Party, Step
from referral_core.domain.updates import AuthorizationDecided, Role
from referral_core.domain.work_items import (
    CHECK_AGAIN,
    CHOOSE_PERFORMER,
    ENTER_AUTHORIZATION,
    NAME_SERVICE,
    REBOOK,
    RECORD_CALL,
    RETRY,
    ROUTE_AGAIN,
    SELF_PAY,
    WORK_ITEM_POLICIES,
    Reason,
    actions_of,
    target_of,
)
from referral_core.lifecycle.draft import STATES_ENTERED
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import reason_of
from tests.unit.lifecycle.work_item_worlds import STANDS_AT, call, care, decide

STEPS = {step.value for step in Step}
EVERY = [(reason, action) for reason in Reason for action in actions_of(reason)]


def test_every_reason_has_a_policy_and_a_way_to_come_about() -> None:
    assert set(STANDS_AT) == set(WORK_ITEM_POLICIES) == set(Reason)


@pytest.mark.parametrize("reason", list(Reason))
def test_a_reason_puts_the_referral_on_its_queue(reason: Reason) -> None:
    world = STANDS_AT[reason]()
    referral, item = world.referral, world.referral.work_item
    assert item is not None
    assert item.reason is reason
    assert referral.waits_for is Party.STAFF
    # These sentences name the clinic and the date, what the order lacks, and the other order.
    if reason not in {Reason.CLINIC_CLOSED, Reason.MISSING_INFORMATION, Reason.POSSIBLE_DUPLICATE}:
        sentence = WORK_ITEM_POLICIES[reason].status_reason
        assert referral.status_reason.removeprefix("Overdue. ") == sentence
    assert item.actions == actions_of(reason)
    assert item.due_at is not None
    assert item.due_at >= world.clock.now()
    assert referral.due_at <= item.due_at


@pytest.mark.parametrize("reason", [r for r in Reason if r is not Reason.POSSIBLE_DUPLICATE])
def test_the_states_that_a_referral_entered_are_counted(reason: Reason) -> None:
    world = STANDS_AT[reason]()
    # The step that waits is counted with the Choice behind it, which it has yet to enter.
    ahead = STATES_ENTERED[world.referral.current_step] - 1
    counted = sum(e.metered.get("states", 0) for e in world.referrals.events(TENANT, REFERRAL))
    assert counted == len(world.entered()) + ahead


def act(world: World, action: str) -> None:
    """Send what the action needs."""
    known = world.referral.authorization
    if action == RECORD_CALL:
        call(world, "agreed")
    elif action == ENTER_AUTHORIZATION:
        assert known is not None
        fields: dict[str, Any] = {"number": "PHONE-1", "valid_to": "2026-12-31"}
        world.report(
            AuthorizationDecided,
            role=Role.STAFF,
            trace=known.trace,
            verdict="approved",
            review_action="phone",
            **fields,
        )
    else:
        needed: dict[str, dict[str, Any]] = {
            SELF_PAY: {"fee_class": "B"},
            NAME_SERVICE: {"specialty": "207N00000X"},
            CHOOSE_PERFORMER: {"performer": "1999900200", "override": "patient-preference"},
        }
        decide(world, action, **needed.get(action, {}))


def led_to(world: World, entered: int) -> str:
    return next(state for state in world.entered()[entered:] if state in STEPS)


@pytest.mark.parametrize(("reason", "action"), EVERY)
def test_an_action_leads_where_its_policy_says(reason: Reason, action: str) -> None:
    # Given a referral that waits for a person
    world = STANDS_AT[reason]()
    item = world.referral.work_item
    assert item is not None
    before, entered = world.referral, len(world.entered())
    wanted = target_of(reason, action, item.resume_at)
    if action == RECORD_CALL:
        wanted = Step.AWAIT_VISIT  # the patient agreed
    if reason is Reason.CLOSING_SIGN_OFF and action == "sign-off":
        wanted = Step.VERIFY_CLOSURE
    visit = before.appointment
    is_ahead = visit is not None and visit.is_booked and visit.start > world.clock.now()
    is_news = reason not in {Reason.PATIENT_CANCELS, Reason.ANOTHER_TIME_WANTED}
    if is_ahead and is_news and action in {ROUTE_AGAIN, CHECK_AGAIN, REBOOK}:
        wanted = Step.CONTACT_PATIENT  # the patient is told first that the visit is off
    # When the person acts
    act(world, action)
    # Then the referral goes on where the policy says
    assert led_to(world, entered) == wanted
    # And the act is an event with its actor
    events = world.referrals.events(TENANT, REFERRAL)
    (event,) = [e for e in events if e.version == before.version + 1]
    assert event.actor == "staff-1"
    assert str(event.update).startswith("reported-")
    if action not in {RECORD_CALL, ENTER_AUTHORIZATION}:
        if event.kind is EventKind.OFFER_TAKEN_BACK:
            assert isinstance(event.facts, OfferFacts)
            reasons = {
                ROUTE_AGAIN: "staff-decision",
                CHECK_AGAIN: "order-changed",
                CHOOSE_PERFORMER: "patient-preference",
            }
            assert event.facts.reason == reasons[action]
        else:
            assert isinstance(event.facts, WorkItemFacts)
            assert event.facts.action == action
        assert event.metered.get("staff_decisions") == 1
    # And the item is settled, or there is another one, opened now
    after = world.referral
    assert after.work_item is None or after.work_item.opened_at == world.clock.now()
    if action.startswith("close:"):
        assert after.proposed_outcome == action.removeprefix("close:")


@pytest.mark.parametrize("reason", list(Reason))
def test_an_action_of_another_policy_is_refused_and_changes_nothing(reason: Reason) -> None:
    world = STANDS_AT[reason]()
    before = world.referral
    everything = {a for r in Reason for a in actions_of(r)}
    assert before.work_item is not None
    for action in [*sorted(everything - set(before.work_item.actions)), "dance", ""]:
        with pytest.raises(NotLegal):
            decide(world, action)
    for action in (RECORD_CALL, ENTER_AUTHORIZATION):
        with pytest.raises(NotLegal):
            decide(world, action)  # these are facts, and need more than an action
    assert world.referral == before


def test_a_fault_can_be_tried_again_where_it_happened() -> None:
    world = STANDS_AT[Reason.FAULT]()
    entered = len(world.entered())
    assert world.referral.work_item is not None
    assert world.referral.work_item.resume_at is Step.CHECK_ELIGIBILITY
    decide(world, RETRY)
    assert led_to(world, entered) == Step.CHECK_ELIGIBILITY
    assert reason_of(world) is Reason.FAULT, "the payer is still down"


def test_without_a_work_item_nothing_is_decided_and_nothing_cared_for() -> None:
    world = STANDS_AT[Reason.NOT_ELIGIBLE]()
    decide(world, SELF_PAY)
    for word in ("claim", "comment"):
        with pytest.raises(NotLegal, match="No work item"):
            care(world, word)
