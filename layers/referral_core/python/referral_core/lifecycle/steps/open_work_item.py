"""Put the referral on a team's worklist and wait for a person's decision, however long."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from referral_core.domain.events import AuthorizationFacts, EventKind, WorkItemFacts
from referral_core.domain.lifecycle import End, Next, Party, Status, Step
from referral_core.domain.referral import Referral, WorkItem
from referral_core.domain.updates import (
    AuthorizationDecided,
    NoticeAcknowledged,
    NoticeDelivered,
    Update,
    UpdateKind,
)
from referral_core.domain.work_items import WORK_ITEM_POLICIES, Reason, actions_of
from referral_core.lifecycle.authorized_period import has_ended
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, draft, record_only, start_draft
from referral_core.lifecycle.duplicates import with_duplicates
from referral_core.lifecycle.reactions import authorization, notice
from referral_core.lifecycle.reactions.appointment import closing_sentence, is_booked
from referral_core.lifecycle.reactions.decision import item_of, resumed
from referral_core.lifecycle.reactions.open_item import due_of
from referral_core.lifecycle.reactions.patient import unreached_while_booked
from referral_core.lifecycle.reactions.table import REACTIONS
from referral_core.lifecycle.reactions.unasked import with_words
from referral_core.lifecycle.step import Reacting, Reaction, Recorder

_AUTHORIZING: Final = frozenset({Status.AWAITING_AUTHORIZATION, Status.AUTHORIZATION_DENIED_REVIEW})
_BEFORE_ROUTING: Final = frozenset(
    {Status.RECEIVED, Status.NEEDS_INFORMATION, Status.CHECKING_ELIGIBILITY}
)
_ALWAYS: Final = frozenset(
    {
        UpdateKind.DECISION,
        UpdateKind.AUTHORIZATION_DECIDED,
        UpdateKind.REPORT_RECEIVED,
        UpdateKind.SERVICE_ATTESTED,
        UpdateKind.APPOINTMENT_FULFILLED,
        UpdateKind.NOTICE_DELIVERED,
        UpdateKind.NOTICE_ACKNOWLEDGED,
    }
)
_ABOUT_APPOINTMENT: Final = frozenset(
    {UpdateKind.APPOINTMENT_CANCELLED, UpdateKind.APPOINTMENT_NOSHOW}
)


def _authorization(case: Case, update: AuthorizationDecided) -> Draft:
    """Draft the payer's decision; once the referral went on without it, it is recorded only."""
    if case.referral.status not in _AUTHORIZING:
        anew = authorization.revised(case, update)
        item, holds = item_of(case.referral), anew.after.authorization
        holds_again = not has_ended(case.of(anew.after))
        if item.reason is Reason.AUTHORIZATION_ENDED and holds_again:
            return resumed(case, item.resume_at, update, effects=anew.effects, authorization=holds)
        if anew.after.authorization != case.referral.authorization:
            return anew
        return record_only(case, update, authorization=authorization.answered(case, update))
    decided = authorization.decided(case, update)
    known = decided.after.authorization
    if decided.next is None:
        return record_only(case, update, authorization=known)
    if decided.next is Step.OPEN_WORK_ITEM:
        return decided
    # The decision is on record once; the step that asked says what it leads to.
    return draft(
        case,
        EventKind.AUTHORIZATION_DECIDED,
        decided.after.status_reason,
        then=Step.REQUEST_AUTHORIZATION,
        by=update,
        facts=AuthorizationFacts(verdict=update.verdict),
        authorization=known,
        work_item=None,
    )


def _notified(case: Case, update: NoticeDelivered | NoticeAcknowledged) -> Draft:
    """Draft that a notice arrived, or was acknowledged, while a person looked into it."""
    item = item_of(case.referral)
    if item.reason is Reason.NOTICE_UNDELIVERED and not notice.undelivered(case.referral):
        return resumed(case, item.resume_at, update)
    if item.reason is Reason.NOT_ACKNOWLEDGED and notice.is_current(case, update):
        return resumed(case, Step.VERIFY_CLOSURE, update)
    return record_only(case, update)


def _settling(react: Reaction) -> Reaction:
    """Return a reaction that leaves no work item behind when the referral goes on."""

    def settle(case: Case, update: Update) -> Draft:
        reaction = react(case, update)
        if reaction.next in {None, Step.OPEN_WORK_ITEM}:
            return reaction
        return reaction.with_after(reaction.after.but(work_item=None))

    return settle


def _called(case: Case, update: Any) -> Draft:
    react = unreached_while_booked if is_booked(case.referral) else REACTIONS[update.kind]
    return _settling(react)(case, update)


