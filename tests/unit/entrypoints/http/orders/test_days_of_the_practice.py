"""What an EHR sends is read by the days of the practice, as the authorizer says where that is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from referral_core.domain.access.principal import Principal, Role
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.entrypoints.http.exchange import Request
from tests.in_memory import SAMPLES, TENANT, World
from tests.unit.entrypoints.http.api_client import ApiClient

EVENING = datetime(2027, 1, 1, 1, 30, tzinfo=UTC)
"""20:30 of New Year's Eve in Boston."""


def order(**coverage: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / "happy-path.json").read_bytes())
    (one,) = (r for r in found["contained"] if r["resourceType"] == "Coverage")
    one |= coverage
    return {**found, "authoredOn": "2026-12-31", "occurrencePeriod": {"end": "2027-01-15"}}


def test_a_plan_that_ends_tonight_pays_tonight() -> None:
    world = World()
    world.clock.move_to(EVENING)
    api = ApiClient(world)
    sent = order(period={"start": "2026-01-01", "end": "2026-12-31"})
    answer = api.call("POST", "/fhir/ServiceRequest", sent, client="ehr-1")
    assert answer.status == 201
    (state,) = world.referrals.all()
    assert state.referral.missing == ()
    content = ClinicalPayload.load(world.referrals.payload(state.referral)).content
    assert content.service.wanted.occurrence_end == datetime(2027, 1, 16, 5, tzinfo=UTC)
    assert state.referral.authored_at == datetime(2026, 12, 31, 5, tzinfo=UTC)


def test_another_version_is_read_by_the_same_days() -> None:
    world = World()
    world.clock.move_to(EVENING)
    api = ApiClient(world)
    posted = api.call("POST", "/fhir/ServiceRequest", order(), client="ehr-1")
    where = posted.headers["location"].partition("/_history")[0].rpartition("/")[2]
    sent = {**order(), "id": where, "occurrencePeriod": {"end": "2027-01-20"}}
    assert api.call("PUT", f"/fhir/ServiceRequest/{where}", sent, client="ehr-1").status == 200
    (state,) = world.referrals.all()
    content = ClinicalPayload.load(world.referrals.payload(state.referral)).content
    assert content.service.wanted.occurrence_end == datetime(2027, 1, 21, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("authored=2026-12-31", True),
        ("authored=2027-01-01", False),
        ("authored=2026-12", True),
        ("authored=2026", True),
        ("authored=ge2027", False),
        ("authored=lt2027-01-01", True),
        ("authored=eb2027-01-01", True),
        ("authored=gt2026-12-31", False),
        ("_lastUpdated=2026-12-31", True),
        ("_lastUpdated=ge2027-01-01", False),
        ("_lastUpdated=ge2027-01-01T00:00:00Z", True),
        ("_lastUpdated=ge2026-12-31&authored=2026-12-31", True),
    ],
)
def test_a_day_that_is_searched_for_is_the_practices(query: str, found: bool) -> None:  # noqa: FBT001 - a table
    """What was written at 20:15 on New Year's Eve in Boston was not written in the next year."""
    world = World()
    world.clock.move_to(EVENING)
    api = ApiClient(world)
    sent = {**order(), "authoredOn": "2026-12-31T20:15:00-05:00"}
    assert api.call("POST", "/fhir/ServiceRequest", sent, client="ehr-1").status == 201
    world.clock.move_to(EVENING.replace(hour=2))
    answer = api.call("GET", f"/fhir/ServiceRequest?{query}", client="ehr-1")
    assert answer.status == 200
    assert bool(answer.body.get("entry")) is found


@pytest.mark.parametrize(("written", "found"), [("2026-12-31", True), ("2027-01-01", False)])
def test_a_bare_day_is_the_same_day_on_both_sides(written: str, found: bool) -> None:  # noqa: FBT001 - a table
    world = World()
    world.clock.move_to(EVENING)
    api = ApiClient(world)
    sent = {**order(), "authoredOn": written}
    assert api.call("POST", "/fhir/ServiceRequest", sent, client="ehr-1").status == 201
    answer = api.call("GET", "/fhir/ServiceRequest?authored=2026-12-31", client="ehr-1")
    assert bool(answer.body.get("entry")) is found


@pytest.mark.parametrize("zone", ["America/Bostn", "", "../UTC", "America"])
def test_a_zone_that_does_not_exist_loses_no_order(zone: str) -> None:
    principal = Principal(client_id="ehr-1", tenant=TENANT, role=Role.EHR, organization="e")
    asked = Request(
        principal=principal,
        body=b"",
        content_type=None,
        headers={},
        query={},
        correlation_id="",
        base_url="",
        time_zone=zone,
    )
    assert asked.local(EVENING) == EVENING
