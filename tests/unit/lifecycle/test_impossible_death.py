"""A death that cannot be ends nothing and reaches nobody before its author has corrected it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from referral_core.domain.lifecycle import Outcome, Status
from referral_core.domain.referral import NoticeTopic
from tests.in_memory import SAMPLES, START, World, a_new_referral_of
from tests.unit.entrypoints.http.api_client import ApiClient

SAMPLE = "happy-path"


def order(**patient: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / f"{SAMPLE}.json").read_bytes())
    (one,) = (r for r in found["contained"] if r["resourceType"] == "Patient")
    one |= patient
    return found


def started(**patient: Any) -> World:
    world = World()
    intake = World.read(json.dumps(order(**patient)).encode())
    world.referrals.accept([a_new_referral_of(intake, world.clock)])
    world.settle()
    return world


@pytest.mark.parametrize("day", ["2062-01-04", "1860-01-01", "1900-01-01"])
def test_the_referrer_is_asked_and_nobody_else_is_told(day: str) -> None:
    world = started(deceasedDateTime=day)
    referral = world.referral
    assert (referral.status, referral.missing) == (Status.NEEDS_INFORMATION, ("patient.deceased",))
    assert "Not understood: patient.deceased" in referral.status_reason
    assert [n.topic for n in referral.notices] == [NoticeTopic.INFORMATION_NEEDED]
    assert not world.messenger.sent
    assert not referral.offers


def test_once_it_is_corrected_the_referral_goes_on() -> None:
    world = started(deceasedDateTime="2062-01-04")
    world.supplied(World.read(json.dumps(order()).encode()))
    assert world.referral.offers


def test_once_a_death_is_confirmed_the_referral_ends() -> None:
    world = started(deceasedDateTime="2062-01-04")
    world.supplied(World.read(json.dumps(order(deceasedDateTime="2026-01-04")).encode()))
    assert world.referral.proposed_outcome is Outcome.DECEASED_OR_MOVED
    assert not world.messenger.sent


def test_without_a_correction_staff_see_it() -> None:
    world = started(deceasedDateTime="1900-01-01")
    for _ in range(6):
        if world.referral.work_item is None:
            world.wait()
    item = world.referral.work_item
    assert item is not None
    assert item.reason.value == "missing-information"
    assert world.referral.missing == ("patient.deceased",)


def test_a_version_that_states_one_stops_what_is_under_way() -> None:
    world = World()
    api = ApiClient(world)
    posted = api.call("POST", "/fhir/ServiceRequest", order(), client="ehr-1")
    where = posted.headers["location"].partition("/_history")[0].rpartition("/")[2]
    sent = {**order(deceasedDateTime="2062-01-04"), "id": where}
    answer = api.call("PUT", f"/fhir/ServiceRequest/{where}", sent, client="ehr-1")
    assert answer.status == 200
    (state,) = world.referrals.all()
    is_seen = state.referral.work_item is not None
    assert is_seen or state.referral.status is Status.NEEDS_INFORMATION
    assert world.clock.now() == START
