"""Put the referral on a team's worklist and wait for a person's decision, however long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from referral_core.domain.calendar import Span
from referral_core.domain.errors import NotLegal
from referral_core.domain.lifecycle import Party, Status, Step
from referral_core.domain.referral import Referral, WorkItem, change, with_notice_changed
from referral_core.domain.updates import Update, UpdateKind
from referral_core.domain.work import DESKS, SELF_PAY, Reason, actions_of
from referral_core.steps.decisions import decided, item_of, resumed
from referral_core.steps.messaging import Messages
from referral_core.steps.offer_referral import offer_lost
from referral_core.steps.patient_words import (
    AGREED,
    REROUTED,
    called,
    is_booked,
    replied,
    unmoved,
)
from referral_core.steps.request_authorization import authorization_decided
from referral_core.steps.step import (
    AGAIN,
    CLOSING,
    ROUTER,
    WORK_ITEM,
    Draft,
    Moment,
    Recording,
    begun,
    calendar_of,
    due_after,
    noted,
    rules,
)
from referral_core.steps.visits import attended, booked, missed, report_in

_ABOUT_NOTICE: Final = frozenset({Reason.NOTICE_UNDELIVERED, Reason.NOT_ACKNOWLEDGED})
_AUTHORIZING: Final = frozenset({Status.AWAITING_AUTHORIZATION, Status.AUTHORIZATION_DENIED_REVIEW})
_BEFORE_ROUTING: Final = frozenset(
    {Status.RECEIVED, Status.NEEDS_INFORMATION, Status.CHECKING_ELIGIBILITY}
)
_ALWAYS: Final = frozenset(
    {
        UpdateKind.DECISION,
        UpdateKind.INFORMATION_SUPPLIED,
        UpdateKind.AUTHORIZATION_DECIDED,
        UpdateKind.REPORT_RECEIVED,
        UpdateKind.SERVICE_ATTESTED,
        UpdateKind.VISIT_ATTENDED,
        UpdateKind.NOTICE_DELIVERED,
        UpdateKind.NOTICE_ACKNOWLEDGED,
    }
)
_ABOUT_VISIT: Final = frozenset({UpdateKind.APPOINTMENT_CANCELLED, UpdateKind.PATIENT_NO_SHOW})
_AT_ONCE: Final[Mapping[Reason, Span]] = {Reason.CRITICAL_RESULT: "1h"}
"""What cannot wait as long as the pathway's other work items."""
_WHERE: Final = {
    AGREED: Step.AWAIT_VISIT,
    REROUTED: Step.ROUTE_REFERRAL,
    AGAIN: Step.CONTACT_PATIENT,
    CLOSING: Step.VERIFY_CLOSURE,
}
"""Where the referral goes on after the patient's word."""


