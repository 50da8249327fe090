from __future__ import annotations

from datetime import UTC, datetime

import pytest

from referral_core.domain.updates import UpdateKind
from referral_core.fhir.errors import FhirError
from referral_core.fhir.partner_updates import (
    Acknowledgement,
    AppointmentUpdate,
    TaskUpdate,
    read_acknowledgement,
    read_appointment,
    read_task_update,
)
from tests.unit.fhir.orders import FHIR_JSON, Json, sent, without_none
from tests.unit.fhir.partners import a_task, a_visit, an_acknowledgement


def task(task_id: str = "r1.b1", **fields: object) -> TaskUpdate:
    return read_task_update(sent(a_task(id=task_id, **fields)), FHIR_JSON, task_id)


def visit(resource: Json, url_id: str | None = None) -> AppointmentUpdate:
    return read_appointment(sent(resource), FHIR_JSON, url_id)


def acknowledged(**fields: object) -> Acknowledgement:
    return read_acknowledgement(sent(without_none(an_acknowledgement(**fields))), FHIR_JSON)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("received", None),
        ("accepted", UpdateKind.OFFER_ACCEPTED),
        ("rejected", UpdateKind.OFFER_DECLINED),
        ("in-progress", None),
        ("on-hold", None),
        ("completed", UpdateKind.SERVICE_ATTESTED),
        ("cancelled", UpdateKind.OFFER_DECLINED),
        ("failed", UpdateKind.OFFER_DECLINED),
    ],
)
def test_a_clinic_answers_an_offer_by_the_tasks_status(
    status: str, kind: UpdateKind | None
) -> None:
    told = task(status=status)
    assert (told.task, told.referral_id, told.offer_number) == ("b", "r1", 1)
    assert (told.kind, told.status) == (kind, status)


def test_the_reason_is_a_code_and_apart_from_it_words() -> None:
    told = task(status="rejected")
    assert told.reason_code == "s|full"
    assert told.reason_text == "No slots"


@pytest.mark.parametrize(
    ("status", "kind"),
    [("cancelled", UpdateKind.CANCEL), ("entered-in-error", UpdateKind.ENTERED_IN_ERROR)],
)
def test_an_ehr_cancels_through_the_coordination_task(status: str, kind: UpdateKind) -> None:
    told = task("r1.a", status=status)
    assert (told.task, told.offer_number, told.kind) == ("a", None, kind)


@pytest.mark.parametrize(
    ("task_id", "body_id", "status", "own_code"),
    [
        ("r1.a", "r1.a", "completed", "task-status-not-accepted"),
        ("r1.b1", "r1.b1", "requested", "task-status-not-accepted"),
        ("r1.b1", "r1.b1", "entered-in-error", "task-status-not-accepted"),
        ("r1.b1", "r1.b2", "accepted", "id-mismatch"),
        ("r1.b1", None, "accepted", "id-mismatch"),
        ("r1", "r1", "accepted", "referral-not-named"),
        ("r1.v1", "r1.v1", "accepted", "referral-not-named"),
        ("r1.b1", "r1.b1", "done", "unknown-code"),
    ],
)
def test_what_a_partner_may_not_say_of_a_task_is_refused(
    task_id: str, body_id: str | None, status: str, own_code: str
) -> None:
    body = sent(without_none(a_task(id=body_id, status=status)))
    with pytest.raises(FhirError) as caught:
        read_task_update(body, FHIR_JSON, task_id)
    assert caught.value.issues[0].own_code == own_code


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("booked", UpdateKind.APPOINTMENT_BOOKED),
        ("arrived", None),
        ("checked-in", None),
        ("pending", None),
        ("fulfilled", UpdateKind.VISIT_ATTENDED),
        ("noshow", UpdateKind.PATIENT_NO_SHOW),
        ("cancelled", UpdateKind.APPOINTMENT_CANCELLED),
        ("entered-in-error", UpdateKind.APPOINTMENT_CANCELLED),
    ],
)
def test_a_clinic_tells_of_the_visit_by_its_status(status: str, kind: UpdateKind | None) -> None:
    told = visit(a_visit(status=status))
    assert (told.referral_id, told.offer_number, told.kind) == ("r1", 1, kind)
    assert told.start == datetime(2026, 3, 9, 15, 0, tzinfo=UTC)
    assert told.end == datetime(2026, 3, 9, 15, 30, tzinfo=UTC)


def test_a_visit_that_we_know_needs_no_reference() -> None:
    known = a_visit(id="r1.v1", basedOn=None, status="fulfilled")
    assert visit(known, "r1.v1").referral_id == "r1"


def test_a_cancelled_visit_needs_no_time() -> None:
    assert visit(a_visit(status="cancelled", start=None, end=None)).start is None


@pytest.mark.parametrize(
    ("fields", "url_id", "own_code", "expression"),
    [
        ({"basedOn": None}, None, "referral-not-named", "Appointment.basedOn"),
        ({"start": None}, None, "missing-time", "Appointment.start"),
        ({"end": None}, None, "missing-time", "Appointment.end"),
        ({"start": "2026-03-09"}, None, "invalid-date", "Appointment.start"),
        ({"status": "kept"}, None, "unknown-code", "Appointment.status"),
        ({"id": "r1.v2"}, "r1.v1", "id-mismatch", "Appointment.id"),
    ],
)
def test_a_visit_of_no_referral_or_without_time_is_refused(
    fields: Json, url_id: str | None, own_code: str, expression: str
) -> None:
    with pytest.raises(FhirError) as caught:
        visit(a_visit(**fields), url_id)
    issue = caught.value.issues[0]
    assert (issue.own_code, issue.expression) == (own_code, expression)


def test_an_acknowledgement_names_its_notice() -> None:
    told = acknowledged()
    assert (told.referral_id, told.notice_number) == ("r1", 1)
    assert told.kind is UpdateKind.NOTICE_ACKNOWLEDGED
    assert told.received_at == datetime(2026, 3, 10, 14, 0, tzinfo=UTC)


def test_an_acknowledgement_may_name_the_order_only() -> None:
    told = acknowledged(inResponseTo=None, basedOn=[{"reference": "ServiceRequest/r1"}])
    assert (told.referral_id, told.notice_number) == ("r1", None)


def test_a_notice_that_was_not_read_is_not_acknowledged() -> None:
    assert acknowledged(status="not-done").kind is None


def test_an_acknowledgement_of_nothing_is_refused() -> None:
    with pytest.raises(FhirError) as caught:
        acknowledged(inResponseTo=None)
    assert caught.value.issues[0].own_code == "referral-not-named"
