"""A 2xx answer is a receipt only where its body does not say otherwise."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from referral_core.adapters.http.client import HttpClient, Response
from referral_core.adapters.http.clinic import HttpClinics
from referral_core.adapters.http.ehr import HttpEhr
from referral_core.adapters.http.taken import require_taken
from referral_core.domain.directory import EhrSystem, Practitioner
from referral_core.domain.errors import Permanent, Refused, Retryable
from referral_core.domain.messages import Message
from tests.unit.builders import TENANT

FHIR = "application/fhir+json"
URL = "https://clinic.example.org/fhir"


def outcome(*severities: str) -> bytes:
    issues = [{"severity": severity, "code": "processing"} for severity in severities]
    return json.dumps({"resourceType": "OperationOutcome", "issue": issues}).encode()


def bundle(*statuses: Any, kind: str = "transaction-response") -> bytes:
    entries = [{"response": {"status": status}} for status in statuses]
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}).encode()


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("", b""),
        (FHIR, b""),
        ("text/html; charset=utf-8", b""),
        ("text/html", b"\r\n"),
        (FHIR, b"{}"),
        (FHIR, b"[]"),
        (FHIR, b'{"resourceType": "Task", "id": "1"}'),
        (FHIR, b'\xef\xbb\xbf{"resourceType": "Task"}'),
        ("text/plain", b"OK"),
        ("application/fhir+xml", b'<Bundle xmlns="http://hl7.org/fhir"/>'),
        (FHIR, outcome()),
        (FHIR, outcome("warning", "information")),
        (FHIR, bundle()),
        (FHIR, bundle("201 Created", "200", "200 OK", "204")),
        (FHIR, bundle("201", "304 Not Modified")),
        (FHIR, bundle("", None, 7, "done")),
        (FHIR, b'{"resourceType": "Bundle", "entry": "none"}'),
        (FHIR, b'{"resourceType": "Bundle", "entry": [1, {"response": []}]}'),
        (FHIR, b'{"resourceType": "OperationOutcome", "issue": [{}]}'),
        (FHIR, b'{"resourceType": "OperationOutcome", "issue": [{"severity": ["error"]}]}'),
    ],
)
def test_what_says_nothing_else_is_a_receipt(content_type: str, body: bytes) -> None:
    require_taken(Response(200, content_type, body), URL)


@pytest.mark.parametrize(
    ("content_type", "body", "error"),
    [
        ("text/html; charset=utf-8", b"<p>Sign in</p>", Permanent),
        (FHIR, b"<!DOCTYPE html><title>Welcome</title>", Permanent),
        ("", b"\r\n  <HTML><body>It works!</body>", Permanent),
        (FHIR, b'{"resourceType": "Bundle", ', Permanent),
        (FHIR, b'{"entry": ' * 100_000, Permanent),
        (FHIR, outcome("error"), Refused),
        (FHIR, outcome("information", "fatal"), Refused),
        (FHIR, bundle("201", "422 Unprocessable"), Refused),
        (FHIR, bundle("201", "412 Precondition Failed"), Refused),
        (FHIR, bundle("409", kind="batch-response"), Refused),
        (FHIR, bundle("403 Forbidden"), Permanent),
        (FHIR, bundle("404"), Permanent),
        (FHIR, bundle("201", "503 Service Unavailable"), Retryable),
        (FHIR, bundle("429"), Retryable),
    ],
)
def test_what_was_not_taken_is_no_receipt(
    content_type: str, body: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error) as raised:
        require_taken(Response(200, content_type, body), URL)
    assert isinstance(raised.value, Refused) is (error is Refused)
    assert str(raised.value).startswith("clinic.example.org")


class Answering(HttpClient):
    """A partner that answers 200 with a page to sign in at."""

    def send(self, *_: Any, **__: Any) -> Response:
        return Response(200, "text/html", b"<html>Sign in</html>")


PERFORMER = Practitioner(
    tenant=TENANT,
    npi="1999901100",
    name="Dr. One",
    specialty="207N00000X",
    organization="clinic-1",
    networks=("*",),
    tier=1,
    latitude=42.26,
    longitude=-71.8,
    weekly_capacity=5,
    clinic_url=URL,
    secret="clinic",
)
EHR = EhrSystem(tenant=TENANT, id="lakeside-ehr", name="Lakeside", notices_url=URL, secret="ehr")


def test_a_clinic_behind_a_page_has_heard_of_no_withdrawal() -> None:
    clinics = HttpClinics(Answering(str))
    with pytest.raises(Permanent):
        clinics.withdraw(PERFORMER, "r1.b1", "cancelled")
    with pytest.raises(Permanent):
        clinics.remind(PERFORMER, "r1.b1", "report")


def test_an_ehr_behind_a_page_shows_no_message() -> None:
    message = Message(
        tenant=TENANT,
        referral_id=None,
        channel="portal",
        to="lakeside-ehr",
        body="Please call us.",
        language="en",
        reference="r1-c1",
        patient={"reference": "Patient/1"},
    )
    with pytest.raises(Permanent):
        HttpEhr(Answering(str), "https://api.example.org").show(
            EHR, message, datetime(2026, 3, 2, tzinfo=UTC)
        )