_SETTLED: Final[Mapping[UpdateKind, Callable[[Case, Any], Draft]]] = {
    **{kind: _settling(react) for kind, react in REACTIONS.items()},
    UpdateKind.DECISION: REACTIONS[UpdateKind.DECISION],
    UpdateKind.AUTHORIZATION_DECIDED: _authorization,
    UpdateKind.CONTACT_RECORDED: _called,
    UpdateKind.NOTICE_DELIVERED: _notified,
    UpdateKind.NOTICE_ACKNOWLEDGED: _notified,
}
"""The table of reactions, and "settled"."""


@dataclass(frozen=True)
class OpenWorkItem(Reacting):
    """Goes on at the step that the decision, or what settled the matter, leads to."""

    name: ClassVar[Step] = Step.OPEN_WORK_ITEM
    goes_to: ClassVar[frozenset[Next]] = frozenset(
        {
            Step.CHECK_READINESS,
            Step.CHECK_ELIGIBILITY,
            Step.ROUTE_REFERRAL,
            Step.REQUEST_AUTHORIZATION,
            Step.OFFER_REFERRAL,
            Step.CONTACT_PATIENT,
            Step.AWAIT_VISIT,
            Step.VERIFY_CLOSURE,
            End.SUPERSEDED,
        }
    )
    reactions: ClassVar[Mapping[UpdateKind, Reaction]] = _SETTLED

    def accepted_updates(self, referral: Referral) -> frozenset[UpdateKind]:
        """Accept a decision, and what may settle the matter from outside."""
        item = referral.work_item
        settled = _ALWAYS | (WORK_ITEM_POLICIES[item.reason].also_accepts if item else frozenset())
        return settled | _ABOUT_APPOINTMENT if is_booked(referral) else settled

    def start(self, case: Case) -> Draft:
        """Open the item; without a reason on record a fault brought the referral here."""
        referral = case.referral
        item = referral.work_item or WorkItem(
            reason=Reason.FAULT,
            opened_at=case.now,
            resume_at=referral.current_step,
            actions=actions_of(Reason.FAULT),
        )
        return start_draft(
            case,
            self.name,
            _sentence(case, item.reason),
            queue=referral.queue if referral.work_item else None,
            work_item=item,
        )

    def execute(self, case: Case) -> Recorder:
        """Show it on the team's worklist with its due time."""
        item = item_of(case.referral)
        # What was open before and is shown again is not due any later for that.
        due, reason = item.due_at or due_of(case), item.reason
        policy = WORK_ITEM_POLICIES[reason]
        queue = case.referral.queue if reason is not Reason.FAULT else policy.queue
        return lambda current: draft(
            current,
            EventKind.WORK_ITEM_OPENED,
            _sentence(current, reason),
            due_at=due,
            queue=queue,
            waits_for=Party.STAFF,
            facts=WorkItemFacts(reason=reason),
            work_item=item_of(current.referral).but(due_at=due),
        )

    def on_deadline(self, case: Case, update: Update) -> Draft:
        """Draft that nobody decided in time: the item stays, and says so, until somebody does."""
        due, item = due_of(case), item_of(case.referral)
        late = item.snoozed_until is None or item.due_at is None or case.now >= item.due_at
        if not late and item.due_at is not None:
            due = item.due_at
        prefix = "Overdue. " if late else ""
        return draft(
            case,
            EventKind.WORK_ITEM_OVERDUE if late else EventKind.WORK_ITEM_AWAKE,
            f"{prefix}{_sentence(case, item.reason)}",
            due_at=due,
            by=update,
            queue=case.referral.queue,
            waits_for=Party.STAFF,
            work_item=item.but(snoozed_until=None),
        )


def _sentence(case: Case, reason: Reason) -> str:
    """Return why a person must look, and whom else they must tell something."""
    sentence = WORK_ITEM_POLICIES[reason].status_reason
    if reason is Reason.CLINIC_CLOSED:
        sentence = closing_sentence(case) or sentence
    if reason is Reason.POSSIBLE_DUPLICATE:
        sentence = with_duplicates(case.referral, sentence)
    if reason is Reason.MISSING_INFORMATION:
        absent = ", ".join(re.sub(r"[._]", " ", fact) for fact in case.referral.missing)
        sentence = sentence.replace(" is missing;", f" is missing ({absent});")
    if reason is Reason.NOTICE_UNDELIVERED:
        return sentence
    return with_words(case, notice.with_undelivered(case.referral, sentence))
