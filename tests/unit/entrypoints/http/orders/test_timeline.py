"""`$timeline`: what happened, what will, who acts next; and what it says to whom."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from referral_core.domain.referral import Referral
from referral_core.entrypoints.http import page_room
from tests.in_memory import REFERRAL
from tests.unit.entrypoints.http.parties import Parties, Party, Request, closed, visit_booked
from tests.unit.fhir.orders import Json

URL = f"/fhir/ServiceRequest/{REFERRAL}/$timeline"


def shown(parties: Parties, party: Party) -> list[Json]:
    reply = parties.call(Request("GET", URL), party)
    assert reply.status == 200, reply.body
    assert reply.body["resourceType"] == "Parameters"
    found: list[Json] = reply.body["parameter"]
    return found


def value(parameter: Json) -> Any:
    return next(value for name, value in parameter.items() if name.startswith("value"))


def named(parameters: list[Json], name: str) -> list[dict[str, Any]]:
    return [
        {part["name"]: value(part) for part in p["part"]} for p in parameters if p["name"] == name
    ]


def single(parameters: list[Json]) -> dict[str, Any]:
    return {p["name"]: value(p) for p in parameters if "part" not in p}


def test_a_booked_visit_says_who_acts_next_and_what_comes() -> None:
    parties = visit_booked()
    referral: Referral = parties.world.referral
    parameters = shown(parties, Party.OWN_EHR)
    head = single(parameters)
    assert head["status"] == "scheduled"
    assert head["actsNext"] == "clinic"
    assert head["team"] == referral.queue.value
    assert "leftOut" not in head
    happened = named(parameters, "happened")
    assert [h["version"] for h in happened] == sorted(h["version"] for h in happened)
    assert happened[0]["what"] == "received"
    assert "appointment-booked" in [h["what"] for h in happened]
    planned = named(parameters, "planned")
    assert {"patient-reminded", "visit", "person-looks"} <= {p["what"] for p in planned}
    assert all(p["at"] >= head["now"] for p in planned)


def test_a_closed_referral_has_a_past_only() -> None:
    parameters = shown(closed(), Party.OWN_EHR)
    head = single(parameters)
    assert head["outcome"] == "completed-report-acknowledged"
    assert not head.keys() & {"actsNext", "team", "lookedAt"}
    assert not named(parameters, "planned")


def test_an_ehr_is_told_no_name_of_those_who_acted_for_others() -> None:
    parties = visit_booked()
    by_ehr = {h.get("by") for h in named(shown(parties, Party.OWN_EHR), "happened")}
    assert by_ehr <= {"router", "timer", Party.OWN_EHR, None}
    by_staff = {h.get("by") for h in named(shown(parties, Party.STAFF), "happened")}
    assert None not in by_staff
    assert by_staff > by_ehr - {None}


def test_it_holds_nothing_of_the_patient() -> None:
    text = json.dumps(shown(visit_booked(), Party.STAFF))
    for word in ("Whitlock", "Marjorie", "+1508", "Consultation"):
        assert word not in text


def test_how_the_router_works_is_not_what_happened() -> None:
    happened = named(shown(visit_booked(), Party.STAFF), "happened")
    started = [h for h in happened if h["what"] == "step-started"]
    assert all(h.get("from") != h["to"] for h in started)


def test_only_so_much_of_the_past_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("referral_core.entrypoints.http.orders.timeline._MOST_EVENTS", 3)
    parties = visit_booked()
    parameters = shown(parties, Party.STAFF)
    happened = named(parameters, "happened")
    assert len(happened) == 3
    assert happened[-1]["version"] == parties.world.referral.version
    assert single(parameters)["leftOut"] > 0


def test_a_timeline_is_bounded_in_bytes_and_the_latest_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parties = closed()
    whole = named(shown(parties, Party.STAFF), "happened")
    monkeypatch.setattr(page_room, "MOST_BYTES", 1_000)
    parameters = shown(parties, Party.STAFF)
    kept = named(parameters, "happened")
    assert 0 < len(kept) < len(whole)
    assert kept == whole[-len(kept) :]
    assert single(parameters)["leftOut"] == len(whole) - len(kept)


def test_who_knows_it_is_told_again_exactly_when_its_plan_has_moved_with_the_clock() -> None:
    parties = visit_booked()
    first = parties.call(Request("GET", URL), Party.OWN_EHR)
    etag = first.headers["etag"]
    plan = named(first.body["parameter"], "planned")
    known = set()
    for at in sorted({datetime.fromisoformat(one["at"]) for one in plan}):
        parties.world.clock.move_to(at + timedelta(seconds=1))
        is_same = named(shown(parties, Party.OWN_EHR), "planned") == plan
        reply = parties.api.call("GET", URL, client=Party.OWN_EHR, if_none_match=etag)
        assert reply.status == (304 if is_same else 200)
        known.add(reply.status)
    assert 200 in known
