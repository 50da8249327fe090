"""Check that the order holds what its pathway needs; ask the right party for what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from referral_core.domain.effects import Effect, IndexIdentifier
from referral_core.domain.events import EventKind, StepFacts, WorkItemFacts
from referral_core.domain.lifecycle import End, Next, Outcome, Party, Status, Step
from referral_core.domain.orders.required_facts import CONSENT, SERVICE, missing, not_in_force
from referral_core.domain.orders.search_terms import patient_terms
from referral_core.domain.orders.selection import SelectPathway
from referral_core.domain.referral import NoticeTopic
from referral_core.domain.updates import Update, UpdateKind
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.consent import disclosed, staff_hold_consent
from referral_core.lifecycle.draft import Draft, draft, open_work_item, start_draft
from referral_core.lifecycle.duplicates import told_of, untold_duplicates
from referral_core.lifecycle.reactions.unasked import wrote
from referral_core.lifecycle.step import Reacting, Reaction, Recorder
from referral_core.lifecycle.wanted_service import understood, with_regions

_AUTHOR_LOOKED_AFTER: Final = "30d"
"""How long an author may hold an order back before a person asks whether it is still wanted."""
_ACTIVE_ORDER: Final = "active-order"
"""What is missing where an author holds the order back for long."""


@dataclass(frozen=True)
class CheckReadiness(Reacting):
    """Goes on once the order is complete; waits for the referrer and is entered again.

    Attributes:
        select_pathway: of this release's pathways.
    """

    select_pathway: SelectPathway
    name: ClassVar[Step] = Step.CHECK_READINESS
    goes_to: ClassVar[frozenset[Next]] = frozenset(
        {
            Step.CHECK_ELIGIBILITY,
            Step.CHECK_READINESS,
            Step.VERIFY_CLOSURE,
            Step.OPEN_WORK_ITEM,
            End.SUPERSEDED,
        }
    )

    reactions: ClassVar[Mapping[UpdateKind, Reaction]] = {UpdateKind.PATIENT_REPLIED: wrote}

    def on_deadline(self, case: Case, update: Update) -> Draft:
        """Look again: the time for an answer is up; a person asks about an order held back."""
        if case.content.waits_for is not None:
            return _to_staff(case, (_ACTIVE_ORDER,), by=update)
        return draft(
            case,
            EventKind.INFORMATION_OVERDUE,
            "Checking the order again.",
            then=Step.CHECK_READINESS,
            by=update,
        )

    def start(self, case: Case) -> Draft:
        """Record that the content is being checked."""
        return start_draft(
            case, self.name, "Checking that the order is complete.", effects=_found_by(case)
        )

    def execute(self, case: Case) -> Recorder:
        """Read which service is wanted, and compare the content with what its pathway requires."""
        if case.content.patient.deceased:
            return _deceased
        waits_for = case.content.waits_for
        if waits_for is not None:
            return lambda current: _awaited(current, waits_for)
        regions = understood(case, self.select_pathway)
        recorder = self._checked(case.of(case.referral.but(**regions)))
        return with_regions(recorder, regions)

    def _checked(self, case: Case) -> Recorder:
        if case.referral.service.specialty is None and case.content.service.is_stated:
            return _unclear
        if (opens := _opens_at(case)) is not None:
            return lambda current: _early(current, opens)
        if case.wanted_by is not None and case.wanted_by <= case.now:
            return lambda current: open_work_item(current, Reason.NOT_IN_TIME)
        readiness = case.rules.readiness
        required = _required(case)
        absent = (
            *missing(case.content, required, consented=staff_hold_consent(case)),
            *not_in_force(case.content, required, case.today),
        )
        if not absent:
            found = untold_duplicates(case)
            return (lambda current: told_of(current, found)) if found else _ready
        asked = [f for f in absent if f not in (*readiness.asked_of_staff, CONSENT)]
        if not asked or case.referral.information_requests >= readiness.asks:
            return lambda current: _to_staff(current, absent)
        if (due := _asked_until(case, absent)) is not None:
            return lambda current: _answer_awaited(current, absent, due)
        return lambda current: _requested(current, absent)


def _asked_until(case: Case, absent: tuple[str, ...]) -> datetime | None:
    """Return until when the author's answer to this very question is awaited; None: it is asked."""
    referral = case.referral
    of_this = (n for n in referral.notices if n.topic is NoticeTopic.INFORMATION_NEEDED)
    asked_at = max((n.queued_at for n in of_this), default=None)
    is_answered = asked_at is not None and (referral.revised_at or asked_at) > asked_at
    if referral.status is not Status.NEEDS_INFORMATION or asked_at is None or is_answered:
        return None
    due = case.calendar.after(asked_at, case.rules.readiness.ask_again_after)
    return due if absent == referral.missing and due > case.now else None


