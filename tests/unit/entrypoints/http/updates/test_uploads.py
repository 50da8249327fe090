"""Large documents: a place to upload them to, then a resource that names what was uploaded."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest

from referral_core.domain.lifecycle import Status
from referral_core.domain.updates import AppointmentFulfilled
from referral_core.domain.upload import LARGEST, Uploaded
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import accepted, agreed, booked
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.fhir.orders import Json
from tests.unit.fhir.partners import a_document

SCAN = b"%PDF-1.7 " + b"a large scan" * 1000
DIGEST = hashlib.sha256(SCAN).hexdigest()
ADDRESS = f"urn:referral-router:upload:{DIGEST}"
UPLOAD = "/fhir/DocumentReference/$upload"
ABOUT_IT = {"related": [{"reference": f"ServiceRequest/{REFERRAL}"}]}


@pytest.fixture
def api() -> ApiClient:
    api = ApiClient(World())
    api.world.accept("happy-path")
    api.world.settle()
    for act in (accepted, agreed, booked):
        act(api.world)
    api.world.report(AppointmentFulfilled)
    return api


def asked(api: ApiClient, client: str = "clinic-1", **changed: Json | None) -> Reply:
    known: dict[str, Json | None] = {
        "sha256": {"valueString": DIGEST},
        "size": {"valueUnsignedInt": len(SCAN)},
        "contentType": {"valueCode": "application/pdf"},
        **changed,
    }
    parameters = [{"name": name, **value} for name, value in known.items() if value is not None]
    body = {"resourceType": "Parameters", "parameter": parameters}
    return api.call("POST", UPLOAD, body, client=client)


def value(reply: Reply, name: str) -> Any:
    found = next(p for p in reply.body["parameter"] if p["name"] == name)
    return next(v for k, v in found.items() if k != "name")


def named(api: ApiClient, client: str = "clinic-1", **attachment: Any) -> Reply:
    sent = {"contentType": "application/pdf", "url": ADDRESS, **attachment}
    body = a_document(content=[{"attachment": sent}], context=ABOUT_IT)
    return api.call("POST", "/fhir/DocumentReference", body, client=client)


def uploads(api: ApiClient, content: bytes = SCAN, sender: str = "clinic-1") -> None:
    """Lay what a partner PUTs where it was told to."""
    api.documents.staged[TENANT, sender, DIGEST] = Uploaded(content, "application/pdf")


def test_a_place_is_offered_with_its_headers_and_its_end(api: ApiClient) -> None:
    reply = asked(api)
    assert reply.status == 200, reply.body
    assert value(reply, "method") == "PUT"
    assert value(reply, "url").startswith("https://")
    assert {p["name"] for p in value(reply, "headers")} == {"Content-Type"}
    assert value(reply, "expires") > "2026"
    assert value(reply, "attachmentUrl") == ADDRESS
    kept = datetime.fromisoformat(value(reply, "keptUntil"))
    left = kept - datetime.fromisoformat(value(reply, "expires"))
    assert timedelta(days=29) < left < timedelta(days=30)


@pytest.mark.parametrize("about", [ABOUT_IT, {}])
def test_an_author_is_told_how_a_document_goes_with_its_order(api: ApiClient, about: Json) -> None:
    body = a_document(context=about)
    reply = api.call("POST", "/fhir/DocumentReference", body, client="ehr-1")
    assert reply.status == 403
    says = reply.body["issue"][0]["diagnostics"]
    assert "PUT the ServiceRequest" in says
    assert "$upload" in says
    stranger = api.call("POST", "/fhir/DocumentReference", body, client="payer-1")
    assert stranger.status == 403
    assert "PUT the ServiceRequest" not in stranger.body["issue"][0]["diagnostics"]


def test_what_was_uploaded_joins_the_referral(api: ApiClient) -> None:
    uploads(api)
    reply = named(api, size=len(SCAN))
    assert (reply.status, reply.code) == (201, "recorded")
    assert api.documents.stored[TENANT, DIGEST] == (SCAN, "application/pdf")
    assert api.world.referral.status is Status.REPORT_RECEIVED
    assert api.world.referral.reports[-1].sha256 == DIGEST
    assert named(api).code == "duplicate"


def test_a_result_may_be_uploaded_too(api: ApiClient) -> None:
    uploads(api)
    report = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "11488-4"}]},
        "basedOn": ABOUT_IT["related"],
        "presentedForm": [{"contentType": "application/pdf", "url": ADDRESS}],
    }
    assert api.call("POST", "/fhir/DiagnosticReport", report, client="clinic-1").status == 201
    assert api.world.referral.reports[-1].sha256 == DIGEST


@pytest.mark.parametrize(
    ("content", "sent", "code"),
    [
        (None, {}, "upload-missing"),
        (SCAN + b"!", {}, "upload-differs"),
        (SCAN[:-1], {}, "upload-differs"),
        (SCAN, {"size": 7}, "size-mismatch"),
        (SCAN, {"hash": "Zm9v"}, "hash-mismatch"),
        (SCAN, {"contentType": "text/html"}, "type-differs"),
        (SCAN, {"url": "urn:referral-router:upload:../../other"}, "upload-missing"),
        (SCAN, {"url": f"urn:referral-router:upload:{'a' * 2000}"}, "upload-missing"),
        (SCAN, {"url": "https://files.example.org/scan.pdf"}, "document-not-inline"),
        (SCAN, {"url": "http://169.254.169.254/latest/meta-data"}, "document-not-inline"),
    ],
)
def test_what_is_not_what_its_name_says_is_refused(
    api: ApiClient, content: bytes | None, sent: Json, code: str
) -> None:
    if content is not None:
        uploads(api, content)
    before = api.world.referral
    reply = named(api, **sent)
    assert reply.status in {400, 422}
    assert reply.code == code
    assert api.world.referral == before
    assert (TENANT, DIGEST) not in api.documents.stored


def test_nobody_names_what_another_uploaded(api: ApiClient) -> None:
    uploads(api, sender="clinic-2")
    assert named(api).code == "upload-missing"


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"sha256": {"valueString": "abc"}}, 400),
        ({"sha256": None}, 400),
        ({"size": {"valueUnsignedInt": 0}}, 400),
        ({"size": {"valueUnsignedInt": True}}, 400),
        ({"size": {"valueString": "large"}}, 400),
        ({"size": {"valueUnsignedInt": LARGEST}}, 200),
        ({"size": {"valueUnsignedInt": LARGEST + 1}}, 413),
        ({"contentType": {"valueCode": "pdf"}}, 400),
        ({"contentType": {"valueCode": "application/pdf\nX-Other: 1"}}, 400),
        ({"contentType": None}, 400),
    ],
)
def test_what_is_announced_is_bounded(api: ApiClient, changed: Json, status: int) -> None:
    assert asked(api, **changed).status == status


@pytest.mark.parametrize(
    "body", [{"resourceType": "Parameters"}, {"resourceType": "Parameters", "parameter": "x"}]
)
def test_what_announces_nothing_is_refused(api: ApiClient, body: Json) -> None:
    assert api.call("POST", UPLOAD, body, client="clinic-1").status == 400


def test_a_payer_uploads_nothing(api: ApiClient) -> None:
    assert asked(api, client="payer-1").status == 403
