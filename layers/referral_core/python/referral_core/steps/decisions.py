"""What a person decides on a work item, and where the referral goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from referral_core.domain.errors import NotLegal
from referral_core.domain.lifecycle import Outcome, Party, Queue, Status, Step
from referral_core.domain.referral import (
    AuthorizationStatus,
    Referral,
    SelfPay,
    WorkItem,
    change,
    with_notice_changed,
)
from referral_core.domain.updates import Update, UpdateKind
from referral_core.domain.work import (
    APPEAL,
    CONTACT_AGAIN,
    ENTER_AUTHORIZATION,
    RECORD_CALL,
    RECORD_CONSENT,
    RESUBMIT,
    RETRY,
    ROUTE_AGAIN,
    SELF_PAY,
    SIGN_OFF,
    TOLD_ANOTHER_WAY,
    Reason,
    closing_action,
    target_of,
)
from referral_core.steps.offer_referral import taken_back, visit_dropped
from referral_core.steps.step import Draft, Moment, needs_person, rules

_BY_OTHER_UPDATES: Mapping[str, str] = {
    RECORD_CALL: "result",
    ENTER_AUTHORIZATION: "number",
}
"""Actions that are facts rather than decisions, and what they must say."""
_ABOUT_MESSAGE = frozenset({Reason.MESSAGE_AMBIGUOUS, Reason.MESSAGE_REFUSED})
_ABOUT_NOTICE = frozenset({Reason.NOTICE_UNDELIVERED, Reason.NOT_ACKNOWLEDGED})


def item_of(referral: Referral) -> WorkItem:
    """Return the open work item.

    Raises:
        NotLegal: there is none.
    """
    if referral.work_item is None:
        raise NotLegal("No work item is open for this referral: nothing is to be decided.")
    return referral.work_item


def decided(referral: Referral, update: Update, moment: Moment) -> Draft:
    """Draft a decision; its outcome is the step at which the referral goes on.

    Raises:
        NotLegal: the action is not among those of the item, or another item was meant.
    """
    item, action = item_of(referral), str(update.facts.get("action") or "")
    if update.facts.get("item") not in {None, item.opened_at.isoformat()}:
        raise NotLegal("Another work item is open now: read it before you decide.")
    target = target_of(item.reason, action, item.resume_at)
    if target is None:
        raise NotLegal(f"{action!r} is not among the actions: {', '.join(item.actions)}.")
    if action in _BY_OTHER_UPDATES:
        raise NotLegal(f"Send {_BY_OTHER_UPDATES[action]!r} with {action!r}.")
    if action == ROUTE_AGAIN and referral.offer is not None:
        return taken_back(
            referral,
            update,
            moment,
            "staff-decision",
            target.value,
            metered={"staff_decisions": 1},
        )
    visit = referral.appointment
    if (
        action == CONTACT_AGAIN
        and item.reason in _ABOUT_MESSAGE
        and visit != visit_dropped(referral)
    ):
        # It was a reminder: the visit stands, and so do its other reminders.
        return resumed(referral, update, moment, Step.AWAIT_VISIT)
    if action == closing_action(Outcome.UNABLE_TO_REACH):
        team = rules(referral).outreach.evidence.sign_off
        if team is not None:
            return _to_be_signed_off(referral, update, moment, team)
    return resumed(referral, update, moment, target, **_regions(referral, update, item, action))


def _to_be_signed_off(referral: Referral, update: Update, moment: Moment, team: Queue) -> Draft:
    """Draft that a person gives the patient up where a clinician must agree first."""
    return needs_person(
        referral,
        Reason.CLOSING_SIGN_OFF,
        moment,
        actor=update.actor,
        queue=team,
        facts=update.facts,
        metered={"staff_decisions": 1},
    )


Regions = Mapping[str, Any]


def _regions(referral: Referral, update: Update, item: WorkItem, action: str) -> Regions:
    """Return what a decision changes of the referral."""
    if action.startswith("close:"):
        return {"closing": Outcome(action.removeprefix("close:"))}
    if item.reason in _ABOUT_NOTICE:
        return _notice_again(referral, update, action)
    changes = _CHANGES.get(action)
    return changes(referral, update, item) if changes else {}


def _notice_again(referral: Referral, update: Update, action: str) -> Regions:
    """Send the notice once more, under the next number, or take the referrer's word for it."""
    if referral.notice is None:
        return {}
    told: dict[str, Any] = {"acknowledged_at": update.received_at}
    if action == RETRY:
        told = {"undeliverable": True}
    elif action == TOLD_ANOTHER_WAY:
        told = {"delivered_at": update.received_at, "undeliverable": False}
    return {"notices": with_notice_changed(referral, referral.notice.number, **told)}


