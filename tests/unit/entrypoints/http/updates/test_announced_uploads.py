"""An upload that was announced is named by something within a day, or a person asks whose it is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from referral_core.domain.unmatched import NAMED_WITHIN
from referral_core.domain.upload import Uploaded
from tests.in_memory import TENANT
from tests.unit.entrypoints.http.api_client import ApiClient
from tests.unit.entrypoints.http.updates.test_uploads import (
    ADDRESS,
    DIGEST,
    SCAN,
    api,
    asked,
    named,
    uploads,
)
from tests.unit.fhir.orders import Json, an_order

__all__ = ["api"]

DAY = NAMED_WITHIN + timedelta(minutes=1)


def waiting(api: ApiClient) -> list[Json]:
    found: list[Json] = api.call("GET", "/unmatched").body["unmatched"]
    counted = api.call("GET", "/work-items/counts").body["unmatched"]
    assert counted == len(found)
    return found


def test_named_by_nothing_it_is_listed_after_a_day_and_not_before(api: ApiClient) -> None:
    asked(api)
    uploads(api)
    assert waiting(api) == []
    api.world.clock.move(DAY)
    (item,) = waiting(api)
    assert (item["reason"], item["from"], item["document"]) == (
        "upload-not-named",
        "clinic-1",
        None,
    )
    assert api.call("GET", f"/unmatched/{item['id']}/document").status == 404
    done = api.call("POST", f"/unmatched/{item['id']}/decision", {"action": "dismiss"})
    assert (done.status, waiting(api)) == (200, [])


def test_announced_again_it_is_one(api: ApiClient) -> None:
    for _ in range(5):
        assert asked(api).status == 200
    api.world.clock.move(DAY)
    assert len(waiting(api)) == 1


def test_named_by_a_report_it_is_nobodys_matter(api: ApiClient) -> None:
    asked(api)
    uploads(api)
    assert named(api).status == 201
    api.world.clock.move(DAY)
    assert waiting(api) == []


def test_named_in_vain_it_still_is(api: ApiClient) -> None:
    asked(api)
    assert named(api).status == 422  # nothing was uploaded
    api.world.clock.move(DAY)
    assert [item["reason"] for item in waiting(api)] == ["upload-not-named"]


def test_named_by_somebody_else_it_still_is(api: ApiClient) -> None:
    asked(api)
    uploads(api)
    assert named(api, client="clinic-9").status in {403, 404, 422}
    api.world.clock.move(DAY)
    assert "upload-not-named" in {item["reason"] for item in waiting(api)}


def with_letter(order: Json) -> Json:
    """Return an order with the upload as a letter."""
    letter = {
        "resourceType": "DocumentReference",
        "id": "d",
        "status": "current",
        "content": [{"attachment": {"contentType": "application/pdf", "url": ADDRESS}}],
    }
    return {
        **order,
        "contained": [*order["contained"], letter],
        "supportingInfo": [{"reference": "#d"}],
    }


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_named_by_an_order_or_its_next_version_it_is_nobodys_matter(
    api: ApiClient, method: str
) -> None:
    order = an_order(identifier=[{"system": "urn:o", "value": "B-1"}])
    with_it = with_letter(order)
    asked(api, "ehr-1")
    api.documents.staged[TENANT, "lakeside-ehr", DIGEST] = Uploaded(SCAN, "application/pdf")
    path, body = "/fhir/ServiceRequest", with_it
    if method == "PUT":
        stored = api.call("POST", path, order, client="ehr-1").body
        path, body = f"{path}/{stored['id']}", {**with_it, "id": stored["id"]}
    assert api.call(method, path, body, client="ehr-1").status in {200, 201}
    api.world.clock.move(DAY)
    assert waiting(api) == []


@pytest.mark.parametrize(
    ("status", "reasons"),
    [("active", []), ("wanted", ["order-refused", "upload-not-named"])],
)
def test_of_a_batch_an_entry_that_was_refused_names_nothing(
    api: ApiClient, status: str, reasons: list[str]
) -> None:
    """Another entry was taken: the batch as a whole was not refused."""
    good = an_order(identifier=[{"system": "urn:o", "value": "B-1"}])
    named = with_letter(an_order(identifier=[{"system": "urn:o", "value": "B-2"}], status=status))
    asked(api, "ehr-1")
    api.documents.staged[TENANT, "lakeside-ehr", DIGEST] = Uploaded(SCAN, "application/pdf")
    request = {"method": "POST", "url": "ServiceRequest"}
    entries = [{"resource": order, "request": request} for order in (good, named)]
    batch = {"resourceType": "Bundle", "type": "batch", "entry": entries}
    assert api.call("POST", "/fhir", batch, client="ehr-1").status == 200
    api.world.clock.move(DAY)
    assert sorted(item["reason"] for item in waiting(api)) == reasons
