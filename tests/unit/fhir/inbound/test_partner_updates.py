from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from referral_core.domain.updates import (
    AppointmentBooked,
    Ending,
    NoticeAcknowledged,
    OfferDeclined,
    ProgressNoted,
    Role,
    ServiceAttested,
    Update,
    UpdateKind,
)
from referral_core.fhir.errors import FhirError
from referral_core.fhir.inbound.acknowledgements import Acknowledgement, read_acknowledgement
from referral_core.fhir.inbound.partner_updates import (
    AppointmentReport,
    PartnerUpdate,
    read_appointment,
)
from referral_core.fhir.inbound.task_updates import TaskUpdate, read_task_update
from tests.unit.fhir.orders import FHIR_JSON, Json, sent, without_none
from tests.unit.fhir.partners import a_task, a_visit, an_acknowledgement

START = datetime(2026, 3, 9, 15, 0, tzinfo=UTC)
BY_WHOM: Any = {"id": "u1", "actor": "client-1", "role": Role.CLINIC, "received_at": START}


def update_of(read: PartnerUpdate) -> Update:
    return read.as_update(**BY_WHOM)


def task(task_id: str = "r1.b1", **fields: object) -> TaskUpdate:
    return read_task_update(sent(a_task(id=task_id, **fields)), FHIR_JSON, task_id)


def visit(resource: Json, url_id: str | None = None) -> AppointmentReport:
    return read_appointment(sent(resource), FHIR_JSON, START, url_id)


def acknowledged(**fields: object) -> Acknowledgement:
    return read_acknowledgement(sent(without_none(an_acknowledgement(**fields))), FHIR_JSON)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("received", UpdateKind.PROGRESS_NOTED),
        ("accepted", UpdateKind.OFFER_ACCEPTED),
        ("rejected", UpdateKind.OFFER_DECLINED),
        ("in-progress", UpdateKind.PROGRESS_NOTED),
        ("on-hold", UpdateKind.PROGRESS_NOTED),
        ("completed", UpdateKind.SERVICE_ATTESTED),
        ("cancelled", UpdateKind.OFFER_DECLINED),
        ("failed", UpdateKind.OFFER_DECLINED),
    ],
)
def test_a_clinic_answers_an_offer_by_the_tasks_status(status: str, kind: UpdateKind) -> None:
    read = task(status=status)
    assert (read.task, read.referral_id, read.offer_number) == ("b", "r1", 1)
    assert (update_of(read).kind, read.status) == (kind, status)


def test_an_answer_to_an_offer_is_an_update_of_its_own_fields() -> None:
    assert update_of(task(status="rejected")) == OfferDeclined(**BY_WHOM, offer=1, reason="s|full")
    assert update_of(task(status="completed")) == ServiceAttested(
        **BY_WHOM, offer=1, reason="s|full"
    )
    assert update_of(task(status="on-hold")) == ProgressNoted(
        **BY_WHOM, status="on-hold", reason="s|full"
    )


def test_two_statuses_that_are_one_kind_of_update_are_told_apart() -> None:
    occasions = {task(status=s).occasion for s in ("rejected", "cancelled", "failed")}
    assert len(occasions) == 3
    assert task("r1.b1", status="received").occasion != task("r1.b2", status="received").occasion


def test_the_reason_is_a_code_and_apart_from_it_words() -> None:
    read = task(status="rejected")
    assert read.reason == "s|full"
    assert read.reason_text == "No slots"


