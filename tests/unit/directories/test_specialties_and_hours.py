"""Whoever has several specialties is found by each; when a service is open is read as stated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest

from referral_core.adapters.memory.directory_store import MemoryDirectoryStore
from referral_core.directories import hsds, nppes, plan_net
from referral_core.directories.rows import Row
from referral_core.domain.directory_facts import OpeningHours
from tests.unit.directories.test_importers import (
    PLACES,
    a_csv_row,
    a_role,
    a_service,
    an_npi,
    counts,
    csv_lines,
    imported,
    planned,
)

INTERNIST, CARDIOLOGIST = "207R00000X", "207RC0000X"
MONDAY, SUNDAY = date(2026, 3, 2), date(2026, 3, 8)


def test_a_clinician_with_two_taxonomies_is_an_entry_of_each_and_first_of_the_primary_one() -> None:
    store = MemoryDirectoryStore()
    both = a_csv_row(7, **{"Healthcare Provider Taxonomy Code_1": INTERNIST})
    state, _ = imported(nppes.read(csv_lines(both), PLACES), store)
    assert counts(state) == (2, 0, 0, 0)
    found = {e.specialty: e.is_second_choice for e in store.kept.values()}
    assert found == {CARDIOLOGIST: False, INTERNIST: True}
    again, _ = imported(nppes.read(csv_lines(both), PLACES), store)
    assert counts(again) == (0, 0, 2, 0)


def test_a_role_with_two_specialties_is_an_entry_of_each_and_says_not_which_is_first(
    tmp_path: Path,
) -> None:
    system = "http://nucc.org/provider-taxonomy"
    both = [{"coding": [{"system": system, "code": code}]} for code in (INTERNIST, CARDIOLOGIST)]
    _, _, store = planned(a_role(an_npi(7), specialty=both), tmp_path)
    found = {e.specialty: e.is_second_choice for e in store.kept.values()}
    assert found == {INTERNIST: False, CARDIOLOGIST: False}


WEEKDAYS = {"daysOfWeek": ["mon", "tue"], "openingTime": "08:00:00", "closingTime": "17:00:00"}
SUNDAYS = {"daysOfWeek": ["sun"], "allDay": True}


def in_a_place(resources: list[dict[str, Any]], *hours: dict[str, Any]) -> list[dict[str, Any]]:
    is_place = {"hoursOfOperation": list(hours)}
    return [r | is_place if r["resourceType"] == "Location" else r for r in resources]


def test_hours_are_the_roles_own_where_it_says_them_and_else_those_of_its_place(
    tmp_path: Path,
) -> None:
    resources = in_a_place(a_role(an_npi(7)), WEEKDAYS, SUNDAYS)
    _, _, store = planned(resources, tmp_path)
    (entry,) = store.kept.values()
    assert entry.location.hours == (
        OpeningHours(days=("mon", "tue"), opens="08:00", closes="17:00"),
        OpeningHours(days=("sun",)),
    )
    own = {"daysOfWeek": ["thu"], "availableStartTime": "13:00:00", "availableEndTime": "15:30:00"}
    own_hours = in_a_place(a_role(an_npi(8), availableTime=[own]), WEEKDAYS)
    (tmp_path / "own").mkdir()
    _, _, store = planned(own_hours, tmp_path / "own")
    (entry,) = store.kept.values()
    assert entry.location.hours == (OpeningHours(days=("thu",), opens="13:00", closes="15:30"),)


def test_hours_of_a_community_resource_are_those_of_the_place_before_those_of_the_service() -> None:
    place = {"id": "l1", "latitude": 42.2, "longitude": -71.8}
    own = [{"byday": "TU,TH", "opens_at": "09:00", "closes_at": "12:00"}]
    everywhere = [{"byday": "1FR", "opens_at": "10:00:00-05:00"}]
    at = [{"location": place, "schedules": own}, {"location": {**place, "id": "l2"}}]
    store = MemoryDirectoryStore()
    imported(hsds.read([a_service(service_at_locations=at, schedules=everywhere)]), store)
    hours = {npi: entry.location.hours for (_, _, npi), entry in store.kept.items()}
    assert hours == {
        "hsds:s1:l1": (OpeningHours(days=("tue", "thu"), opens="09:00", closes="12:00"),),
        "hsds:s1:l2": (OpeningHours(days=("fri",), opens="10:00"),),
    }


@pytest.mark.parametrize(
    ("opens", "closes", "hours"),
    [
        ("9:00", "17:30:00", ("09:00", "17:30")),
        ("09:00-05:00", "24:00", ("09:00", None)),
        (None, "8:05Z", (None, "08:05")),
    ],
)
def test_hours_are_read_as_directories_write_them(
    opens: str | None, closes: str, hours: tuple[str | None, str | None]
) -> None:
    said = [{"byday": "MO", "opens_at": opens, "closes_at": closes}]
    store = MemoryDirectoryStore()
    imported(hsds.read([a_service(schedules=said)]), store)
    found = [each for entry in store.kept.values() for each in entry.location.hours]
    assert {(each.opens, each.closes) for each in found} == {hours}


@pytest.mark.parametrize("opens", ["late", "9:00 PM", "25:00"])
def test_hours_that_are_none_are_a_row_refused_with_its_reason(opens: str) -> None:
    wrong = [{"byday": "MO", "opens_at": opens}]
    store = MemoryDirectoryStore()
    state, refused = imported(hsds.read([a_service(schedules=wrong)]), store)
    assert (state.added, {why for _, why in refused}) == (
        0,
        {"location.hours.0.opens: string_pattern_mismatch"},
    )


@pytest.mark.parametrize(
    ("hours", "day", "after", "is_open"),
    [
        ({}, SUNDAY, time(23, 59), True),
        ({"days": ("mon",)}, MONDAY, time(23, 59), True),
        ({"days": ("mon",)}, SUNDAY, time.min, False),
        ({"closes": "17:00"}, MONDAY, time(16, 59), True),
        ({"closes": "17:00"}, MONDAY, time(17, 0), False),
        ({"opens": "20:00", "closes": "04:00"}, MONDAY, time(23, 0), True),
        ({"opens": "00:00", "closes": "00:00"}, MONDAY, time(23, 0), True),
    ],
)
def test_somebody_can_be_seen_on_a_day_until_it_closes(
    hours: dict[str, Any], day: date, after: time, *, is_open: bool
) -> None:
    assert OpeningHours(**hours).include(day, after) is is_open


# --- what readers make of what is not as it should be ---------------------------------------------


def test_languages_of_a_directory_are_known_by_code_in_any_form_and_by_name(tmp_path: Path) -> None:
    system = "urn:ietf:bcp:47"
    said = [
        {"coding": [{"system": system, "code": "es-MX"}]},
        {"coding": [{"system": system, "code": "zho"}]},
        {"text": "Haitian Creole"},
        {"text": "unknown"},
    ]
    resources = a_role(an_npi(7))
    with_languages = [
        r | {"communication": said} if r["resourceType"] == "Practitioner" else r for r in resources
    ]
    _, _, store = planned(with_languages, tmp_path)
    (entry,) = store.kept.values()
    assert entry.languages == ("es", "ht", "zh")
    spoken = [{"name": "Spanish"}, {"code": "por"}, {}]
    community = MemoryDirectoryStore()
    imported(hsds.read([a_service(languages=spoken)]), community)
    assert {entry.languages for entry in community.kept.values()} == {("es", "pt")}


@pytest.mark.parametrize(
    "wrong",
    [
        {"minimum_age": "from ten"},
        {"capacities": [{"available": "some"}]},
        {"organization": ["o1"]},
        {"phones": [{"number": "1"}, None], "languages": "en", "organization": "o1"},
    ],
)
def test_a_service_that_is_not_as_its_format_says_stops_no_import(wrong: dict[str, Any]) -> None:
    state, refused = imported(hsds.read([a_service(**wrong), a_service()]), MemoryDirectoryStore())
    assert state.added == 2
    ((line, why),) = refused
    assert (line, why.split(":")[0]) == (1, "not as its format says")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "wrong",
    [
        {"extension": [{"url": plan_net._NETWORK}]},
        {"specialty": [None]},
        {"availableTime": [{"daysOfWeek": None}]},
    ],
)
def test_a_role_that_is_not_as_its_profile_says_stops_no_import(
    wrong: dict[str, Any], tmp_path: Path
) -> None:
    _, refused, store = planned(a_role(an_npi(7), **wrong), tmp_path)
    assert not store.kept
    assert "not as its format says" in refused[0][1]


def test_a_source_that_says_one_thing_twice_ends_as_it_was_read_last_each_time() -> None:
    def rows() -> Iterator[Row]:
        for line, place in enumerate(("here", "there"), start=1):
            says = {"name": place, "organization": "o", "latitude": 1.0, "longitude": 1.0}
            yield Row(line, "1", INTERNIST, says)

    store = MemoryDirectoryStore()
    for _ in range(3):
        imported(rows(), store)
        assert [entry.name for entry in store.kept.values()] == ["there"]
    assert store.written == 1


@pytest.mark.parametrize(
    ("written", "known"),
    [("Massachusetts", "MA"), ("ma", "MA"), ("Ontario", "Ontario"), ("", None)],
)
def test_a_state_is_known_as_licences_name_it(
    written: str, known: str | None, tmp_path: Path
) -> None:
    store = MemoryDirectoryStore()
    name = "Provider Business Practice Location Address State Name"
    imported(nppes.read(csv_lines(a_csv_row(7, **{name: written})), PLACES), store)
    address = {"postalCode": "01605", "state": written}
    resources = [
        r | {"address": address} if r["resourceType"] == "Location" else r
        for r in a_role(an_npi(7))
    ]
    place = {"id": "l1", "latitude": 42.2, "longitude": -71.8}
    place["addresses"] = [{"state_province": written}]
    services = [a_service(service_at_locations=[{"location": place}])]
    community = MemoryDirectoryStore()
    imported(hsds.read(services), community)
    _, _, of_payer = planned(resources, tmp_path)
    for entries in (store, community, of_payer):
        assert {entry.location.state for entry in entries.kept.values()} == {known}