@dataclass(frozen=True)
class OpenWorkItem:
    """Ends with the name of the step at which the referral goes on."""

    messages: Messages
    name: Step = Step.OPEN_WORK_ITEM

    def accepts(self, referral: Referral) -> frozenset[UpdateKind]:
        """Accept a decision, and what may settle the matter from outside."""
        item = referral.work_item
        settled = _ALWAYS | (DESKS[item.reason].takes if item else frozenset())
        return settled | _ABOUT_VISIT if is_booked(referral) else settled

    def begin(self, referral: Referral, moment: Moment) -> Draft:
        """Open the item; without a reason on record a fault brought the referral here."""
        item = referral.work_item or WorkItem(
            reason=Reason.FAULT,
            opened_at=moment.now,
            resume_at=referral.phase,
            actions=actions_of(Reason.FAULT, referral.phase),
        )
        return begun(
            referral,
            self.name,
            moment,
            DESKS[item.reason].why,
            queue=referral.queue if referral.work_item else None,
            work_item=item,
        )

    def act(self, referral: Referral, moment: Moment) -> Recording:
        """Show it on the team's worklist with its due time."""
        due, item = self._due(referral, moment), item_of(referral)
        desk = DESKS[item.reason]
        queue = referral.queue if item.reason is not Reason.FAULT else desk.queue
        return lambda current, at: Draft(
            change(
                current,
                "work-item-opened",
                at=at.now,
                actor=ROUTER,
                why=desk.why,
                due_at=due,
                queue=queue,
                waits_for=Party.STAFF,
                facts={"reason": item.reason.value},
                work_item=item_of(current).model_copy(update={"due_at": due}),
            )
        )

    def answer(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Take the decision, or what came from outside and settles the matter."""
        match update.kind:
            case UpdateKind.DECISION:
                return self._decided(referral, update, moment)
            case UpdateKind.INFORMATION_SUPPLIED:
                if referral.status in _BEFORE_ROUTING:
                    return resumed(referral, update, moment, Step.CHECK_READINESS)
                return noted(referral, update, moment)
            case UpdateKind.AUTHORIZATION_DECIDED:
                return self._authorization(referral, update, moment)
            case UpdateKind.REPORT_RECEIVED:
                return report_in(referral, update, moment, outcome=Step.VERIFY_CLOSURE)
            case UpdateKind.VISIT_ATTENDED | UpdateKind.SERVICE_ATTESTED:
                return attended(referral, update, moment, outcome=Step.VERIFY_CLOSURE)
            case UpdateKind.APPOINTMENT_CANCELLED | UpdateKind.PATIENT_NO_SHOW:
                return missed(referral, update, moment, outcome=Step.VERIFY_CLOSURE)
            case UpdateKind.NOTICE_DELIVERED | UpdateKind.NOTICE_ACKNOWLEDGED:
                return _notice_settled(referral, update, moment)
            case UpdateKind.DEADLINE:
                return self._overdue(referral, update, moment)
            case _:
                return self._patient(referral, update, moment)

    def _decided(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        pays = update.facts.get("action") == SELF_PAY and not update.facts.get("fee_class")
        if pays and self.messages.directory.tenant(referral.tenant).sliding_fee:
            raise NotLegal("Send the class of the sliding fee scale, feeClass, with self-pay.")
        draft = decided(referral, update, moment)
        if draft.outcome == WORK_ITEM:
            return self._another_reason(draft, referral, moment)
        return draft

    def _authorization(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Draft the payer's word; once the referral went on without it, it is noted only."""
        draft = authorization_decided(referral, update, moment)
        if draft.outcome is None or referral.status not in _AUTHORIZING:
            return noted(referral, update, moment, authorization=draft.change.after.authorization)
        if draft.outcome == WORK_ITEM:
            return self._another_reason(draft, referral, moment)
        # The word is on record once; the step that asked says what it leads to.
        heard = draft.change.event.model_copy(update={"kind": update.kind.value})
        draft = replace(draft, change=draft.change.model_copy(update={"event": heard}))
        return replace(_cleared(draft), outcome=Step.REQUEST_AUTHORIZATION)

    def _patient(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Draft the patient's word, or what the clinic did meanwhile."""
        match update.kind:
            case UpdateKind.APPOINTMENT_BOOKED:
                calendar = calendar_of(self.messages.directory, referral)
                return booked(referral, update, moment, calendar, outcome=Step.AWAIT_VISIT)
            case UpdateKind.OFFER_DECLINED:
                lost = offer_lost(referral, update, moment, "withdrawn")
                return replace(_cleared(lost), outcome=Step.ROUTE_REFERRAL)
            case UpdateKind.CONTACT_RECORDED:
                draft = called(referral, update, moment, self.messages.hours(referral))
            case _:
                draft = replied(referral, update, moment)
        if draft.outcome == WORK_ITEM:
            return self._another_reason(draft, referral, moment)
        if draft.outcome is None:
            return draft
        if draft.outcome == AGAIN and is_booked(referral):
            return unmoved(draft, referral)
        return replace(_cleared(draft), outcome=_WHERE[draft.outcome])

    def _another_reason(self, draft: Draft, referral: Referral, moment: Moment) -> Draft:
        """Keep the item where it is, for the reason that the patient gave now."""
        item, after = item_of(referral), draft.change.after
        due = self._due(after, moment)
        told = item_of(after).model_copy(
            update={"owner": item.owner, "resume_at": item.resume_at, "due_at": due}
        )
        changed = after.model_copy(update={"work_item": told, "due_at": due})
        return Draft(draft.change.model_copy(update={"after": changed}))

    def _due(self, referral: Referral, moment: Moment) -> datetime:
        """Return when somebody must have decided: before the visit that may not take place."""
        within = _AT_ONCE.get(item_of(referral).reason, rules(referral).work_item_within)
        due, visit = due_after(self.messages.directory, referral, moment, within), None
        if is_booked(referral):
            visit = referral.appointment
        return due if visit is None or visit.start <= moment.soon else min(due, visit.start)

    def _overdue(self, referral: Referral, update: Update, moment: Moment) -> Draft:
        """Draft that nobody decided in time: the item stays, and says so, until somebody does."""
        due, item = self._due(referral, moment), item_of(referral)
        late = item.snoozed_until is None or item.due_at is None or moment.now >= item.due_at
        if not late and item.due_at is not None:
            due = item.due_at
        prefix = "Overdue. " if late else ""
        return Draft(
            change(
                referral,
                "work-item-overdue" if late else "work-item-awake",
                at=moment.now,
                actor=update.actor,
                why=f"{prefix}{DESKS[item.reason].why}",
                due_at=due,
                queue=referral.queue,
                waits_for=Party.STAFF,
                work_item=item.model_copy(update={"snoozed_until": None}),
            )
        )


def _notice_settled(referral: Referral, update: Update, moment: Moment) -> Draft:
    """Draft that a notice arrived, or was acknowledged, while a person looked into it."""
    notice = referral.notice
    if notice is None or update.facts.get("notice") != notice.number:
        return noted(referral, update, moment)
    fields: dict[str, Any] = {
        "delivered_at": notice.delivered_at or moment.now,
        "undeliverable": False,
    }
    if update.kind is UpdateKind.NOTICE_ACKNOWLEDGED:
        fields["acknowledged_at"] = moment.now
    settled = with_notice_changed(referral, notice.number, **fields)
    if item_of(referral).reason not in _ABOUT_NOTICE:
        return noted(referral, update, moment, notices=settled)
    return resumed(referral, update, moment, Step.VERIFY_CLOSURE, notices=settled)


def _cleared(draft: Draft) -> Draft:
    after = draft.change.after.model_copy(update={"work_item": None})
    return replace(draft, change=draft.change.model_copy(update={"after": after}))
