"""If-Match on every PUT: compared weakly, a list is or, `*` is any."""

from __future__ import annotations

import pytest

from referral_core.entrypoints.http.preconditions import matches
from tests.in_memory import REFERRAL, World
from tests.partner_actions import accepted, agreed, booked
from tests.unit.entrypoints.http.api_client import ApiClient
from tests.unit.fhir.orders import Json


@pytest.mark.parametrize("sent", ['W/"3"', '"3"', '"1", W/"3"', "*", '"1" , "3"'])
def test_a_tag_of_the_stored_version_matches(sent: str) -> None:
    assert matches(sent, 'W/"3"')


@pytest.mark.parametrize("sent", ['W/"2"', '"33"', '"1", "2"', ""])
def test_another_tag_does_not(sent: str) -> None:
    assert not matches(sent, 'W/"3"')


def a_task() -> Json:
    return {"resourceType": "Task", "id": f"{REFERRAL}.b1", "status": "accepted"}


def a_visit(api: ApiClient) -> Json:
    known = api.world.referral.appointment
    assert known is not None
    return {
        "resourceType": "Appointment",
        "id": f"{REFERRAL}.v1",
        "status": "cancelled",
        "participant": [{"status": "accepted", "actor": {"display": "x"}}],
    }


@pytest.mark.parametrize("resource", ["Task", "Appointment", "ServiceRequest"])
def test_every_put_honours_it(resource: str) -> None:
    api = ApiClient(World())
    api.world.accept("happy-path")
    api.world.settle()
    if resource == "Appointment":
        for act in (accepted, agreed, booked):
            act(api.world)
    order = api.call("GET", f"/fhir/ServiceRequest/{REFERRAL}").body
    body = {"Task": a_task, "Appointment": lambda: a_visit(api)}.get(
        resource, lambda: {**order, "priority": "urgent"}
    )()
    client = "ehr-1" if resource == "ServiceRequest" else "clinic-1"
    referral = api.world.referral
    version = referral.payload_version if client == "ehr-1" else referral.version
    url = f"/fhir/{resource}/{body['id']}"
    stale = api.call("PUT", url, body, client=client, if_match='W/"99"')
    assert (stale.status, stale.code) == (412, "stale-version")
    assert api.world.referral == referral
    for excluded in ("*", f'"98", W/"{version}"'):
        refused = api.call("PUT", url, body, client=client, if_none_match=excluded)
        assert (refused.status, refused.code) == (412, "stored-already")
    assert api.world.referral == referral
    listed = f'"98", "{version}"'
    assert api.call("PUT", url, body, client=client, if_match=listed).status == 200
    assert api.world.referral != referral
