"""Documents about the visit: the pathway says whether the loop can be closed with them."""

from __future__ import annotations

from referral_core.domain.events import EventKind, ReportFacts
from referral_core.domain.lifecycle import Outcome, Status, Step
from referral_core.domain.pathway import ClosureRule
from referral_core.domain.referral import NoticeTopic, Referral, Report
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


def withdrawn(case: Case, update: ReportReceived) -> Draft:
    """Draft that a document was sent in error: what it proved is open again."""
    referral = case.referral
    taken_back = _meant(referral, update)
    if taken_back is None:
        return record_only(case, update)
    reports = _without(case, taken_back)
    known = case.of(referral.but(reports=reports))
    facts = facts_of(reports[referral.reports.index(taken_back)])
    closes = Outcome.COMPLETED_REPORT_ACKNOWLEDGED
    was_proof = referral.proposed_outcome is closes or referral.status is Status.REPORT_RECEIVED
    if not was_proof or any(r.sufficient for r in known.referral.current_reports):
        return record_only(known, update, EventKind.REPORT_INSUFFICIENT, facts=facts)
    told = referral.notice is not None
    verifying = referral.current_step is Step.VERIFY_CLOSURE
    return draft(
        known,
        EventKind.REPORT_INSUFFICIENT,
        "The clinic withdrew its report; another one is awaited.",
        due_at=None if verifying else referral.due_at,
        then=Step.VERIFY_CLOSURE if verifying else None,
        by=update,
        same_owner=not verifying,
        status=Status.SEEN_AWAITING_REPORT,
        facts=facts,
        proposed_outcome=None if referral.proposed_outcome is closes else referral.proposed_outcome,
        notices=referral.with_notice(case.now, NoticeTopic.REPORT_WITHDRAWN)
        if told
        else referral.notices,
    )


def _meant(referral: Referral, update: ReportReceived) -> Report | None:
    """Return the report that is withdrawn: the same content, else the last of its type."""
    there = [r for r in referral.current_reports if not r.withdrawn]
    same = [r for r in there if r.sha256 == update.sha256]
    alike = [r for r in there if update.loinc and r.loinc == update.loinc]
    return next(reversed(same or alike), None)


def _without(case: Case, taken_back: Report) -> tuple[Report, ...]:
    """Return the reports without what one of them proved; the others are weighed again."""
    present = {r.loinc for r in case.referral.current_reports if r.final and r != taken_back}
    suffices = _suffices(case.rules.closure, present)
    return tuple(
        r.but(withdrawn=True, sufficient=False, final=False, critical=False)
        if r == taken_back
        else r.but(sufficient=r.sufficient and suffices)
        for r in case.referral.reports
    )


def facts_of(report: Report) -> ReportFacts:
    """Return what an event says of a report."""
    return ReportFacts(**report.model_dump(exclude={"received_at", "withdrawn"}))


def _was_seen(case: Case) -> bool:
    appointment = case.referral.appointment
    return appointment is not None and appointment.status == "fulfilled"


def _suffices(closure: ClosureRule, present: set[str]) -> bool:
    return all(present & set(rule.loinc) for rule in closure.evidence)
