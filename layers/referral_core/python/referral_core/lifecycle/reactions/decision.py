"""What a person decides on a work item, and where the referral goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Unpack

from referral_core.domain.effects import Effect
from referral_core.domain.errors import NotLegal
from referral_core.domain.events import EventKind, WorkItemFacts
from referral_core.domain.lifecycle import Outcome, Party, Queue, Status, Step
from referral_core.domain.performer_choice import PerformerChoice
from referral_core.domain.referral import NoticeTopic, Referral, WorkItem
from referral_core.domain.updates import DecisionMade, Reported
from referral_core.domain.work_items import (
    CHECK_AGAIN,
    CHOOSE_PERFORMER,
    CONTACT_AGAIN,
    ENTER_AUTHORIZATION,
    NAME_SERVICE,
    REBOOK,
    RECORD_CALL,
    RECORD_CONSENT,
    ROUTE_AGAIN,
    SELF_PAY,
    Reason,
    closing_action,
    target_of,
)
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.consent import recorded
from referral_core.lifecycle.draft import Draft, draft, open_work_item
from referral_core.lifecycle.outreach.visit_off import called_off
from referral_core.lifecycle.reactions.consequences import (
    Consequences,
    consequences,
    has_booking,
)
from referral_core.lifecycle.reactions.elsewhere import facts_of
from referral_core.lifecycle.reactions.offer import taken_back
from referral_core.lifecycle.reactions.order_change import checked_again
from referral_core.lifecycle.reactions.service import kept, named

_BY_OTHER_UPDATES: Final[Mapping[str, str]] = {
    RECORD_CALL: "result",
    ENTER_AUTHORIZATION: "number",
}
"""Actions that are facts rather than decisions, and what they must say."""
_PATIENTS_OWN: Final = frozenset({Reason.PATIENT_CANCELS, Reason.ANOTHER_TIME_WANTED})
"""What the patient asked for: they know that the visit is off."""
_ABOUT_MESSAGE: Final = frozenset({Reason.MESSAGE_AMBIGUOUS, Reason.MESSAGE_REFUSED})
_DECIDED: Final = {"staff_decisions": 1}
_FOLLOWS: Final[Mapping[Step, str]] = {
    Step.CHECK_READINESS: "the order is checked for what is missing",
    Step.CHECK_ELIGIBILITY: "the payer is asked about the coverage",
    Step.ROUTE_REFERRAL: "a clinic is chosen",
    Step.REQUEST_AUTHORIZATION: "the payer is asked to authorize it",
    Step.OFFER_REFERRAL: "the clinic is asked",
    Step.CONTACT_PATIENT: "the patient is contacted",
    Step.AWAIT_VISIT: "the visit is awaited",
    Step.VERIFY_CLOSURE: "what closes it is verified",
    Step.CLOSE_REFERRAL: "it is closed",
    Step.OPEN_WORK_ITEM: "a person decides",
}
"""What follows a decision, in words of people who know no step by its name."""


def item_of(referral: Referral) -> WorkItem:
    """Return the open work item.

    Raises:
        NotLegal: there is none.
    """
    if referral.work_item is None:
        raise NotLegal("No work item is open for this referral: nothing is to be decided.")
    return referral.work_item


def decided(case: Case, update: DecisionMade) -> Draft:
    """Draft a decision: the referral goes on at the step that the action leads to.

    Raises:
        NotLegal: the action is not among those of the item, or another item was meant.
    """
    referral, action = case.referral, update.action
    item = item_of(referral)
    target = _target(item, update)
    if action == SELF_PAY and not update.fee_class and case.profile.sliding_fee:
        raise NotLegal("Send the class of the sliding fee scale, feeClass, with self-pay.")
    if action == NAME_SERVICE:
        service = named(case, update)
        return resumed(case, target, update, effects=kept(case, update, service), service=service)
    if action == RECORD_CONSENT:
        return resumed(case, target, update, **recorded(case))
    if action == CHOOSE_PERFORMER:
        return _performer_chosen(case, update)
    if action == ROUTE_AGAIN and referral.offer is not None:
        told = item.reason in _PATIENTS_OWN
        return taken_back(case, update, "staff-decision", metered=_DECIDED, known=told)
    if action == CHECK_AGAIN:
        return checked_again(case, update, _DECIDED)
    if action == CONTACT_AGAIN and item.reason in _ABOUT_MESSAGE and has_booking(referral):
        # It was a reminder: the visit stands, and so do its other reminders.
        return resumed(case, Step.AWAIT_VISIT, update)
    if action == REBOOK and has_booking(referral):
        return _to_be_rebooked(case, target, update, item)
    team = case.rules.outreach.evidence.sign_off
    if action == closing_action(Outcome.UNABLE_TO_REACH) and team is not None:
        return _to_be_signed_off(case, update, team)
    return resumed(case, target, update, **consequences(referral, update, item))


def _target(item: WorkItem, update: DecisionMade) -> Step:
    if update.item not in {None, item.opened_at}:
        raise NotLegal("Another work item is open now: read it before you decide.")
    target = target_of(item.reason, update.action, item.resume_at)
    if target is None:
        raise NotLegal(f"{update.action!r} is not among the actions: {', '.join(item.actions)}.")
    if update.action in _BY_OTHER_UPDATES:
        raise NotLegal(f"Send {_BY_OTHER_UPDATES[update.action]!r} with {update.action!r}.")
    return target


def _performer_chosen(case: Case, update: DecisionMade) -> Draft:
    """Draft that a person chose who is asked next: the clinic in hand is told, if there is one."""
    if update.performer is None or update.override is None:
        raise NotLegal("Send performer, an NPI, and override with choose-performer.")
    choice = PerformerChoice(npi=update.performer, override=update.override)
    if case.referral.offer is not None:
        item = case.referral.work_item
        return taken_back(
            case,
            update,
            choice.override,
            metered=_DECIDED,
            performer_choice=choice,
            known=item is not None and item.reason in _PATIENTS_OWN,
        )
    window = len(case.referral.offers)
    return resumed(
        case,
        Step.ROUTE_REFERRAL,
        update,
        performer_choice=choice,
        offers_window_start=window,
    )


def _to_be_signed_off(case: Case, update: DecisionMade, team: Queue) -> Draft:
    """Draft that a person gives the patient up where a clinician must agree first."""
    return open_work_item(
        case,
        Reason.CLOSING_SIGN_OFF,
        by=update,
        queue=team,
        facts=WorkItemFacts(action=update.action),
        metered=_DECIDED,
    )


def resumed(
    case: Case,
    target: Step,
    update: Reported,
    *,
    effects: tuple[Effect, ...] = (),
    **changes: Unpack[Consequences],
) -> Draft:
    """Draft that the work item is settled and the referral goes on at a step."""
    facts = facts_of(case, update) if isinstance(update, DecisionMade) else None
    settled: Consequences = {**changes, "work_item": None}
    return draft(
        case,
        EventKind.DECISION_MADE if facts else EventKind.WORK_ITEM_SETTLED,
        f"The referral goes on: {_FOLLOWS[target]}.",
        then=target,
        by=update,
        waits_for=Party.ROUTER,
        facts=facts,
        metered=_DECIDED if facts else None,
        effects=effects,
        **settled,
    )


def _to_be_rebooked(case: Case, target: Step, update: DecisionMade, item: WorkItem) -> Draft:
    """Draft that the clinic books anew: whoever did not ask for it is told that this is off."""
    visit, notices = called_off(case, known=item.reason in _PATIENTS_OWN), case.referral.notices
    if visit is not None and visit.called_off:
        notices = case.referral.with_notice(case.now, NoticeTopic.VISIT_OFF)
    return resumed(
        case,
        target,
        update,
        appointment=visit,
        notices=notices,
        status=Status.APPOINTMENT_CANCELLED,
    )
