"""Check that the order holds what its pathway needs; ask the right party for what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from referral_core.domain.clinical_content import missing
from referral_core.domain.events import EventKind, StepFacts, WorkItemFacts
from referral_core.domain.lifecycle import End, Next, Outcome, Status, Step
from referral_core.domain.referral import NoticeTopic
from referral_core.domain.updates import Update, UpdateKind
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, draft, open_work_item, start_draft
from referral_core.lifecycle.step import Reacting, Reaction, Recorder


def _look_again(case: Case, update: Update) -> Draft:
    is_late = update.kind is UpdateKind.DEADLINE
    return draft(
        case,
        EventKind.INFORMATION_OVERDUE if is_late else EventKind.INFORMATION_SUPPLIED,
        "Checking the order again.",
        then=Step.CHECK_READINESS,
        by=update,
    )


@dataclass(frozen=True)
class CheckReadiness(Reacting):
    """Goes on once the order is complete; waits for the referrer and is entered again."""

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
    reactions: ClassVar[Mapping[UpdateKind, Reaction]] = {
        UpdateKind.INFORMATION_SUPPLIED: _look_again
    }

    def on_deadline(self, case: Case, update: Update) -> Draft:
        """Look again: the time for an answer is up."""
        return _look_again(case, update)

    def start(self, case: Case) -> Draft:
        """Record that the content is being checked."""
        return start_draft(case, self.name, "Checking that the order is complete.")

    def execute(self, case: Case) -> Recorder:
        """Compare the content with what the pathway requires."""
        readiness = case.rules.readiness
        if case.content.patient.deceased:
            return _deceased
        consented = case.referral.consent_recorded
        absent = missing(case.content, readiness.required, consented=consented)
        if not absent:
            return _ready
        asked = [fact for fact in absent if fact not in readiness.asked_of_staff]
        if not asked or case.referral.information_requests >= readiness.asks:
            return lambda current: _to_staff(current, absent)
        return lambda current: _requested(current, absent)


def _ready(case: Case) -> Draft:
    return draft(
        case,
        EventKind.READINESS_CONFIRMED,
        "The order is complete.",
        then=Step.CHECK_ELIGIBILITY,
        missing=(),
    )


def _to_staff(case: Case, absent: tuple[str, ...]) -> Draft:
    return open_work_item(
        case,
        Reason.MISSING_INFORMATION,
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
        f"The order lacks {', '.join(absent)}; the referrer is to supply it.",
        due_at=case.due_after(case.rules.readiness.ask_again_after),
        status=Status.NEEDS_INFORMATION,
        facts=StepFacts(missing=absent),
        missing=absent,
        information_requests=referral.information_requests + 1,
        notices=referral.with_notice(case.now, NoticeTopic.INFORMATION_NEEDED),
    )


def _deceased(case: Case) -> Draft:
    return draft(
        case,
        EventKind.PATIENT_DECEASED,
        "The patient has died; the referrer is told.",
        then=Step.VERIFY_CLOSURE,
        status=Status.CANCEL_REQUESTED,
        proposed_outcome=Outcome.DECEASED_OR_MOVED,
    )