@pytest.mark.parametrize(
    ("status", "kind"),
    [("cancelled", UpdateKind.CANCEL), ("entered-in-error", UpdateKind.ENTERED_IN_ERROR)],
)
def test_an_ehr_cancels_through_the_coordination_task(status: str, kind: UpdateKind) -> None:
    read = task("r1.a", status=status)
    assert (read.task, read.offer_number, update_of(read).kind) == ("a", None, kind)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("care-received-elsewhere", UpdateKind.CARE_RECEIVED_ELSEWHERE),
        ("deceased", UpdateKind.DECEASED_OR_MOVED),
        ("moved", UpdateKind.DECEASED_OR_MOVED),
        ("no-longer-needed", UpdateKind.CANCEL),
    ],
)
def test_why_an_ehr_ends_a_referral_says_which_end_it_is(code: str, kind: UpdateKind) -> None:
    reason = {"coding": [{"system": "s", "code": code}]}
    update = update_of(task("r1.a", status="cancelled", statusReason=reason))
    assert isinstance(update, Ending)
    assert (update.kind, update.reason) == (kind, f"s|{code}")


NPI = {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1999900100"}


@pytest.mark.parametrize(
    ("code", "named", "performer"),
    [
        ("care-received-elsewhere", {"identifier": NPI}, "1999900100"),
        ("care-received-elsewhere", {"identifier": {**NPI, "system": "http://x"}}, None),
        ("care-received-elsewhere", {"display": "somebody"}, None),
        ("no-longer-needed", {"identifier": NPI}, None),
    ],
)
def test_who_gave_the_care_is_read_from_an_output(
    code: str, named: dict[str, Any], performer: str | None
) -> None:
    reason = {"coding": [{"system": "s", "code": code}]}
    output = [{"type": {"text": "performer"}, "valueReference": named}]
    update = update_of(task("r1.a", status="cancelled", statusReason=reason, output=output))
    assert getattr(update, "performer", None) == performer


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
        ("arrived", UpdateKind.PROGRESS_NOTED),
        ("checked-in", UpdateKind.PROGRESS_NOTED),
        ("pending", UpdateKind.PROGRESS_NOTED),
        ("fulfilled", UpdateKind.APPOINTMENT_FULFILLED),
        ("noshow", UpdateKind.APPOINTMENT_NOSHOW),
        ("cancelled", UpdateKind.APPOINTMENT_CANCELLED),
        ("entered-in-error", UpdateKind.APPOINTMENT_CANCELLED),
    ],
)
def test_a_clinic_reports_on_the_visit_by_its_status(status: str, kind: UpdateKind) -> None:
    read = visit(a_visit(status=status))
    assert (read.referral_id, read.offer_number, update_of(read).kind) == ("r1", 1, kind)
    assert read.start == START
    assert read.end == datetime(2026, 3, 9, 15, 30, tzinfo=UTC)


def test_a_booking_is_an_update_of_its_own_fields() -> None:
    booked = a_visit(id="r1.v2", status="booked")
    assert update_of(visit(booked, "r1.v2")) == AppointmentBooked(
        **BY_WHOM, appointment=2, start=START, utc_offset=-300
    )


def test_the_clinics_own_id_of_an_appointment_is_no_number_of_ours() -> None:
    booked = a_visit(id="their-id", status="booked")
    assert visit(booked, "their-id").appointment_number is None


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
    read = acknowledged()
    assert (read.referral_id, read.notice_number) == ("r1", 1)
    assert update_of(read) == NoticeAcknowledged(**BY_WHOM, notice=1)
    assert read.received_at == datetime(2026, 3, 10, 14, 0, tzinfo=UTC)


def test_an_acknowledgement_that_names_the_order_only_acknowledges_no_notice() -> None:
    read = acknowledged(inResponseTo=None, basedOn=[{"reference": "ServiceRequest/r1"}])
    assert (read.referral_id, read.notice_number) == ("r1", None)
    assert update_of(read).kind is UpdateKind.PROGRESS_NOTED


def test_a_notice_that_was_not_read_is_not_acknowledged() -> None:
    assert update_of(acknowledged(status="not-done")).kind is UpdateKind.PROGRESS_NOTED


def test_an_acknowledgement_of_nothing_is_refused() -> None:
    with pytest.raises(FhirError) as caught:
        acknowledged(inResponseTo=None)
    assert caught.value.issues[0].own_code == "referral-not-named"