def _pays_alone(_referral: Referral, update: Update, _item: WorkItem) -> Regions:
    fee_class = update.facts.get("fee_class")
    agreed = SelfPay(fee_class=str(fee_class) if fee_class else None)
    return {"self_pay": agreed, "eligibility": None, "authorization": None}


def _rebooked(referral: Referral, _update: Update, _item: WorkItem) -> Regions:
    dropped = visit_dropped(referral)
    if dropped == referral.appointment:
        return {}
    return {"appointment": dropped, "status": Status.VISIT_CANCELLED}


def _new_series(referral: Referral, update: Update, item: WorkItem) -> Regions:
    """Ask the patient anew: what was booked is to be booked again."""
    return {
        **_rebooked(referral, update, item),
        "patient_answer": None,
        "contacts_before": len(referral.contacts),
        "outreach_from": None,
        "escalated": False,
    }


def _more_clinics(referral: Referral, _update: Update, item: WorkItem) -> Regions:
    if item.reason is not Reason.NO_CANDIDATE:
        return {}
    return {"offers_before": len(referral.offers)}


def _resubmitted(referral: Referral, _update: Update, _item: WorkItem) -> Regions:
    """Ask as if for the first time: an appeal that is waited for no longer is a denial again."""
    known = referral.authorization
    if known is None or known.status is not AuthorizationStatus.APPEALED:
        return {}
    denied = known.model_copy(update={"status": AuthorizationStatus.DENIED})
    return {"authorization": denied}


def _signed_off(referral: Referral, _update: Update, item: WorkItem) -> Regions:
    if item.reason is Reason.CRITICAL_RESULT:
        return {"reviewed": len(referral.reports)}
    return {"closing": Outcome.UNABLE_TO_REACH}


def _appealed(referral: Referral, _update: Update, _item: WorkItem) -> Regions:
    if referral.authorization is None:
        return {}
    appealed = {"status": AuthorizationStatus.APPEALED, "due_at": None}
    return {"authorization": referral.authorization.model_copy(update=appealed)}


_CHANGES: Mapping[str, Callable[[Referral, Update, WorkItem], Regions]] = {
    SELF_PAY: _pays_alone,
    "visit-attended": lambda *_: {"status": Status.SEEN_AWAITING_REPORT},
    "rebook": _rebooked,
    CONTACT_AGAIN: _new_series,
    RETRY: _more_clinics,
    RESUBMIT: _resubmitted,
    RECORD_CONSENT: lambda *_: {"consent_recorded": True},
    SIGN_OFF: _signed_off,
    APPEAL: _appealed,
}
"""What an action changes besides the step to go on with."""


def resumed(
    referral: Referral,
    update: Update,
    moment: Moment,
    target: Step,
    *,
    status: Status | None = None,
    **regions: Any,
) -> Draft:
    """Draft that the work item is settled and the referral goes on at a step."""
    return Draft(
        change(
            referral,
            update.kind.value,
            at=moment.now,
            actor=update.actor,
            why=f"The referral goes on with {target}.",
            due_at=moment.soon,
            status=status,
            waits_for=Party.ROUTER,
            facts=update.facts,
            metered={"staff_decisions": 1} if update.kind is UpdateKind.DECISION else {},
            work_item=None,
            **regions,
        ),
        outcome=target.value,
    )
