"""An order that is refused stands among the unmatched, with why, until a person has read it."""

from __future__ import annotations

import gzip
import json
import logging
from base64 import b64decode, b64encode
from datetime import timedelta
from typing import Any

import pytest

from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain.unmatched import MOST_REFUSED_A_DAY
from referral_core.entrypoints.http.route import READ_RECORDS, RECEIVE_REFERRAL
from tests.in_memory import World
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.entrypoints.http.events import an_event
from tests.unit.fhir.orders import Json, a_bundle, a_patient, an_order, bundled_order

ORDERS = "/fhir/ServiceRequest"


@pytest.fixture
def api() -> ApiClient:
    """The API over a record that refuses what the table would."""
    return ApiClient(World(referrals=MemoryReferrals()))


def post(api: ApiClient, body: Any, url: str = ORDERS, **headers: str) -> Reply:
    return api.call("POST", url, body, client="ehr-1", **headers)


def waiting(api: ApiClient) -> list[Json]:
    page = api.call("GET", "/unmatched?_count=200").body
    assert page["next"] is None
    found: list[Json] = page["unmatched"]
    return found


def document(api: ApiClient, item: Json) -> bytes:
    path = f"/unmatched/{item['id']}/document"
    answer = api.apps[READ_RECORDS].resolve(
        an_event("GET", path, None, caller=api.handed_over("staff-1")), None
    )
    assert answer["statusCode"] == 200
    body: str = answer["body"]
    return b64decode(body) if answer["isBase64Encoded"] else body.encode()


REFUSED: dict[str, tuple[str, Any, int, str]] = {
    "a fault of ours to read": (ORDERS, an_order(status="unknown"), 422, "status-not-accepted"),
    "another resource": (
        ORDERS,
        {"resourceType": "Patient", "id": "p"},
        400,
        "wrong-resource-type",
    ),
    "too long a list": (ORDERS, an_order(insurance=[{"display": "x"}] * 21), 422, "too-many"),
    "too large": (ORDERS, an_order(extension=[{"url": "x", "v": ["xy"] * 260_000}]), 413, "body-"),
    "no JSON": (ORDERS, '{"resourceType": "ServiceRequest"', 400, "malformed-json"),
    "an element twice": (ORDERS, '{"status": "a", "status": "b"}', 400, "duplicate-key"),
    "a Bundle": ("/fhir", a_bundle(a_patient()), 422, "no-referral"),
    "a message": ("/fhir/$process-message", a_bundle(*bundled_order()), 422, "not-a-message"),
}


