"""A report that arrives while the closure is verified: it closes the loop, or says what lacks."""

from __future__ import annotations

from typing import Final

from referral_core.domain.change import Regions
from referral_core.domain.events import EventKind
from referral_core.domain.lifecycle import Outcome, Party, Status, Step
from referral_core.domain.referral import NoticeTopic, Report
from referral_core.domain.updates import ReportReceived
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, draft
from referral_core.lifecycle.evidence import report_due
from referral_core.lifecycle.reactions.report import facts_of, is_wanted, report_of

_CAME: Final = {
    True: "One of the documents that close the loop is in, another one is missing",
    False: "A document came that does not close the loop",
}


def received_while_verifying(case: Case, update: ReportReceived) -> Draft:
    """Draft the report's arrival; one that closes the loop goes to the referrer at once."""
    report, referral = report_of(case, update), case.referral
    known = case.of(referral.but(reports=(*referral.reports, report)))
    if not report.sufficient and not report.critical:
        return _insufficient(known, update, report)
    # A critical result is for a clinician first: the step is entered again and sees to it.
    return draft(
        known,
        EventKind.REPORT_RECEIVED,
        "The report is in; the referring provider gets the notice of it.",
        due_at=case.due_after(case.rules.closure.notice_within),
        then=Step.VERIFY_CLOSURE if report.critical else None,
        by=update,
        status=Status.REPORT_RECEIVED,
        waits_for=Party.ROUTER,
        facts=facts_of(report),
        **(_reviewed_first(report) if report.critical else _completed(known)),
    )


def _insufficient(case: Case, update: ReportReceived, report: Report) -> Draft:
    referral = case.referral
    notified = referral.notice is not None
    partial = report.final and is_wanted(case, report)  # one of several documents
    back = referral.status is Status.REPORT_RECEIVED and not notified
    reason = referral.status_reason if notified else f"{_CAME[partial]}; the report is awaited."
    return draft(
        case,
        EventKind.REPORT_RECEIVED if partial else EventKind.REPORT_INSUFFICIENT,
        reason,
        due_at=referral.due_at if notified else report_due(case),
        by=update,
        status=Status.SEEN_AWAITING_REPORT if back else None,
        facts=facts_of(report),
    )


def _reviewed_first(report: Report) -> Regions:
    """Return what a critical report changes: if it suffices, the visit is what closes the loop."""
    return {"proposed_outcome": None} if report.sufficient else {}


def _completed(case: Case) -> Regions:
    outcome = Outcome.COMPLETED_REPORT_ACKNOWLEDGED
    notices = case.referral.with_notice(case.now, NoticeTopic.CLOSURE, outcome)
    return {"proposed_outcome": outcome, "notices": notices}