def _required(case: Case) -> tuple[str, ...]:
    """Return what must be known: consent too, wherever the order discloses what needs it."""
    service = case.referral.service
    required = set(case.rules.readiness.required)
    if service.specialty is not None:
        required.discard(SERVICE)
    if disclosed(case):
        required.add(CONSENT)
    ordered = dict.fromkeys((*case.rules.readiness.required, CONSENT))
    return tuple(fact for fact in ordered if fact in required)


def _found_by(case: Case) -> tuple[Effect, ...]:
    """Return what lets this patient's referrals be found: by people, and for what names none."""
    group = (case.referral.requisition,) if case.referral.requisition else ()
    terms = patient_terms(case.content.patient)
    return tuple(IndexIdentifier(identifier=each) for each in (*group, *terms))


def _unclear(case: Case) -> Draft:
    """Draft that a person must name the service; what the order lacks besides is told with it."""
    absent = missing(case.content, _required(case), consented=staff_hold_consent(case))
    facts = WorkItemFacts(missing=absent)
    return open_work_item(case, Reason.SERVICE_UNCLEAR, facts=facts, missing=absent)


def _awaited(case: Case, waits_for: str) -> Draft:
    """Draft that nothing may be done yet: whoever looks sees what the author has to do."""
    return draft(
        case,
        EventKind.ORDER_AWAITED,
        waits_for,
        due_at=case.calendar.after(case.now, _AUTHOR_LOOKED_AFTER),
        waits_for=Party.REFERRER,
    )


def _opens_at(case: Case) -> datetime | None:
    """Return when the weeks come into sight in which the order wants the service; None: now."""
    if case.not_before is None:
        return None
    ahead = case.from_then(case.now) - timedelta(weeks=case.rules.routing.weeks_ahead)
    return ahead if ahead > case.now else None


def _early(case: Case, opens: datetime) -> Draft:
    """Draft that nothing is asked of anybody yet; meanwhile the order may change."""
    return draft(
        case,
        EventKind.ORDER_AWAITED,
        "The order wants the service later; it goes on when places of that time are in sight.",
        due_at=min(opens, case.calendar.after(case.now, _AUTHOR_LOOKED_AFTER)),
        waits_for=Party.ROUTER,
    )


def _ready(case: Case) -> Draft:
    return draft(
        case,
        EventKind.READINESS_CONFIRMED,
        "The order is complete.",
        then=Step.CHECK_ELIGIBILITY,
        missing=(),
    )


def _to_staff(case: Case, absent: tuple[str, ...], *, by: Update | None = None) -> Draft:
    return open_work_item(
        case,
        Reason.MISSING_INFORMATION,
        by=by,
        status=Status.NEEDS_INFORMATION,
        facts=WorkItemFacts(missing=absent),
        missing=absent,
        information_requests=0,
    )


def _requested(case: Case, absent: tuple[str, ...]) -> Draft:
    referral = case.referral
    return draft(
        case,
        EventKind.INFORMATION_REQUESTED,
        _lacks(case, absent),
        due_at=case.due_after(case.rules.readiness.ask_again_after),
        status=Status.NEEDS_INFORMATION,
        facts=StepFacts(missing=absent),
        missing=absent,
        information_requests=referral.information_requests + 1,
        notices=referral.with_notice(case.now, NoticeTopic.INFORMATION_NEEDED),
    )


def _answer_awaited(case: Case, absent: tuple[str, ...], due: datetime) -> Draft:
    return draft(
        case,
        EventKind.ORDER_AWAITED,
        _lacks(case, absent),
        due_at=due,
        waits_for=Party.REFERRER,
    )


def _lacks(case: Case, absent: tuple[str, ...]) -> str:
    """Say what was not sent, and what was sent in a form that cannot be used."""
    unread = [fact for fact in absent if fact in case.content.patient.not_understood]
    lacking = [fact for fact in absent if fact not in unread]
    parts = [f"The order lacks {', '.join(lacking)}; the referrer is to supply it."] * bool(lacking)
    if unread:
        parts.append(f"Not understood: {', '.join(unread)}; the referrer is to correct it.")
    return " ".join(parts)


def _deceased(case: Case) -> Draft:
    return draft(
        case,
        EventKind.PATIENT_DECEASED,
        "The patient has died; the referrer is told.",
        then=Step.VERIFY_CLOSURE,
        status=Status.CANCEL_REQUESTED,
        proposed_outcome=Outcome.DECEASED_OR_MOVED,
    )
