from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from referral_core.domain.lifecycle import COMPLETED, Outcome, Status
from referral_core.domain.payers.authorization import Authorization, AuthorizationStatus
from referral_core.domain.referral import Referral, Report
from referral_core.fhir.outbound.tasks import patient_reference, task_a, task_b
from tests.unit.builders import NOW, a_referral
from tests.unit.fhir.orders import Json, a_patient, an_order
from tests.unit.fhir.partners import an_offer, an_offered_referral

BSER = "http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS"


def view_of(task: Json) -> tuple[str, str | None, str]:
    codings = {c["system"]: c for c in task["businessStatus"]["coding"]}
    bser = codings.get(BSER)
    own = codings["https://referral-router.org/fhir/CodeSystem/referral-status"]["code"]
    return task["status"], bser["code"] if bser else None, own


@pytest.mark.parametrize(
    ("status", "view"),
    [
        ("received", ("received", "2.0", "received")),
        ("needs-information", ("received", None, "awaiting-information")),
        ("checking-eligibility", ("in-progress", None, "checking-eligibility")),
        ("awaiting-authorization", ("in-progress", None, "awaiting-authorization")),
        ("authorization-denied-review", ("on-hold", None, "authorization-denied-review")),
        ("scheduled", ("in-progress", "5.1.1", "scheduled")),
        ("noshow", ("in-progress", "5.1.2", "noshow")),
        ("appointment-cancelled", ("in-progress", "5.1.3", "appointment-cancelled")),
        ("seen-awaiting-report", ("in-progress", "5.1.4", "seen-awaiting-report")),
        ("report-received", ("in-progress", "7.0", "report-received")),
        ("cancel-requested", ("in-progress", "5.2", "cancel-requested")),
        ("recipient-declined", ("in-progress", "4.0", "recipient-declined")),
    ],
)
def test_the_coordination_task_shows_the_status(
    status: str, view: tuple[str, str | None, str]
) -> None:
    assert view_of(task_a(a_referral(status=Status(status)))) == view


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.CLOSED])
def test_every_open_status_has_a_view_and_a_due_time(status: Status) -> None:
    task = task_a(a_referral(status=status))
    assert task["status"] in {"received", "in-progress", "on-hold"}
    assert task["restriction"]["period"]["end"] == "2026-03-02T15:05:00.000Z"


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_ends_the_task_and_says_so(outcome: Outcome) -> None:
    task = task_a(a_referral(status=Status.CLOSED, outcome=outcome))
    assert (task["status"] == "completed") == (outcome in COMPLETED)
    assert task["status"] in {"completed", "cancelled", "failed"}
    assert task["statusReason"]["coding"][0]["code"] == outcome
    assert "restriction" not in task


def test_missing_information_after_acceptance_puts_the_task_on_hold() -> None:
    referral = a_referral(status=Status.NEEDS_INFORMATION, offers=(an_offer(status="accepted"),))
    assert task_a(referral)["status"] == "on-hold"


def test_the_task_says_what_is_missing_who_owns_it_and_why() -> None:
    task = task_a(
        a_referral(
            status=Status.NEEDS_INFORMATION,
            missing=("patient.phone",),
            status_reason="The order lacks patient.phone.",
        )
    )
    assert task["input"][0]["valueString"] == "patient.phone"
    assert task["owner"]["identifier"]["value"] == "front-office"
    assert task["statusReason"] == {"text": "The order lacks patient.phone."}
    assert task["focus"] == {"reference": "ServiceRequest/r1"}


def test_the_report_is_named_by_its_hash() -> None:
    report = Report(sha256="ab", loinc="11488-4", received_at=NOW, sufficient=True)
    (output,) = task_a(a_referral(reports=(report,)))["output"]
    assert output["valueReference"]["identifier"]["value"] == "ab"


@pytest.mark.parametrize(
    ("offer_status", "fields", "status"),
    [
        ("open", {"status": "offered"}, "requested"),
        ("declined", {"status": "routing"}, "rejected"),
        ("silent", {"status": "routing"}, "cancelled"),
        ("withdrawn", {"status": "cancel-requested"}, "cancelled"),
        ("accepted", {"status": "accepted"}, "accepted"),
        ("accepted", {"status": "contacting-patient"}, "accepted"),
        ("accepted", {"status": "scheduled"}, "in-progress"),
        ("accepted", {"status": "report-received"}, "completed"),
        (
            "accepted",
            {"status": "closed", "outcome": "completed-report-acknowledged"},
            "completed",
        ),
        ("accepted", {"status": "closed", "outcome": "patient-declined"}, "cancelled"),
    ],
)
def test_an_offers_task_shows_the_offer(offer_status: str, fields: Any, status: str) -> None:
    offer = an_offer(status=offer_status)
    assert task_b(a_referral(offers=(offer,), **fields), offer)["status"] == status


def test_an_offers_task_hangs_on_the_coordination_task_and_belongs_to_the_performer() -> None:
    referral = an_offered_referral()
    task = task_b(referral, an_offer(), "Dr. Iris Vandermeer")
    assert task["id"] == "r1.b1"
    assert task["partOf"] == [{"reference": "Task/r1.a"}]
    assert task["focus"] == {"reference": "ServiceRequest/r1.b1"}
    assert task["owner"]["identifier"]["value"] == "1999900032"
    assert task["owner"]["display"] == "Dr. Iris Vandermeer"


def authorized_for(npi: str) -> Referral:
    authorization = Authorization(
        status=AuthorizationStatus.APPROVED,
        trace="r1-a1",
        performer=npi,
        requested_at=datetime(2026, 3, 2, tzinfo=UTC),
        number="AUTH-7",
        valid_from=date(2026, 3, 2),
    )
    return an_offered_referral(authorization=authorization)


def test_the_performer_gets_the_authorization_that_was_given_for_it_only() -> None:
    task = task_b(authorized_for("1999900032"), an_offer())
    assert task["input"][0]["valueString"] == "AUTH-7"
    assert "input" not in task_b(authorized_for("1999900040"), an_offer())


MRN = {"system": "urn:mrn", "value": "7"}


@pytest.mark.parametrize(
    ("order", "reference"),
    [
        (an_order(subject={"reference": "Patient/1"}), {"reference": "Patient/1"}),
        (
            an_order(contained=[a_patient(identifier=[MRN])]),
            {"type": "Patient", "identifier": MRN},
        ),
        (
            an_order(subject={"reference": "urn:uuid:1", "identifier": MRN}),
            {"type": "Patient", "identifier": MRN},
        ),
        (an_order(), None),
        (an_order(subject={"display": "Somebody"}), None),
    ],
)
def test_the_patient_is_named_where_the_name_holds(order: Json, reference: Json | None) -> None:
    assert patient_reference(order) == reference
    assert task_a(a_referral(), order).get("for") == reference