@pytest.mark.parametrize(("url", "body", "status", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_it_stands_there_with_why_and_as_it_came(
    api: ApiClient, url: str, body: Any, status: int, code: str
) -> None:
    answer = post(api, body, url)
    assert (answer.status, answer.code.startswith(code)) == (status, True), answer.body
    (item,) = waiting(api)
    assert (item["reason"], item["from"]) == ("order-refused", "lakeside-ehr")
    assert item["refusedFor"][0]["code"] == answer.code
    assert item["refusedFor"][0]["says"] == answer.says
    assert item["actions"] == ["dismiss"]
    came = body if isinstance(body, str) else json.dumps(body)
    assert document(api, item).decode() == came
    assert api.call("GET", "/work-items/counts").body["unmatched"] == 1
    done = api.call("POST", f"/unmatched/{item['id']}/decision", {"action": "dismiss"})
    assert (done.status, waiting(api)) == (200, [])


def test_a_change_that_is_refused_names_its_referral(api: ApiClient) -> None:
    created = post(api, an_order())
    assert created.status == 201
    stored = created.body
    broken = {**stored, "doNotPerform": True}
    refused = api.call("PUT", f"{ORDERS}/{stored['id']}", broken, client="ehr-1")
    assert refused.status == 422
    (item,) = waiting(api)
    assert item["candidates"][0]["referralId"] == stored["id"]
    assert item["refusedFor"][0]["where"] == "ServiceRequest.doNotPerform"


def test_sent_again_however_often_it_is_one_item_and_read_it_stays_read(api: ApiClient) -> None:
    for _ in range(MOST_REFUSED_A_DAY + 5):
        assert post(api, an_order(doNotPerform=True)).status == 422
    (item,) = waiting(api)
    api.call("POST", f"/unmatched/{item['id']}/decision", {"action": "dismiss"})
    post(api, an_order(doNotPerform=True))
    assert waiting(api) == []


def test_a_storm_of_refused_orders_leaves_a_list_that_people_can_read(api: ApiClient) -> None:
    for number in range(MOST_REFUSED_A_DAY * 3):
        post(
            api,
            an_order(doNotPerform=True, authoredOn=f"2026-01-{number % 28 + 1:02}", id=f"{number}"),
        )
    listed = [item["reason"] for item in waiting(api)]
    assert listed.count("order-refused") == MOST_REFUSED_A_DAY
    assert listed.count("more-orders-refused") == 1
    (more,) = [item for item in waiting(api) if item["reason"] == "more-orders-refused"]
    assert (more["document"], more["refusedFor"][0]["code"]) == (None, "do-not-perform")
    # Another fault, another EHR and another day are not crowded out.
    post(api, an_order(status="unknown"))
    api.world.clock.move(timedelta(days=1))
    post(api, an_order(doNotPerform=True, authoredOn="2026-02-01"))
    assert [item["reason"] for item in waiting(api)].count("order-refused") == (
        MOST_REFUSED_A_DAY + 2
    )


def test_what_is_to_be_sent_once_more_is_no_refusal(api: ApiClient) -> None:
    stored = post(api, an_order()).body
    place = f"{ORDERS}/{stored['id']}"
    stale = api.call("PUT", place, stored, client="ehr-1", if_match='W/"9"')
    assert stale.status == 412
    assert api.call("PUT", f"{ORDERS}/nobodys", stored, client="ehr-1").status == 404
    assert api.call("POST", ORDERS, an_order(), client="clinic-1").status == 403
    assert post(api, "").status == 400
    assert waiting(api) == []


def test_a_body_that_cannot_be_unpacked_is_kept_as_it_came(api: ApiClient) -> None:
    bomb = gzip.compress(b" " * 60_000_000)
    event = an_event(
        "POST",
        ORDERS,
        b64encode(bomb).decode(),
        caller=api.handed_over("ehr-1"),
        isBase64Encoded=True,
        headers={"content-type": "application/fhir+json", "content-encoding": "gzip"},
    )
    assert api.apps[RECEIVE_REFERRAL].resolve(event, None)["statusCode"] == 413
    (item,) = waiting(api)
    assert (item["contentType"], item["size"]) == ("application/octet-stream", len(bomb))


def test_no_word_of_it_is_written_into_a_log_or_into_the_item(
    api: ApiClient, caplog: pytest.LogCaptureFixture
) -> None:
    said = an_order(
        doNotPerform=True,
        note=[{"text": "QZXK1"}],
        extension=[{"url": "QZXK5"}],
        _note=[{"text": "QZXK2"}],
        contained=[a_patient(id="QZXK3")],
    )
    with caplog.at_level(logging.DEBUG):
        assert post(api, said, x_qzxk="QZXK4").status in {400, 422}
    assert "QZXK" not in caplog.text
    (item,) = api.unmatched.items.values()
    assert "QZXK" not in item.model_dump_json()


def test_staff_of_another_tenant_see_none_of_it(api: ApiClient) -> None:
    post(api, an_order(doNotPerform=True))
    (item,) = waiting(api)
    assert api.call("GET", "/unmatched", client="stranger").body["unmatched"] == []
    found = api.call("GET", f"/unmatched/{item['id']}/document", client="stranger")
    assert found.status == 404


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_a_change_that_is_refused_within_a_bundle_names_its_referral(
    api: ApiClient, kind: str
) -> None:
    stored = post(api, an_order()).body["id"]
    changed = {
        "resource": an_order(id=stored, status="wanted"),
        "request": {"method": "PUT", "url": f"ServiceRequest/{stored}"},
    }
    other = {
        "resource": an_order(status="wanted"),
        "request": {"method": "POST", "url": "ServiceRequest"},
    }
    entries = [changed, other] if kind == "batch" else [changed]
    post(api, {"resourceType": "Bundle", "type": kind, "entry": entries}, "/fhir")
    named = [[c["referralId"] for c in item["candidates"]] for item in waiting(api)]
    assert sorted(named) == sorted([[stored], *([] for _ in entries[1:])])
