"""What goes along arrives as it was sent, under whatever address, to whatever digit."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from referral_core.domain import exact_json
from referral_core.domain.terminology import terminology
from referral_core.fhir.intake import also_sent
from referral_core.fhir.intake.orders import Intake, read_referrals
from referral_core.fhir.links import address_of
from referral_core.fhir.outbound.offers import offer_bundle
from tests.unit.builders import NOW
from tests.unit.fhir.orders import FHIR_JSON, Json, a_bundle, an_order, bundled_order
from tests.unit.fhir.outbound.test_offers import a_payload, a_performer, an_offered_referral

UUID = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
BINARY: Json = {"resourceType": "Binary", "id": "b", "contentType": "text/plain", "data": "QUJD"}


def taken(body: Json | str) -> Intake:
    text = body if isinstance(body, str) else json.dumps(body)
    kind: Any = "bundle" if json.loads(text)["resourceType"] == "Bundle" else "resource"
    (intake, *_) = read_referrals(text.encode(), FHIR_JSON, kind, NOW)
    return intake


def offered(intake: Intake) -> Json:
    return offer_bundle(an_offered_referral(), a_performer(), a_payload(intake))


def of_type(bundle: Json, kind: str) -> list[Json]:
    resources = [entry["resource"] for entry in bundle["entry"]]
    return [one for one in resources if one["resourceType"] == kind]


def a_letter(attachment: Json) -> Json:
    return {
        "resourceType": "DocumentReference",
        "id": "d",
        "status": "current",
        "subject": {"reference": "Patient/pat"},
        "content": [{"attachment": attachment}],
    }


@pytest.mark.parametrize(
    ("url", "at"),
    [
        ("Binary/b", None),
        ("/Binary/b", None),
        ("Binary/b/", None),
        ("Binary/b/_history/2", None),
        ("Binary/b?_format=json", None),
        ("Binary/b#page=2", None),
        ("https://ehr.example.org/fhir/Binary/b", None),
        ("HTTPS://EHR.Example.org/fhir/Binary/b", None),
        ("https://ehr.example.org/fhir/Binary/b/_history/1?_format=json", None),
        (f"urn:uuid:{UUID}", f"urn:uuid:{UUID}"),
        (f"URN:UUID:{UUID.upper()}", f"urn:uuid:{UUID}"),
        (f"urn:uuid:{UUID}", f"urn:uuid:{UUID.upper()}"),
    ],
)
def test_a_letter_leads_to_its_binary_by_whatever_address(url: str, at: str | None) -> None:
    body = a_bundle(*bundled_order(), a_letter({"contentType": "text/plain", "url": url}), BINARY)
    body["entry"][-1]["fullUrl"] = at or body["entry"][-1]["fullUrl"]
    intake = taken(body)
    bundle = offered(intake)
    (binary,), (letter,) = of_type(bundle, "Binary"), of_type(bundle, "DocumentReference")
    assert binary["data"] == "QUJD"
    assert letter["content"][0]["attachment"]["url"] == f"Binary/{binary['id']}"
    assert intake.warnings == ()


def test_another_servers_letter_is_not_taken_for_this_one() -> None:
    letter = a_letter({"contentType": "text/plain", "url": "https://else.example.org/Binary/b"})
    intake = taken(a_bundle(*bundled_order(), letter, BINARY))
    assert [warning.own_code for warning in intake.warnings] == ["document-not-fetched"]


def test_an_address_is_compared_in_time_that_grows_with_its_length() -> None:
    for strange in ("#\n", "/", "?", "/_history/", "https://", "?_format=#"):
        before = time.process_time()
        address_of(strange * 500_000 + "\nx")
        assert time.process_time() - before < 30  # quadratic, it would take hours


def test_a_contained_letter_leads_to_its_contained_binary() -> None:
    letter = {**a_letter({"contentType": "text/plain", "url": "#b"}), "subject": None}
    order = an_order(supportingInfo=[{"reference": "#d"}])
    order["contained"] += [{k: v for k, v in letter.items() if v}, BINARY]
    bundle = offered(taken(order))
    (binary,), (sent,) = of_type(bundle, "Binary"), of_type(bundle, "DocumentReference")
    assert sent["content"][0]["attachment"]["url"] == f"Binary/{binary['id']}"


@pytest.mark.parametrize(
    "attachment",
    [
        {"url": "https://files.example.org/a"},
        {"url": "https://user:secret@10.0.0.1:8443/a"},
        {"url": "http://[fd00::1]/a", "title": "scan"},
        {"url": "//169.254.169.254/a", "size": 3},
        {"url": "https://localhost.example.org/a", "creation": "2026-01-01"},
    ],
)
@pytest.mark.parametrize("place", ["letter", "photo", "input"])
def test_of_every_document_by_address_its_sender_is_told(attachment: Json, place: str) -> None:
    order, patient, coverage = bundled_order()
    others: list[Json] = []
    if place == "letter":
        others = [a_letter(attachment)]
    elif place == "photo":
        patient = {**patient, "photo": [attachment]}
    else:
        task = {"resourceType": "Task", "id": "t", "status": "requested", "intent": "order"}
        given = [{"type": {"text": "letter"}, "valueAttachment": attachment}]
        others = [{**task, "focus": {"reference": "ServiceRequest/o1"}, "input": given}]
    intake = taken(a_bundle(order, patient, coverage, *others))
    assert [warning.own_code for warning in intake.warnings] == ["document-not-fetched"]
    # It goes to the clinic as it came.
    assert attachment["url"] in json.dumps(offered(intake))


def test_an_extension_is_no_document() -> None:
    order, *others = bundled_order(extension=[{"url": "https://x.example.org/e", "valueCode": "a"}])
    assert taken(a_bundle(order, *others)).warnings == ()


@pytest.mark.parametrize(
    "number",
    ["1.10", "1E3", "1e-7", "0.00", "-0", "-0.0", "1.0E+2", "1e-400", "9" * 20, f"{'9' * 20}.10"],
)
@pytest.mark.parametrize("element", ["valueDecimal", "_valueDecimal", "valueQuantity"])
def test_a_number_arrives_digit_for_digit(number: str, element: str) -> None:
    value: Any = "NUMBER"
    if element == "_valueDecimal":
        value = {"extension": [{"url": "urn:was", "valueDecimal": "NUMBER"}]}
    elif element == "valueQuantity":
        value = {"value": "NUMBER", "unit": "mg"}
    answers = {
        "resourceType": "QuestionnaireResponse",
        "id": "q",
        "status": "completed",
        "basedOn": [{"reference": "ServiceRequest/o1"}],
        "item": [{"linkId": "1", "answer": [{element: value}]}],
    }
    body = json.dumps(a_bundle(*bundled_order(), answers)).replace('"NUMBER"', number)
    stored = a_payload(taken(body))
    again = type(stored).load(stored.dump())
    sent = exact_json.dumps(offer_bundle(an_offered_referral(), a_performer(), again))
    assert sent.count(f":{number}") == 1
    assert f":{number}," in sent or f":{number}}}" in sent


def test_extensions_of_primitives_arrive_and_what_they_lead_to() -> None:
    order, patient, coverage = bundled_order(
        _priority={"extension": [{"url": "urn:a", "valueString": "planted-1"}]},
        _occurrenceDateTime={
            "extension": [{"url": "urn:b", "valueReference": {"reference": "Observation/q"}}]
        },
    )
    patient = {
        **patient,
        "_birthDate": {"extension": [{"url": "urn:c", "valueDateTime": "1961-04-17T10:00:00Z"}]},
        "name": [
            {
                "family": "Whitlock",
                "given": ["Marjorie", None],
                "_given": [None, {"extension": [{"url": "urn:d", "valueString": "planted-2"}]}],
            }
        ],
    }
    seen = {"resourceType": "Observation", "id": "q", "status": "final", "valueString": "planted-3"}
    sent = exact_json.dumps(offered(taken(a_bundle(order, patient, coverage, seen))))
    assert all(f"planted-{n}" in sent for n in (1, 2, 3))
    assert '"_given":[null,{"extension"' in sent
    assert "1961-04-17T10:00:00Z" in sent


def test_a_bundle_within_the_body_goes_along_whole_and_what_leads_into_it_arrives() -> None:
    nested = {
        "resourceType": "Bundle",
        "id": "n",
        "type": "document",
        "entry": [
            {"resource": {"resourceType": "Composition", "id": "c", "title": "planted-title"}},
            {"resource": {**BINARY, "id": "inner"}},
        ],
    }
    letter = a_letter({"contentType": "text/plain", "url": "Binary/inner"})
    bundle = offered(taken(a_bundle(*bundled_order(), nested, letter)))
    (binary,), (sent,) = of_type(bundle, "Binary"), of_type(bundle, "DocumentReference")
    assert sent["content"][0]["attachment"]["url"] == f"Binary/{binary['id']}"
    (inside,) = of_type(bundle, "Bundle")
    assert inside["entry"] == nested["entry"]


def test_what_goes_with_many_orders_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    known = terminology()
    monkeypatch.setattr(also_sent, "terminology", lambda: known)
    disclosed_by = known.disclosed_by
    monkeypatch.setattr(
        known, "disclosed_by", lambda text: (read.append(text), disclosed_by(text))[1]
    )
    order, patient, coverage = bundled_order()
    orders = [{**order, "id": f"o{n}", "identifier": [{"value": f"A-{n}"}]} for n in range(20)]
    letter = {**a_letter({"title": "x"}), "description": "On methadone since May"}
    body = json.dumps(a_bundle(*orders, patient, coverage, letter)).encode()
    intakes = read_referrals(body, FHIR_JSON, "bundle", NOW)
    assert len(intakes) == 20
    for one in intakes:
        assert [c.text for c in one.clinical.service.wanted.also_sent] == ["methadone"]
    assert read.count(letter["description"]) == 1
