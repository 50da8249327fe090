"""What came with an order and goes along with none: said in the answer, and seen by a person."""

from __future__ import annotations

from typing import Any

from tests.in_memory import World
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.fhir.orders import a_bundle, bundled_order

SECRET = {
    "resourceType": "Condition",
    "id": "secret",
    "subject": {"reference": "Patient/2"},
    "code": {"text": "of somebody else"},
}


def post(api: ApiClient, *others: dict[str, Any]) -> Reply:
    return api.call("POST", "/fhir", a_bundle(*bundled_order(), *others), client="ehr-1")


def waiting(api: ApiClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.call("GET", "/unmatched").body["unmatched"]
    return found


def test_it_is_a_warning_and_stands_among_the_unmatched_until_it_was_read() -> None:
    api = ApiClient(World())

    answer = post(api, SECRET)

    response = answer.body["entry"][0]["response"]
    referral_id = response["location"].split("ServiceRequest/")[1].partition("/")[0]
    said = response["outcome"]["issue"][0]
    assert (said["severity"], said["expression"]) == ("warning", ["Bundle.entry[3].resource"])
    (item,) = waiting(api)
    assert (item["reason"], item["from"]) == ("left-out-of-order", "lakeside-ehr")
    assert [c["referralId"] for c in item["candidates"]] == [referral_id]
    document = api.call("GET", f"/unmatched/{item['id']}/document")
    assert document.body["entry"] == [{"resource": SECRET}]
    read = api.call("POST", f"/unmatched/{item['id']}/decision", {"action": "dismiss"})
    assert (read.status, waiting(api)) == (200, [])


def test_sent_again_it_is_not_put_before_a_person_again() -> None:
    api = ApiClient(World())
    post(api, SECRET)
    assert post(api, SECRET).status == 200
    assert len(waiting(api)) == 1


def test_an_order_without_such_leaves_nothing() -> None:
    api = ApiClient(World())
    assert "outcome" not in post(api).body["entry"][0]["response"]
    assert waiting(api) == []
