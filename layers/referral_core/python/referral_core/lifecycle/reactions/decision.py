"""What a person decides on a work item, and where the referral goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Unpack

from referral_core.domain.change import Regions
from referral_core.domain.effects import Effect
from referral_core.domain.errors import NotLegal
from referral_core.domain.events import EventKind, WorkItemFacts
from referral_core.domain.lifecycle import Outcome, Party, Queue, Status, Step
from referral_core.domain.payers.authorization import AuthorizationStatus
from referral_core.domain.payers.eligibility import SelfPay
from referral_core.domain.performer_choice import PerformerChoice
from referral_core.domain.referral import Referral, WorkItem
from referral_core.domain.updates import DecisionMade, Reported
from referral_core.domain.work_items import (
    ABOUT_BOOKING,
    ACCEPT_LATER,
    APPEAL,
    APPOINTMENT_FULFILLED,
    CHECK_AGAIN,
    CHOOSE_PERFORMER,
    CONTACT_AGAIN,
    ENTER_AUTHORIZATION,
    KEEP_WAITING,
    NAME_SERVICE,
    NOT_REACHED,
    PATIENT_TOLD,
    REBOOK,
    RECORD_CALL,
    RECORD_CONSENT,
    RESUBMIT,
    RETRY,
    ROUTE_AGAIN,
    SELF_PAY,
    SIGN_OFF,
    Reason,
    closing_action,
    outcome_of,
    target_of,
)
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, draft, open_work_item
from referral_core.lifecycle.outreach.telling import told_by_a_person
from referral_core.lifecycle.outreach.visit_off import called_off
from referral_core.lifecycle.reactions.elsewhere import facts_of
from referral_core.lifecycle.reactions.notice import sent_again
from referral_core.lifecycle.reactions.offer import cancelled_appointment, taken_back
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
ABOUT_NOTICE: Final = frozenset({Reason.NOTICE_UNDELIVERED, Reason.NOT_ACKNOWLEDGED})
"""Reasons that the notice itself settles."""
_DECIDED: Final = {"staff_decisions": 1}


class Consequences(Regions, total=False):
    """What a decision changes of the referral. Attributes: status: the new one."""

    status: Status


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
    if action == CHOOSE_PERFORMER:
        return _performer_chosen(case, update)
    if action == ROUTE_AGAIN and referral.offer is not None:
        told = item.reason in _PATIENTS_OWN
        return taken_back(case, update, "staff-decision", metered=_DECIDED, known=told)
    if action == CHECK_AGAIN:
        return checked_again(case, update, _DECIDED)
    if action == CONTACT_AGAIN and item.reason in _ABOUT_MESSAGE and _has_booking(referral):
        # It was a reminder: the visit stands, and so do its other reminders.
        return resumed(case, Step.AWAIT_VISIT, update)
    if action == REBOOK and _has_booking(referral):
        return _to_be_rebooked(case, target, update, item)
    team = case.rules.outreach.evidence.sign_off
    if action == closing_action(Outcome.UNABLE_TO_REACH) and team is not None:
        return _to_be_signed_off(case, update, team)
    return resumed(case, target, update, **_consequences(referral, update, item))


def _target(item: WorkItem, update: DecisionMade) -> Step:
    if update.item not in {None, item.opened_at}:
        raise NotLegal("Another work item is open now: read it before you decide.")
    target = target_of(item.reason, update.action, item.resume_at)
    if target is None:
        raise NotLegal(f"{update.action!r} is not among the actions: {', '.join(item.actions)}.")
    if update.action in _BY_OTHER_UPDATES:
        raise NotLegal(f"Send {_BY_OTHER_UPDATES[update.action]!r} with {update.action!r}.")
    return target


def _has_booking(referral: Referral) -> bool:
    return referral.appointment is not None and referral.appointment.is_booked


def _performer_chosen(case: Case, update: DecisionMade) -> Draft:
    """Draft that a person chose who is asked next: the clinic in hand is told, if there is one."""
    if update.performer is None or update.override is None:
        raise NotLegal("Send performer, an NPI, and override with choose-performer.")
    choice = PerformerChoice(npi=update.performer, override=update.override)
    if case.referral.offer is not None:
        return taken_back(case, update, choice.override, metered=_DECIDED, performer_choice=choice)
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
    **consequences: Unpack[Consequences],
) -> Draft:
    """Draft that the work item is settled and the referral goes on at a step."""
    facts = facts_of(case, update) if isinstance(update, DecisionMade) else None
    settled: Consequences = {**consequences, "work_item": None}
    return draft(
        case,
        EventKind.DECISION_MADE if facts else EventKind.WORK_ITEM_SETTLED,
        f"The referral goes on with {target}.",
        then=target,
        by=update,
        waits_for=Party.ROUTER,
        facts=facts,
        metered=_DECIDED if facts else None,
        effects=effects,
        **settled,
    )


def _consequences(referral: Referral, update: DecisionMade, item: WorkItem) -> Consequences:
    """Return what a decision changes of the referral."""
    outcome = outcome_of(update.action)
    if outcome is not None:
        return {"proposed_outcome": outcome}
    if item.reason in ABOUT_NOTICE:
        return {"notices": sent_again(referral, update)}
    follow = _CONSEQUENCES.get(update.action)
    return follow(referral, update, item) if follow else {}


def _pays_alone(_referral: Referral, update: DecisionMade, _item: WorkItem) -> Consequences:
    agreed = SelfPay(fee_class=update.fee_class)
    return {"self_pay": agreed, "eligibility": None, "authorization": None}


def _later(referral: Referral, _update: DecisionMade, _item: WorkItem) -> Consequences:
    return {"service": referral.service.but(later_accepted=True)}


def _to_be_rebooked(case: Case, target: Step, update: DecisionMade, item: WorkItem) -> Draft:
    """Draft that the clinic books anew: whoever did not ask for it is told that this is off."""
    return resumed(
        case,
        target,
        update,
        appointment=called_off(case, known=item.reason in _PATIENTS_OWN),
        status=Status.APPOINTMENT_CANCELLED,
    )


def _new_series(referral: Referral, _update: DecisionMade, _item: WorkItem) -> Consequences:
    """Ask the patient anew: what was booked is to be booked again."""
    again: Consequences = {
        "appointment": cancelled_appointment(referral),
        "status": Status.APPOINTMENT_CANCELLED,
    }
    return {
        **(again if _has_booking(referral) else {}),
        "patient_reply": None,
        "contacts_window_start": len(referral.contacts),
        "outreach_from": None,
        "escalated": False,
    }


def _more_clinics(referral: Referral, _update: DecisionMade, item: WorkItem) -> Consequences:
    if item.reason is not Reason.NO_CANDIDATE:
        return {}
    return {"offers_window_start": len(referral.offers)}


def _resubmitted(referral: Referral, _update: DecisionMade, _item: WorkItem) -> Consequences:
    """Ask as if for the first time: an appeal that is waited for no longer is a denial again."""
    known = referral.authorization
    if known is None or known.status is not AuthorizationStatus.APPEALED:
        return {}
    return {"authorization": known.but(status=AuthorizationStatus.DENIED)}


def _signed_off(referral: Referral, _update: DecisionMade, item: WorkItem) -> Consequences:
    if item.reason is Reason.CRITICAL_RESULT:
        return {"reports_reviewed": len(referral.reports)}
    return {"proposed_outcome": Outcome.UNABLE_TO_REACH}


def _appealed(referral: Referral, _update: DecisionMade, _item: WorkItem) -> Consequences:
    known = referral.authorization
    if known is None:
        return {}
    return {"authorization": known.but(status=AuthorizationStatus.APPEALED, due_at=None)}


def _consented(_referral: Referral, _update: DecisionMade, _item: WorkItem) -> Consequences:
    return {"consent_recorded": True}


def _let_stand(referral: Referral, _update: DecisionMade, item: WorkItem) -> Consequences:
    """Let a booking stand as it is: the same reason opens no further item."""
    appointment = referral.appointment
    if appointment is None or item.reason not in ABOUT_BOOKING:
        return {}
    return {"appointment": appointment.but(seen_to=(*appointment.seen_to, item.reason))}


def _told(referral: Referral, update: DecisionMade, _item: WorkItem) -> Consequences:
    reached, visit = update.action == PATIENT_TOLD, referral.appointment
    return {
        "contacts": told_by_a_person(referral, update.received_at, reached=reached),
        "appointment": visit.but(told_off=True) if visit and not referral.is_ending else visit,
    }


def _seen(_referral: Referral, _update: DecisionMade, _item: WorkItem) -> Consequences:
    return {"status": Status.SEEN_AWAITING_REPORT}


_CONSEQUENCES: Final[Mapping[str, Callable[[Referral, DecisionMade, WorkItem], Consequences]]] = {
    ACCEPT_LATER: _later,
    SELF_PAY: _pays_alone,
    APPOINTMENT_FULFILLED: _seen,
    KEEP_WAITING: _let_stand,
    CONTACT_AGAIN: _new_series,
    RETRY: _more_clinics,
    RESUBMIT: _resubmitted,
    RECORD_CONSENT: _consented,
    SIGN_OFF: _signed_off,
    APPEAL: _appealed,
    PATIENT_TOLD: _told,
    NOT_REACHED: _told,
}
"""What an action changes besides the step to go on with."""
