"""Documents about the visit: the pathway says whether the loop can be closed with them."""

from __future__ import annotations

from referral_core.domain.events import EventKind, ReportFacts
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.pathway import ClosureRule
from referral_core.domain.referral import Report
from referral_core.domain.updates import ReportReceived
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft, draft, record_only


def received(case: Case, update: ReportReceived) -> Draft:
    """Draft the arrival of a document: it is verified next."""
    referral, report = case.referral, report_of(case, update)
    reports = (*referral.reports, report)
    if not (is_wanted(case, report) or report.critical or _was_seen(case)):
        # A paper that the pathway does not ask for is no proof of a visit.
        return record_only(
            case,
            update,
            EventKind.REPORT_INSUFFICIENT,
            facts=facts_of(report),
            reports=reports,
        )
    return draft(
        case,
        EventKind.REPORT_RECEIVED,
        "The clinic's report is in and is being verified.",
        then=Step.VERIFY_CLOSURE,
        by=update,
        status=Status.REPORT_RECEIVED,
        facts=facts_of(report),
        reports=reports,
        work_item=None,
    )


def is_wanted(case: Case, report: Report) -> bool:
    """Whether the pathway asks for documents of this type."""
    return any(report.loinc in rule.loinc for rule in case.rules.closure.evidence)


def report_of(case: Case, update: ReportReceived) -> Report:
    """Return the report that an update brings."""
    before = {r.loinc for r in case.referral.current_reports if r.final}
    present = {*before, update.loinc} if update.final else before
    return Report(
        sha256=update.sha256,
        loinc=update.loinc,
        received_at=case.now,
        sufficient=update.final and _suffices(case.rules.closure, present),
        final=update.final,
        critical=update.critical,
    )


def facts_of(report: Report) -> ReportFacts:
    """Return what an event says of a report."""
    return ReportFacts(**report.model_dump(exclude={"received_at"}))


def _was_seen(case: Case) -> bool:
    appointment = case.referral.appointment
    return appointment is not None and appointment.status == "fulfilled"


def _suffices(closure: ClosureRule, present: set[str]) -> bool:
    return all(present & set(rule.loinc) for rule in closure.evidence)
