"""Content that an attacker, or a careless engine, would send: it arrives whole, or is refused.

Each word that is planted is looked for at the clinic. Nothing is an error of ours, and nothing of
another patient arrives.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain import exact_json
from referral_core.entrypoints.http.route import RECEIVE_REFERRAL
from referral_core.fhir.outbound.offers import offer_bundle
from tests.in_memory import World
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.entrypoints.http.events import an_event
from tests.unit.fhir.orders import (
    COMPLETE,
    PLACER,
    Json,
    a_bundle,
    a_patient,
    an_order,
    bundled_order,
)

HOST = "https://ehr.example.org/fhir"
UUID = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
OID = "urn:oid:1.2.840.113556.1.8000.2554"


@pytest.fixture
def api() -> ApiClient:
    """The API over a record that refuses what the table would."""
    return ApiClient(World(referrals=MemoryReferrals()))


def post(api: ApiClient, body: Json | str, url: str = "/fhir") -> Reply:
    return api.call("POST", url, body, client="ehr-1")


def at_the_clinic(api: ApiClient) -> str:
    """Return what the clinic was sent, as text; empty: nothing."""
    offers = api.world.clinics.offers.values()
    return "".join(
        exact_json.dumps(offer_bundle(one.referral, one.performer, one.payload)) for one in offers
    )


def an_observation(words: str = "PLANTED", **fields: Any) -> Json:
    base: Json = {
        "resourceType": "Observation",
        "id": "obs",
        "status": "final",
        "code": {"text": words},
        "subject": {"reference": "Patient/pat"},
    }
    return {**base, **fields}


def sent_with(*others: Json, urls: dict[int, str] | None = None, **fields: Any) -> Json:
    body = a_bundle(*bundled_order(**{**COMPLETE, **fields}), *others)
    for at, url in (urls or {}).items():
        body["entry"][at]["fullUrl"] = url
    return body


# --- the graph, by every form of reference -----------------------------------------------------

ARRIVES: dict[str, Callable[[], Json]] = {
    "by its patient only": lambda: sent_with(an_observation()),
    "by a versioned address": lambda: sent_with(
        an_observation(subject={"reference": "Patient/pat/_history/7"})
    ),
    "by an absolute, versioned address": lambda: sent_with(
        an_observation(subject={"reference": f"{HOST}/Patient/pat/_history/7"})
    ),
    "by urn:uuid in capitals": lambda: sent_with(
        an_observation(subject={"reference": f"URN:UUID:{UUID.upper()}"}),
        urls={1: f"urn:uuid:{UUID}", 3: f"urn:uuid:{UUID[:-1]}2"},
        subject={"reference": f"urn:uuid:{UUID}"},
    ),
    "by urn:oid": lambda: sent_with(
        an_observation(subject={"reference": OID}), urls={1: OID}, subject={"reference": OID}
    ),
    "by an identifier alone": lambda: with_number(
        an_observation(
            subject={"type": "Patient", "identifier": {"system": "urn:mrn", "value": "M-77"}}
        )
    ),
    "by what the order points at": lambda: sent_with(
        an_observation(subject=None), supportingInfo=[{"reference": "Observation/obs"}]
    ),
    "by what points at the order": lambda: sent_with(
        {
            "resourceType": "Communication",
            "id": "c",
            "status": "completed",
            "basedOn": [{"reference": "ServiceRequest/o1/_history/1"}],
            "payload": [{"contentString": "PLANTED"}],
        }
    ),
    "by an extension of a primitive": lambda: sent_with(
        an_observation(subject=None),
        _authoredOn={
            "extension": [{"url": "urn:x", "valueReference": {"reference": "Observation/obs"}}]
        },
        authoredOn="2026-03-01",
    ),
    "over five resources": lambda: sent_with(
        *(
            {
                "resourceType": "Basic",
                "id": f"b{n}",
                "code": {"text": "link"},
                "extension": [{"url": "urn:x", "valueReference": {"reference": f"Basic/b{n + 1}"}}],
            }
            for n in range(5)
        ),
        {"resourceType": "Basic", "id": "b5", "code": {"text": "PLANTED"}},
        supportingInfo=[{"reference": "Basic/b0"}],
    ),
    "in a ring": lambda: sent_with(
        an_observation(subject=None, hasMember=[{"reference": "Observation/two"}]),
        an_observation(
            "other", id="two", subject=None, hasMember=[{"reference": "Observation/obs"}]
        ),
        supportingInfo=[{"reference": "Observation/two"}],
    ),
    "a section of a section of a document": lambda: {
        **sent_with(
            {
                "resourceType": "Composition",
                "id": "doc",
                "status": "final",
                "type": {"text": "Referral note"},
                "subject": {"reference": "Patient/pat"},
                "date": "2026-03-01",
                "title": "Referral",
                "section": [{"section": [{"entry": [{"reference": "Observation/obs"}]}]}],
            },
            an_observation(subject=None),
        ),
        "type": "collection",
    },
    "the text of a section": lambda: sent_with(
        {
            "resourceType": "Composition",
            "id": "doc",
            "status": "final",
            "subject": {"reference": "Patient/pat"},
            "section": [
                {
                    "text": {
                        "status": "generated",
                        "div": '<div xmlns="http://www.w3.org/1999/xhtml">PLANTED</div>',
                    }
                }
            ],
        }
    ),
    "a Binary by its securityContext": lambda: sent_with(
        {
            "resourceType": "Binary",
            "id": "bin",
            "contentType": "application/pdf",
            "securityContext": {"reference": "Patient/pat"},
            "data": b64encode(b"%PDF").decode(),
            "extension": [{"url": "urn:x", "valueString": "PLANTED"}],
        }
    ),
    "contained in what points at the patient": lambda: sent_with(
        an_observation(
            "x",
            contained=[{"resourceType": "Device", "id": "d", "note": [{"text": "PLANTED"}]}],
            device={"reference": "#d"},
        )
    ),
    "what names the container by #": lambda: sent_with(
        an_observation(
            "x",
            contained=[
                {
                    "resourceType": "Provenance",
                    "id": "p",
                    "target": [{"reference": "#"}],
                    "recorded": "2026-03-01T10:00:00Z",
                    "agent": [{"who": {"display": "PLANTED"}}],
                }
            ],
        )
    ),
    "an extension of a null in a list": lambda: sent_with(
        an_observation(
            "x",
            category=[{"text": "a"}],
            performer=[{"display": "b"}],
            note=[{"text": "c", "_text": {"extension": [{"url": "u", "valueString": "PLANTED"}]}}],
        )
    ),
    "an extension of an id": lambda: sent_with(
        an_observation("x", _id={"extension": [{"url": "urn:x", "valueString": "PLANTED"}]})
    ),
    "a resource type that nobody knows": lambda: sent_with(
        {
            "resourceType": "Imaginary",
            "id": "i",
            "subject": {"reference": "Patient/pat"},
            "words": "PLANTED",
        }
    ),
    "an element that R4 does not have": lambda: sent_with(
        {**an_observation("x"), "words": "PLANTED"}
    ),
    "sixty-four characters of an id": lambda: sent_with(
        an_observation("PLANTED", id="a" * 64),
        supportingInfo=[{"reference": "Observation/" + "a" * 64}],
    ),
    "zero-width and right-to-left characters": lambda: sent_with(
        an_observation("PLANTED\u200b\u202e\u2066\ufeff")
    ),
    "characters beyond the first plane": lambda: sent_with(
        an_observation("\U0001f9ecPLANTED\U000e0041")
    ),
    "a noncharacter": lambda: sent_with(an_observation("PLANTED\uffff\ufdd0")),
    "control characters": lambda: sent_with(
        an_observation("PLANTED\u0000\u0001\u001f\u007f\u0085")
    ),
    "combining marks a thousand times": lambda: sent_with(
        an_observation("PLANTED" + "\u0301" * 1_000)
    ),
    "fifty levels of extensions": lambda: sent_with(an_observation("x", extension=[nested(28)])),
    "a thousand identifiers of a result": lambda: sent_with(
        an_observation(
            "PLANTED", identifier=[{"system": "urn:x", "value": f"{n}"} for n in range(1_000)]
        )
    ),
    "two thousand entries": lambda: sent_with(
        *(an_observation(f"n{n}", id=f"x{n}") for n in range(1_999)), an_observation()
    ),
    "the id of the order and of our own": lambda: sent_with(
        an_observation("PLANTED", id="o1"), an_observation("x", id="a")
    ),
}


def with_number(*others: Json) -> Json:
    order, _, coverage = bundled_order(**COMPLETE)
    patient = a_patient(identifier=[{"system": "urn:mrn", "value": "M-77"}])
    return a_bundle(order, patient, coverage, *others)


def nested(levels: int) -> Json:
    inner: Json = {"url": "urn:x", "valueString": "PLANTED"}
    for _ in range(levels):
        inner = {"url": "urn:x", "extension": [inner]}
    return inner


@pytest.mark.parametrize("body", ARRIVES.values(), ids=ARRIVES.keys())
def test_it_arrives_whole(api: ApiClient, body: Callable[[], Json]) -> None:
    sent = without_nones(body())
    answer = post(api, sent)
    assert answer.status == 200, answer.body
    assert "PLANTED" in at_the_clinic(api)


def without_nones(value: Any) -> Any:
    if isinstance(value, list):
        return [without_nones(one) for one in value]
    if isinstance(value, dict):
        return {name: without_nones(one) for name, one in value.items() if one is not None}
    return value


STAYS: dict[str, Callable[[], Json]] = {
    "another host's patient of the same id": lambda: sent_with(
        an_observation(subject={"reference": "https://else.example.org/fhir/Patient/pat"})
    ),
    "another patient by identifier": lambda: sent_with(
        an_observation(subject={"identifier": {"system": "urn:mrn", "value": "other"}})
    ),
    "another patient by type and name": lambda: sent_with(
        an_observation(subject={"type": "Patient", "display": "Roe, Jane"})
    ),
    "a Binary of another patient's context": lambda: sent_with(
        {
            "resourceType": "Binary",
            "id": "bin",
            "contentType": "text/plain",
            "securityContext": {"reference": "Patient/other"},
            "data": b64encode(b"x").decode(),
            "extension": [{"url": "urn:x", "valueString": "PLANTED"}],
        }
    ),
    "a patient whose id differs in one invisible character": lambda: sent_with(
        an_observation(subject={"reference": "Patient/pat\u200b"})
    ),
    "a patient whose id differs in letter case": lambda: sent_with(
        an_observation(subject={"reference": "Patient/PAT"})
    ),
    "a patient whose id looks the same": lambda: sent_with(
        an_observation(subject={"reference": "Patient/p\u0430t"})
    ),
    "a patient by a path that climbs": lambda: sent_with(
        an_observation(subject={"reference": "Patient/../Patient/other"})
    ),
}


@pytest.mark.parametrize("body", STAYS.values(), ids=STAYS.keys())
def test_what_is_of_another_stays_here_and_is_seen(
    api: ApiClient, body: Callable[[], Json]
) -> None:
    answer = post(api, body())
    assert "PLANTED" not in at_the_clinic(api)
    reasons = {item["reason"] for item in api.call("GET", "/unmatched").body["unmatched"]}
    wanted = "left-out-of-order" if answer.status == 200 else "order-refused"
    assert reasons == {wanted}, answer.body


def raw(text: str) -> str:
    """Put an element as text into an order that is complete otherwise."""
    return json.dumps(an_order(**COMPLETE)).replace(
        '"status": "active"', f'"status": "active", {text}'
    )


REFUSED: dict[str, tuple[str | Json, int, str]] = {
    "NaN": (raw('"extension": [{"url": "u", "valueDecimal": NaN}]'), 400, "malformed-json"),
    "Infinity": (
        raw('"extension": [{"url": "u", "valueDecimal": -Infinity}]'),
        400,
        "malformed-json",
    ),
    "a number without end": (raw('"x": 1' + "0" * 400_000), 400, "malformed-json"),
    "an exponent out of the world": (raw('"x": 1e999999999999'), 400, "malformed-json"),
    "an element twice, deep inside": (
        raw('"note": [{"text": "a", "text": "b"}]'),
        400,
        "duplicate-key",
    ),
    "an element twice, written in two ways": (
        raw('"note": [{"text": "a", "t\\u0065xt": "b"}]'),
        400,
        "duplicate-key",
    ),
    "half a character in a value": (raw('"note": [{"text": "\\ud800"}]'), 400, "invalid-unicode"),
    "half a character in a name": (raw('"\\udfff": "x"'), 400, "invalid-unicode"),
    "a hundred thousand levels": (
        raw('"x": ' + "[" * 100_000 + "]" * 100_000),
        400,
        "nested-too-deeply",
    ),
    "sixty-five levels": (raw('"x": ' + '{"a": ' * 65 + "1" + "}" * 65), 400, "nested-too-deeply"),
    "an id of sixty-five characters": (an_order(id="a" * 65), 400, "invalid-"),
    "an id with a slash": (an_order(id="a/../b"), 400, "invalid-"),
    "an id that looks like one": (an_order(id="p\u0430t"), 400, "invalid-"),
    "a name of ten thousand characters": (raw('"' + "n" * 10_000 + '": 1'), 400, "name-too-long"),
    "a comment": (raw("/* x */"), 400, "malformed-json"),
    "two documents": (json.dumps(an_order()) * 2, 400, "malformed-json"),
    "a list of orders": (json.dumps([an_order()]), 400, "not-a-resource"),
    "a number for a text": (an_order(status=1), 400, ""),
    "a thousand identifiers": (
        an_order(identifier=[{**PLACER, "value": f"{n}"} for n in range(1_000)]),
        422,
        "too-many",
    ),
    "a thousand coverages": (an_order(insurance=[{"reference": "#cov"}] * 1_000), 422, "too-many"),
}


@pytest.mark.parametrize(("body", "status", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_nobody_could_read_is_refused_with_a_reason_and_seen(
    api: ApiClient, body: str | Json, status: int, code: str
) -> None:
    answer = post(api, body, "/fhir/ServiceRequest")
    assert (answer.status, answer.code[: len(code)]) == (status, code), answer.body
    assert [i["reason"] for i in api.call("GET", "/unmatched").body["unmatched"]] == [
        "order-refused"
    ]


TAKEN: dict[str, str | Json] = {
    "a thousand telecoms": an_order(
        contained=[
            a_patient(
                telecom=[{"system": "phone", "value": f"508-555-{n:04}"} for n in range(1_000)]
            ),
            an_order()["contained"][1],
        ],
        **COMPLETE,
    ),
    "a thousand names": an_order(
        contained=[
            a_patient(
                name=[{"family": "Whitlock", "given": ["Marjorie"], "use": "official"}]
                + [{"family": f"N{n}"} for n in range(999)]
            ),
            an_order()["contained"][1],
        ],
        **COMPLETE,
    ),
    "a thousand contacts": an_order(
        contained=[
            a_patient(
                contact=[
                    {
                        "name": {"family": f"N{n}"},
                        "telecom": [{"system": "phone", "value": f"508-556-{n:04}"}],
                    }
                    for n in range(1_000)
                ]
            ),
            an_order()["contained"][1],
        ],
        **COMPLETE,
    ),
    "a thousand notes": an_order(note=[{"text": f"note {n}"} for n in range(1_000)], **COMPLETE),
    "a decimal of a hundred digits": raw(
        '"extension": [{"url": "u", "valueDecimal": 0.' + "1" * 100 + "}]"
    ),
    "a thousand reasons": an_order(
        **{**COMPLETE, "reasonCode": [{"text": f"r{n}"} for n in range(1_000)]}
    ),
    "a thousand codings": an_order(
        **{
            **COMPLETE,
            "code": {"coding": [{"system": "urn:x", "code": f"{n}"} for n in range(1_000)]},
        }
    ),
}


@pytest.mark.parametrize("body", TAKEN.values(), ids=TAKEN.keys())
def test_a_thousand_of_anything_is_taken_and_goes_on(api: ApiClient, body: str | Json) -> None:
    answer = post(api, body, "/fhir/ServiceRequest")
    assert answer.status == 201, answer.body
    assert api.call("GET", "/unmatched").body["unmatched"] == []
    assert at_the_clinic(api) or api.items().body["workItems"]


ENCODED: dict[str, tuple[bytes, dict[str, str], int]] = {
    "deflate": (
        zlib.compress(json.dumps(an_order()).encode()),
        {"content-encoding": "deflate"},
        415,
    ),
    "brotli": (b"\x8b\x00\x80x\x03", {"content-encoding": "br"}, 415),
    "zstd": (b"\x28\xb5\x2f\xfd\x00", {"content-encoding": "zstd"}, 415),
    "gzip that is none": (json.dumps(an_order()).encode(), {"content-encoding": "gzip"}, 400),
    "multipart": (
        b"--x\r\n\r\n{}\r\n--x--",
        {"content-type": "multipart/form-data; boundary=x"},
        415,
    ),
    "a form": (b"a=b", {"content-type": "application/x-www-form-urlencoded"}, 415),
    "XML": (b"<ServiceRequest/>", {"content-type": "application/fhir+xml"}, 415),
    "no type": (json.dumps(an_order()).encode(), {"content-type": ""}, 415),
    "another charset": (
        json.dumps(an_order()).encode("utf-16"),
        {"content-type": "application/fhir+json; charset=utf-16"},
        415,
    ),
    "a charset that lies": (
        json.dumps(an_order()).encode("utf-16"),
        {"content-type": "application/fhir+json; charset=utf-8"},
        400,
    ),
    "UTF-7": (b"+ADw-", {"content-type": "application/fhir+json; charset=utf-7"}, 415),
    "overlong UTF-8": (b'{"resourceType": "\xc0\xaf"}', {}, 400),
    "a surrogate in CESU-8": (b'{"resourceType": "\xed\xa0\x80"}', {}, 400),
    "R5 by its label": (
        json.dumps(an_order()).encode(),
        {"content-type": "application/fhir+json; fhirVersion=5.0"},
        415,
    ),
}


@pytest.mark.parametrize(("body", "headers", "status"), ENCODED.values(), ids=ENCODED.keys())
def test_what_comes_in_another_form_is_refused_and_seen(
    api: ApiClient, body: bytes, headers: dict[str, str], status: int
) -> None:
    event = an_event(
        "POST",
        "/fhir/ServiceRequest",
        b64encode(body).decode(),
        caller=api.handed_over("ehr-1"),
        isBase64Encoded=True,
        headers={"content-type": "application/fhir+json", **headers},
    )
    answer = api.apps[RECEIVE_REFERRAL].resolve(event, None)
    assert answer["statusCode"] == status, answer["body"]
    (item,) = api.call("GET", "/unmatched").body["unmatched"]
    assert item["size"] == len(body)
