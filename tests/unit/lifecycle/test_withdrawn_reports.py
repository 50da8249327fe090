"""A document that was sent in error takes back what it proved."""

from __future__ import annotations

from typing import Any

import pytest

from referral_core.domain.lifecycle import Outcome, Status
from referral_core.domain.referral import NoticeTopic
from referral_core.domain.updates import ReportReceived
from referral_core.fhir.inbound.documents import read_diagnostic_report, read_document
from tests.in_memory import World
from tests.partner_actions import (
    REPORT,
    TO_THE_END,
    accepted,
    acknowledged,
    agreed,
    booked,
    notified,
    reported,
    seen,
)
from tests.unit.fhir.orders import FHIR_JSON, sent
from tests.unit.lifecycle.work_item_worlds import a_world


def after(*acts: Any) -> World:
    world = a_world()
    for act in acts:
        act(world)
    return world


def withdrawn(world: World, **fields: Any) -> None:
    world.report(ReportReceived, **{**REPORT, "withdrawn": True, **fields})


REPORTED = (accepted, agreed, booked, seen, reported)


@pytest.mark.parametrize("acts", [REPORTED, (*REPORTED, notified)])
@pytest.mark.parametrize("sha256", [REPORT["sha256"], "b" * 64])
def test_a_withdrawn_report_closes_no_loop(acts: tuple[Any, ...], sha256: str) -> None:
    world = after(*acts)
    assert world.referral.proposed_outcome is Outcome.COMPLETED_REPORT_ACKNOWLEDGED
    withdrawn(world, sha256=sha256)
    referral = world.referral
    assert (referral.status, referral.proposed_outcome) == (Status.SEEN_AWAITING_REPORT, None)
    assert referral.report is None
    assert referral.notices[-1].topic is NoticeTopic.REPORT_WITHDRAWN
    # The right one closes it all the same.
    reported(world, sha256="c" * 64)
    notified(world)
    acknowledged(world)
    assert world.referral.loop_completed
    assert world.referral.report is not None
    assert world.referral.report.sha256 == "c" * 64


def test_what_proved_nothing_takes_nothing_back() -> None:
    world = after(*REPORTED)
    before = world.referral
    withdrawn(world, sha256="b" * 64, loinc="11506-3")
    assert world.referral.status is before.status
    assert world.referral.reports == before.reports


def test_a_report_beside_another_that_suffices_changes_nothing_when_it_goes() -> None:
    world = after(*REPORTED)
    reported(world, sha256="d" * 64)
    withdrawn(world)
    assert world.referral.proposed_outcome is Outcome.COMPLETED_REPORT_ACKNOWLEDGED
    assert [r.withdrawn for r in world.referral.reports] == [True, False]


def test_on_a_closed_referral_it_is_on_record() -> None:
    world = after(*TO_THE_END)
    withdrawn(world)
    assert world.referral.is_closed


BASE = {"basedOn": [{"reference": "ServiceRequest/r1"}]}
FORM = {"contentType": "text/plain", "data": "QQ=="}


@pytest.mark.parametrize(
    ("status", "withdraws"), [("current", False), ("superseded", False), ("entered-in-error", True)]
)
def test_a_document_in_error_is_withdrawn(status: str, withdraws: bool) -> None:  # noqa: FBT001
    document = {"resourceType": "DocumentReference", "status": status, **BASE}
    read = read_document(sent({**document, "content": [{"attachment": FORM}]}), FHIR_JSON)
    assert read.withdrawn is withdraws
    assert (read.kind_class is ReportReceived) is (withdraws or status == "current")


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_a_result_in_error_is_withdrawn(status: str) -> None:
    result = {"resourceType": "DiagnosticReport", "status": status, "code": {"text": "x"}, **BASE}
    assert read_diagnostic_report(sent({**result, "presentedForm": [FORM]}), FHIR_JSON).withdrawn
