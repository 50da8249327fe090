"""What may become of the report, of its notice and of the acknowledgement."""

from __future__ import annotations

from referral_core.domain.updates import (
    DecisionMade,
    NoticeUndeliverable,
    ReportReceived,
    Role,
    ServiceAttested,
)
from referral_core.domain.work_items import Reason
from tests.partner_actions import notified
from tests.unit.timelines.openings import booked, seen, stands_for
from tests.unit.timelines.world import PathwayWorld, at_work_item


def all_goes_well(pathway_id: str) -> PathwayWorld:
    """Everybody answers in time; the loop is closed with the report and its acknowledgement."""
    world = seen(pathway_id)
    world.reports()
    world.referrer_acknowledges()
    return world


def report_never_comes(pathway_id: str) -> PathwayWorld:
    """The patient was seen; the clinic is reminded of the report, then a person gets it."""
    world = seen(pathway_id)
    world.until(at_work_item)
    return world


def report_is_given_up(pathway_id: str) -> PathwayWorld:
    """The report never comes; staff attest that the patient was seen."""
    world = report_never_comes(pathway_id)
    world.decide("close:completed-attested")
    world.referrer_acknowledges()
    return world


def clinic_attests_the_service(pathway_id: str) -> PathwayWorld:
    """The clinic says that the service was done and that no document may be sent."""
    world = booked(pathway_id)
    world.later(24)
    world.report(ServiceAttested, reason="consent-restricted")
    world.referrer_acknowledges()
    return world


def wrong_document_then_the_right_one(pathway_id: str) -> PathwayWorld:
    """A document of another type closes nothing; the report does."""
    world = seen(pathway_id)
    world.later(24)
    world.report(ReportReceived, sha256="f" * 64, loinc="57133-1")
    world.reports()
    world.referrer_acknowledges()
    return world


def result_is_critical(pathway_id: str) -> PathwayWorld:
    """The report holds a critical result: the referrer is alerted, a clinician signs off."""
    world = seen(pathway_id)
    world.sends_document(world.rules.closure.evidence[0].loinc[0], critical=True)
    world.later(0.5)
    world.report(DecisionMade, role=Role.STAFF, action="sign-off")
    world.reports()
    world.referrer_acknowledges()
    return world


def nobody_signs_a_critical_result_off(pathway_id: str) -> PathwayWorld:
    """The critical result stands with the clinicians, overdue within the hour."""
    world = seen(pathway_id)
    world.sends_document(world.rules.closure.evidence[0].loinc[0], critical=True)
    world.wait()
    return world


def notice_does_not_arrive(pathway_id: str) -> PathwayWorld:
    """The EHR takes no notice for three days; staff send it once more, and it is acknowledged."""
    world = seen(pathway_id)
    world.reports()
    world.later(71)
    notice = world.referral.notice
    assert notice is not None
    world.report(NoticeUndeliverable, notice=notice.number)
    assert stands_for(world.referral, Reason.NOTICE_UNDELIVERED)
    world.decide("retry")
    world.referrer_acknowledges()
    return world


def referrer_does_not_acknowledge(pathway_id: str) -> PathwayWorld:
    """The notice is delivered and nobody acknowledges it."""
    world = seen(pathway_id)
    world.reports()
    notified(world)
    world.until(at_work_item)
    return world
