"""What is large in an order is stored once, however many orders have it, and goes along whole."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from hashlib import sha256
from typing import Any

import pytest

from referral_core.adapters.aws.dynamodb.items import compressed
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain import exact_json
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.orders.large_parts import LARGE, ROOM
from referral_core.fhir.outbound.offers import offer_bundle
from referral_core.fhir.outbound.tasks import patient_reference
from tests.in_memory import REFERRAL, TENANT, World
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.fhir.orders import PLACER, Json, a_bundle, an_order, bundled_order

DERMATOLOGY = {"coding": [{"system": "http://nucc.org/provider-taxonomy", "code": "207N00000X"}]}
LETTER = os.urandom(3_600_000)
ORDER = f"/fhir/ServiceRequest/{REFERRAL}"


@pytest.fixture
def api() -> ApiClient:
    """The API over a record that refuses what the table would."""
    api = ApiClient(World(referrals=MemoryReferrals()), settled=False)
    ids = iter([REFERRAL, *(f"{n:032x}" for n in range(40))])
    object.__setattr__(api.intake, "new_id", lambda: next(ids))
    return api


def a_letter(data: str, name: str = "letter") -> Json:
    return {
        "resourceType": "DocumentReference",
        "id": name,
        "status": "current",
        "subject": {"reference": "Patient/pat"},
        "content": [{"attachment": {"contentType": "application/pdf", "data": data}}],
    }


def orders_with(*others: Json, count: int = 20, **fields: Any) -> Json:
    order, patient, coverage = bundled_order(performerType=DERMATOLOGY, **fields)
    numbered = [
        {**order, "id": f"o{n}", "identifier": [{**PLACER, "value": f"A-{n}"}]}
        for n in range(count)
    ]
    return a_bundle(*numbered, patient, coverage, *others)


def offers(api: ApiClient) -> list[Json]:
    api.world.settle()
    return [
        offer_bundle(one.referral, one.performer, one.payload)
        for one in api.world.clinics.offers.values()
    ]


def values(found: Any, name: str) -> list[Any]:
    if isinstance(found, list):
        return [value for item in found for value in values(item, name)]
    if not isinstance(found, dict):
        return []
    return [*([found[name]] if name in found else []), *values(list(found.values()), name)]


def items_of(api: ApiClient) -> list[int]:
    return [len(compressed(body)) for body in api.world.referrals.payloads.values()]


def posted(api: ApiClient, body: Json | str, path: str = "/fhir", method: str = "POST") -> Reply:
    return api.call(method, path, body, client="ehr-1")


def test_twenty_orders_with_one_letter_of_several_mb_are_accepted_and_it_is_stored_once(
    api: ApiClient,
) -> None:
    data = b64encode(LETTER).decode()
    assert posted(api, orders_with(a_letter(data))).status == 200
    assert len(items_of(api)) == 20
    assert max(items_of(api)) < 8_000
    with_it = [content for content, _ in api.documents.stored.values() if len(content) > 1_000_000]
    assert sorted(len(one) == len(LETTER) for one in with_it) == [False, True]
    assert api.documents.get(TENANT, sha256(LETTER).hexdigest()) == LETTER
    # What came is one of the two documents: the request's bytes. No third one holds the letter.
    assert [len(LETTER), len(orders_bytes(data))] == sorted(map(len, with_it))
    sent = offers(api)
    assert len(sent) == 20
    assert all(values(one, "data") == [data] for one in sent)


def orders_bytes(data: str) -> bytes:
    return json.dumps(orders_with(a_letter(data))).encode()


@pytest.mark.parametrize(
    "text",
    [
        "A" * (LARGE + 1),  # no base64: its length tells
        "QUJD\n" * 10_000,  # base64 with breaks, as MIME has it
        "<div>" + "ä€😀" * LARGE + "</div>",
        "QUJE" * (LARGE // 4 - 1) + "QUK=",  # bits that base64 does not write
    ],
)
def test_what_is_large_is_digit_for_digit_what_was_sent(api: ApiClient, text: str) -> None:
    note = {
        "resourceType": "Basic",
        "id": "b",
        "extension": [{"url": "urn:x", "valueMarkdown": text}],
    }
    assert posted(api, orders_with(note, count=1)).status == 200
    assert max(items_of(api)) < 8_000
    (sent, *_) = offers(api)
    assert values(sent, "valueMarkdown") == [text]


def test_many_small_parts_beside_the_orders_are_stored_once_too(api: ApiClient) -> None:
    scans = [
        {
            "resourceType": "Observation",
            "id": f"x{n}",
            "status": "final",
            "subject": {"reference": "Patient/pat"},
            "valueQuantity": {"value": f"N{n}", "unit": os.urandom(150).hex()},
        }
        for n in range(1_400)
    ]
    body = json.dumps(orders_with(*scans))
    body = body.replace('"N', "1.50").replace('", "unit"', ', "unit"')
    assert posted(api, body).status == 200
    assert max(items_of(api)) < 8_000
    # The request as it came, and what twenty orders have in common.
    assert sum(len(content) > 500_000 for content, _ in api.documents.stored.values()) == 2
    (first, *_) = offers(api)
    written = exact_json.dumps(first)
    assert all(f'"value":1.50{n},' in written for n in range(1_400))


def test_a_large_order_is_read_found_and_kept_as_it_was_sent(api: ApiClient) -> None:
    data = b64encode(LETTER[:200_000]).decode()
    order = an_order(performerType=DERMATOLOGY, supportingInfo=[{"reference": "#letter"}])
    inside = {k: v for k, v in a_letter(data).items() if k != "subject"}
    order["contained"].append(inside)
    assert posted(api, order, "/fhir/ServiceRequest").status == 201
    assert max(items_of(api)) < 8_000
    assert values(posted(api, order, "/fhir/ServiceRequest").body, "data") == [data]
    for path in (
        ORDER,
        f"{ORDER}/_history/1",
        f"{ORDER}/_history",
        f"/fhir/ServiceRequest?_id={REFERRAL}",
    ):
        assert values(api.call("GET", path, client="ehr-1").body, "data") == [data], path
    found = api.call("GET", "/fhir/ServiceRequest?status=active", client="ehr-1").body
    assert values(found, "data") == [data]


def test_a_new_version_keeps_the_large_letter_that_is_not_sent_again(api: ApiClient) -> None:
    data = b64encode(LETTER[:200_000]).decode()
    assert posted(api, orders_with(a_letter(data), count=1)).status == 200
    read = api.call("GET", ORDER, client="ehr-1").body
    stored = len(api.documents.stored)
    changed = {**read, "note": [{"text": "Seen by us in May."}]}
    assert posted(api, changed, ORDER, "PUT").status == 200
    # The request itself is the one new document: the letter is there.
    assert len(api.documents.stored) == stored + 1
    assert max(items_of(api)) < 8_000
    sent = offers(api)[-1]
    assert values(sent, "data") == [data]
    assert "Seen by us in May." in str(sent)
    # The same version once more changes nothing.
    assert posted(api, api.call("GET", ORDER, client="ehr-1").body, ORDER, "PUT").status == 200
    assert api.world.referral.payload_version == 2


def test_an_order_that_is_large_by_itself_fits_its_item(api: ApiClient) -> None:
    notes = [
        {
            "resourceType": "Basic",
            "id": f"n{n}",
            "language": "en",
            "extension": [{"url": "urn:x", "valueMarkdown": os.urandom(300).hex()}],
        }
        for n in range(1_200)
    ]
    order = an_order(
        performerType=DERMATOLOGY, supportingInfo=[{"reference": f"#n{n}"} for n in range(1_200)]
    )
    order["contained"] += notes
    number = {"system": "urn:mrn", "value": "M-7"}
    order["contained"][0]["identifier"] = [number]
    assert posted(api, order, "/fhir/ServiceRequest").status == 201
    assert max(items_of(api)) < ROOM
    # A message to the patient's portal still says whose it is, though no step reads the parts.
    (stored,) = api.world.referrals.payloads.values()
    named = patient_reference(ClinicalPayload.load(stored).service_request)
    assert named == {"type": "Patient", "identifier": number}
    read = api.call("GET", ORDER, client="ehr-1").body
    assert read["contained"][2:] == notes
    assert len(values(offers(api)[-1], "valueMarkdown")) == 1_200


def test_what_is_small_is_stored_with_its_order_alone(api: ApiClient) -> None:
    assert posted(api, orders_with(a_letter("QUJD"), count=2)).status == 200
    assert len(api.documents.stored) == 1  # the request
    (first, *_) = api.world.referrals.payloads.values()
    assert "moved" not in json.loads(first)
    assert ClinicalPayload.load(first).moved == ()
