"""What a person decides on a work item, and where the referral goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from referral_core.domain.errors import NotLegal
from referral_core.domain.lifecycle import Outcome, Party, Status, Step
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
    RETRY,
    ROUTE_AGAIN,
    SELF_PAY,
    SIGN_OFF,
    Reason,
    target_of,
)
from referral_core.steps.offer_referral import taken_back
from referral_core.steps.step import Draft, Moment

_BY_OTHER_UPDATES: Mapping[str, str] = {
    RECORD_CALL: "result",
    ENTER_AUTHORIZATION: "number",
}
"""Actions that are facts rather than decisions, and what they must say."""
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
        NotLegal: the action is not among those of the item.
    """
    item, action = item_of(referral), str(update.facts.get("action") or "")
    target = target_of(item.reason, action, item.resume_at)
    if target is None:
        raise NotLegal(f"{action!r} is not among the actions: {', '.join(item.actions)}.")
    if action in _BY_OTHER_UPDATES:
        raise NotLegal(f"Send {_BY_OTHER_UPDATES[action]!r} with {action!r}.")
    if action == ROUTE_AGAIN and referral.offer is not None:
        return taken_back(referral, update, moment, "staff-decision", target.value)
    return resumed(referral, update, moment, target, **_regions(referral, update, item, action))


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
    return {"notices": with_notice_changed(referral, referral.notice.number, **told)}


def _pays_alone(_referral: Referral, update: Update, _item: WorkItem) -> Regions:
    fee_class = update.facts.get("fee_class")
    agreed = SelfPay(fee_class=str(fee_class) if fee_class else None)
    return {"self_pay": agreed, "eligibility": None, "authorization": None}


def _rebooked(referral: Referral, _update: Update, _item: WorkItem) -> Regions:
    visit = referral.appointment
    if visit is None or visit.status != "booked":
        return {}
    cancelled = visit.model_copy(update={"status": "cancelled"})
    return {"appointment": cancelled, "status": Status.VISIT_CANCELLED}


def _new_series(referral: Referral, _update: Update, _item: WorkItem) -> Regions:
    return {
        "contacts_before": len(referral.contacts),
        "outreach_from": None,
        "escalated": False,
    }


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
