"""Put the referral on a team's worklist and wait for a person's decision, however long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from referral_core.domain.errors import NotLegal
from referral_core.domain.lifecycle import Outcome, Party, Status, Step
from referral_core.domain.referral import Referral, WorkItem, change
from referral_core.domain.updates import Update, UpdateKind
from referral_core.domain.work import DESKS, Reason, actions_of, target_of
from referral_core.ports import Directory
from referral_core.steps.await_visit import report_in
from referral_core.steps.request_authorization import authorization_decided
from referral_core.steps.step import (
    ROUTER,
    Draft,
    Moment,
    Recording,
    begun,
    due_after,
    rules,
)

_ABOUT_NOTICE: Final = frozenset({Reason.NOTICE_UNDELIVERED, Reason.NOT_ACKNOWLEDGED})
_BEFORE_ROUTING: Final = frozenset(
    {Status.RECEIVED, Status.NEEDS_INFORMATION, Status.CHECKING_ELIGIBILITY}
)


@dataclass(frozen=True)
class OpenWorkItem:
    """Ends with the name of the step at which the referral goes on."""

    directory: Directory
    name: Step = Step.OPEN_WORK_ITEM
    accepts: frozenset[UpdateKind] = frozenset(
        {
            UpdateKind.DECISION,
            UpdateKind.INFORMATION_SUPPLIED,
            UpdateKind.AUTHORIZATION_DECIDED,
            UpdateKind.REPORT_RECEIVED,
            UpdateKind.VISIT_ATTENDED,
            UpdateKind.NOTICE_DELIVERED,
            UpdateKind.NOTICE_ACKNOWLEDGED,
        }
    )

    def begin(self, referral: Referral, moment: Moment) -> Draft:
        """Open the item; without a reason on record a fault brought the referral here."""
        item = referral.work_item or WorkItem(
            reason=Reason.FAULT,
            opened_at=moment.now,
            resume_at=referral.phase,
            actions=actions_of(Reason.FAULT, referral.phase),
        )
        return begun(referral, self.name, moment, DESKS[item.reason].why, work_item=item)

    def act(self, referral: Referral, moment: Moment) -> Recording:
        """Show it on the team's worklist with its due time."""
        due = due_after(self.directory, referral, moment, rules(referral).work_item_within)
        item = _item(referral)
        desk = DESKS[item.reason]
        return lambda current, at: Draft(
            change(
                current,
                "work-item-opened",
                at=at.now,
                actor=ROUTER,
                why=desk.why,
                due_at=due,
                queue=desk.queue,
                waits_for=Party.STAFF,
                facts={"reason": item.reason.value},
            )
        )

    def answer(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Take the decision, or what came from outside and settles the matter."""
        match update.kind:
            case UpdateKind.DECISION:
                return _decided(referral, update, moment)
            case UpdateKind.INFORMATION_SUPPLIED:
                if referral.status in _BEFORE_ROUTING:
                    return _resumed(referral, update, moment, Step.CHECK_READINESS)
                return _noted(referral, update, moment)
            case UpdateKind.AUTHORIZATION_DECIDED:
                return self._authorization(referral, update, moment)
            case UpdateKind.REPORT_RECEIVED:
                draft = report_in(referral, update, moment, outcome=Step.VERIFY_CLOSURE)
                return _cleared(draft)
            case UpdateKind.VISIT_ATTENDED:
                return _resumed(
                    referral,
                    update,
                    moment,
                    Step.VERIFY_CLOSURE,
                    status=Status.SEEN_AWAITING_REPORT,
                )
            case UpdateKind.NOTICE_DELIVERED | UpdateKind.NOTICE_ACKNOWLEDGED:
                return _notice_settled(referral, update, moment)
            case _:
                return self._overdue(referral, update, moment)

    def _authorization(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        draft = authorization_decided(referral, update, moment)
        if draft.outcome == "authorized":
            return _cleared(Draft(draft.change, outcome=Step.REQUEST_AUTHORIZATION))
        return _noted(referral, update, moment, authorization=draft.change.after.authorization)

    def _overdue(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Draft that nobody decided in time: the item stays, and says so, until somebody does."""
        due = due_after(self.directory, referral, moment, rules(referral).work_item_within)
        return Draft(
            change(
                referral,
                "work-item-overdue",
                at=moment.now,
                actor=update.actor,
                why=f"Overdue. {DESKS[_item(referral).reason].why}",
                due_at=due,
                queue=referral.queue,
                waits_for=Party.STAFF,
            )
        )


def _item(referral: Referral) -> WorkItem:
    if referral.work_item is None:
        raise ValueError("no work item is open")
    return referral.work_item


def _decided(referral: Referral, update: Update, moment: Moment) -> Draft:
    item, action = _item(referral), str(update.facts.get("action") or "")
    target = target_of(item.reason, action, item.resume_at)
    if target is None:
        raise NotLegal(f"{action!r} is not among the actions: {', '.join(item.actions)}.")
    if action.startswith("close:"):
        outcome = Outcome(action.removeprefix("close:"))
        return _resumed(referral, update, moment, target, closing=outcome)
    if item.reason in _ABOUT_NOTICE and referral.notice is not None:
        # Sent once more, under the next number.
        unread = referral.notice.model_copy(update={"undeliverable": True})
        return _resumed(referral, update, moment, target, notice=unread)
    if action == "self-pay":
        return _resumed(referral, update, moment, target, eligibility=None)
    if action == "visit-attended":
        return _resumed(referral, update, moment, target, status=Status.SEEN_AWAITING_REPORT)
    if target is Step.CONTACT_PATIENT:
        return _resumed(referral, update, moment, target, contacts_before=len(referral.contacts))
    return _resumed(referral, update, moment, target)


def _notice_settled(referral: Referral, update: Update, moment: Moment) -> Draft:
    """Draft that a notice arrived, or was acknowledged, while a person looked into it."""
    notice = referral.notice
    if notice is None or update.facts.get("notice") != notice.number:
        return _noted(referral, update, moment)
    acknowledged = update.kind is UpdateKind.NOTICE_ACKNOWLEDGED
    settled = notice.model_copy(
        update={
            "delivered_at": notice.delivered_at or moment.now,
            "acknowledged_at": moment.now if acknowledged else notice.acknowledged_at,
            "undeliverable": False,
        }
    )
    if _item(referral).reason not in _ABOUT_NOTICE:
        return _noted(referral, update, moment, notice=settled)
    return _resumed(referral, update, moment, Step.VERIFY_CLOSURE, notice=settled)


def _resumed(
    referral: Referral,
    update: Update,
    moment: Moment,
    target: Step,
    *,
    status: Status | None = None,
    **regions: Any,
) -> Draft:
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


def _noted(referral: Referral, update: Update, moment: Moment, **regions: Any) -> Draft:
    """Draft that something is on record now; the item still needs a person."""
    return Draft(
        change(
            referral,
            f"{update.kind}-noted",
            at=moment.now,
            actor=update.actor,
            why=referral.why,
            due_at=referral.due_at,
            queue=referral.queue,
            waits_for=referral.waits_for,
            facts=update.facts,
            **regions,
        )
    )


def _cleared(draft: Draft) -> Draft:
    after = draft.change.after.model_copy(update={"work_item": None})
    return Draft(draft.change.model_copy(update={"after": after}), outcome=draft.outcome)
