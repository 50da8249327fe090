"""Documents by address: told of, never fetched; the place of an upload is no order's."""

from __future__ import annotations

import json

import pytest

from referral_core.fhir.errors import FhirError
from referral_core.fhir.systems import UPLOAD
from tests.in_memory import World
from tests.unit.fhir.orders import Json, a_bundle, an_order, bundled_order

PLACES = [
    "https://ehr.example.org/fhir/Binary/77",
    "http://169.254.169.254/latest/meta-data",
    "http://[::ffff:10.0.0.1]/x",
    "file:///etc/passwd",
    "Binary/another",
]


def a_letter(url: str, **attachment: str) -> Json:
    content = [{"attachment": {"contentType": "application/pdf", "url": url, **attachment}}]
    return {"resourceType": "DocumentReference", "id": "d", "status": "current", "content": content}


def an_order_with(letter: Json) -> Json:
    order = an_order(supportingInfo=[{"reference": "#d"}])
    return {**order, "contained": [*order["contained"], letter]}


def told(body: Json) -> list[str]:
    return [issue.own_code for issue in World.read(json.dumps(body).encode()).warnings]


@pytest.mark.parametrize("url", PLACES)
def test_of_a_document_by_address_its_sender_is_told_that_it_is_not_fetched(url: str) -> None:
    assert told(an_order_with(a_letter(url))) == ["document-not-fetched"]


def test_of_what_is_sent_along_nobody_is_told() -> None:
    assert told(an_order_with(a_letter("https://x.example.org/1", data="QQ=="))) == []
    binary = {"resourceType": "Binary", "id": "b", "contentType": "application/pdf", "data": "QQ=="}
    order = bundled_order(supportingInfo=[{"reference": "DocumentReference/d"}])
    assert told(a_bundle(*order, a_letter("Binary/b"), binary)) == []


@pytest.mark.parametrize("contained", [True, False])
@pytest.mark.parametrize("element", ["url", "valueUrl", "valueUri"])
def test_an_upload_is_found_wherever_it_is_named(*, contained: bool, element: str) -> None:
    letter = a_letter("https://x.example.org/1", data="QQ==")
    letter["extension"] = [{"url": "urn:scan", element: f"{UPLOAD}{'A' * 64}"}]
    if element == "url":
        letter = a_letter(f"{UPLOAD}{'A' * 64}", contentType="application/pdf")
    bundle = a_bundle(*bundled_order(supportingInfo=[{"reference": "DocumentReference/d"}]), letter)
    body = an_order_with(letter) if contained else bundle
    intake = World.read(json.dumps(body).encode())
    (named,) = intake.uploads
    assert (named.literal, named.sha256) == (f"{UPLOAD}{'A' * 64}", "a" * 64)
    assert (named.path or "").endswith(element)
    assert intake.warnings == ()


def test_an_upload_is_found_in_what_an_order_contains_and_does_not_lead_to() -> None:
    order = an_order()
    letter = a_letter(f"{UPLOAD}{'a' * 64}")
    body = {**order, "contained": [*order["contained"], letter]}
    (named,) = World.read(json.dumps(body).encode()).uploads
    assert named.sha256 == "a" * 64


def test_what_another_patient_has_uploaded_is_none_of_the_orders() -> None:
    other = {"resourceType": "Patient", "id": "other", "name": [{"family": "Else"}]}
    letter = {**a_letter(f"{UPLOAD}{'a' * 64}"), "subject": {"reference": "Patient/other"}}
    body = a_bundle(*bundled_order(), other, letter)
    assert World.read(json.dumps(body).encode()).uploads == ()


@pytest.mark.parametrize(
    ("url", "is_taken"),
    [
        ("ServiceRequest", True),
        ("/ServiceRequest", True),
        ("https://router.example.org/fhir/ServiceRequest", True),
        ("ServiceRequest?identifier=x", True),
        ("Patient", False),
        ("fhir/Patient/1", False),
    ],
)
def test_the_url_of_an_entry_names_the_type_of_its_resource(url: str, *, is_taken: bool) -> None:
    bundle = a_bundle(*bundled_order(), kind="transaction")
    bundle["entry"][0]["request"]["url"] = url
    if is_taken:
        told(bundle)
        return
    with pytest.raises(FhirError) as refused:
        told(bundle)
    assert refused.value.issues[0].own_code == "request-url-differs"
