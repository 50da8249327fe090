"""What ends a referral from outside, the same in every wait."""

from __future__ import annotations

from referral_core.domain.events import ClosureFacts, EventKind
from referral_core.domain.lifecycle import Outcome, Status, Step
from referral_core.domain.updates import Ending, Superseded
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, draft, open_work_item, record_only
from referral_core.lifecycle.reactions.elsewhere import destination


def ended(case: Case, update: Ending) -> Draft:
    """Draft what ends a referral: cancelled, seen elsewhere, deceased, ….

    When the report is already in, the care was given: the update is recorded only. That it was
    given elsewhere contradicts the report, and a person finds out which of them is true.
    """
    referral, outcome = case.referral, update.ends_with
    if outcome is None:
        raise TypeError(f"{update.kind} ends nothing")
    if referral.report is not None and outcome is Outcome.CARE_RECEIVED_ELSEWHERE:
        return open_work_item(case, Reason.ENDING_CONTRADICTED, by=update)
    if referral.report is not None and outcome is not Outcome.ENTERED_IN_ERROR:
        return record_only(case, update, EventKind.CANCELLATION_TOO_LATE)
    successor = update.by if isinstance(update, Superseded) else referral.superseded_by
    return draft(
        case,
        EventKind.CANCEL_REQUESTED,
        "The referral is no longer needed; the clinic and the referrer are told.",
        then=Step.VERIFY_CLOSURE,
        by=update,
        status=Status.CANCEL_REQUESTED,
        facts=ClosureFacts(
            outcome=outcome,
            reason=update.reason,
            **destination(case, getattr(update, "performer", None)),
        ),
        proposed_outcome=outcome,
        superseded_by=successor,
        work_item=None,
    )
