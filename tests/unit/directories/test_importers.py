"""Directories of others become entries: every row one, or refused with its line and the reason."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from local.import_directory import import_file, places_of
from referral_core.adapters.memory.directory_store import MemoryDirectoryStore
from referral_core.directories import hsds, nppes, plan_net
from referral_core.directories.importing import ImportState, import_directory
from referral_core.directories.resource_shelf import ResourceShelf
from referral_core.directories.rows import Assumed, Row
from referral_core.domain.directory_facts import CapacityStatus, Dispute, Fact
from referral_core.domain.modality import Modality
from referral_core.domain.npi import check_digit, is_npi
from tests.unit.builders import TENANT

DATA = Path(__file__).parents[4] / "shared/data"
TODAY = date(2026, 3, 2)
ASSUMED = Assumed(tenant=TENANT, source="test", today=TODAY, weekly_capacity=2)
PLACES = {"01605": (42.27, -71.78)}.get
needs_data = pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not there")


def an_npi(number: int) -> str:
    nine = f"1{number:08d}"
    return f"{nine}{check_digit(nine)}"


def a_csv_row(number: int = 1, **fields: str) -> dict[str, str]:
    return {
        "NPI": an_npi(number),
        "Entity Type Code": "1",
        "Provider Last Name (Legal Name)": "Rivera",
        "Provider First Name": "Pat",
        "Provider Organization Name (Legal Business Name)": "",
        "Provider Business Practice Location Address State Name": "MA",
        "Provider Business Practice Location Address Postal Code": "016051234",
        "Last Update Date": "02/01/2026",
        "NPI Deactivation Date": "",
        "NPI Reactivation Date": "",
        "Healthcare Provider Taxonomy Code_1": "",
        "Provider License Number State Code_1": "MA",
        "Healthcare Provider Primary Taxonomy Switch_1": "N",
        "Healthcare Provider Taxonomy Code_2": "207RC0000X",
        "Provider License Number State Code_2": "RI",
        "Healthcare Provider Primary Taxonomy Switch_2": "Y",
        **fields,
    }


def csv_lines(*rows: dict[str, str]) -> Iterator[str]:
    written = io.StringIO()
    writer = csv.DictWriter(written, list(a_csv_row()))
    writer.writeheader()
    writer.writerows(rows)
    yield from written.getvalue().splitlines(keepends=True)


def imported(
    rows: Iterator[Row], store: MemoryDirectoryStore, assumed: Assumed = ASSUMED
) -> tuple[ImportState, list[tuple[int, str | None]]]:
    refused: list[tuple[int, str | None]] = []
    state = import_directory(
        rows,
        assumed,
        store,
        refuse=lambda row: refused.append((row.line, row.refused)),
        progress=lambda _: None,
    )
    return state, refused


def counts(state: ImportState) -> tuple[int, int, int, int]:
    return state.added, state.changed, state.unchanged, state.refused


# --- NPPES ---------------------------------------------------------------------------------------


def test_a_row_of_nppes_becomes_an_entry_with_its_sources() -> None:
    store = MemoryDirectoryStore()
    imported(nppes.read(csv_lines(a_csv_row()), PLACES), store)
    (entry,) = store.kept.values()
    assert (entry.specialty, entry.is_second_choice) == ("207RC0000X", False)
    assert (entry.name, entry.licence_states) == ("Pat Rivera", ("MA", "RI"))
    assert (entry.latitude, entry.location.state) == (42.27, "MA")
    assert entry.sources[Fact.SERVICE].as_of == date(2026, 2, 1)
    assert Fact.ACCEPTING in entry.stale_facts(TODAY)


@pytest.mark.parametrize(
    ("codes", "imaging"),
    [
        (("261QM1200X", ""), ("MR",)),
        (("261QR0206X", "261QM1200X"), ("MG", "MR")),
        (("2085U0001X", "207R00000X"), ("US",)),
        # A radiology centre beside it: what else is taken there nobody says.
        (("261QM1200X", "261QR0200X"), ()),
        (("261QR0200X", ""), ()),
        (("207R00000X", ""), ()),
    ],
)
def test_what_images_are_taken_with_is_read_where_the_codes_say_it(
    codes: tuple[str, str], imaging: tuple[str, ...]
) -> None:
    fields = {f"Healthcare Provider Taxonomy Code_{n}": code for n, code in enumerate(codes, 1)}
    store = MemoryDirectoryStore()
    imported(nppes.read(csv_lines(a_csv_row(**fields)), PLACES), store)
    assert {entry.imaging for entry in store.kept.values()} == {imaging}


def test_a_centre_that_comes_to_take_any_image_is_no_longer_held_to_the_one_it_took() -> None:
    store, name = MemoryDirectoryStore(), "Healthcare Provider Taxonomy Code_"
    for other in ("", "261QR0200X"):
        fields = {f"{name}1": other, f"{name}2": "261QM1200X"}
        imported(nppes.read(csv_lines(a_csv_row(**fields)), PLACES), store)
    assert {entry.imaging for entry in store.kept.values()} == {()}


BAD = {
    "not an NPI: its check digit is wrong": {"NPI": "1234567890"},
    "neither a person nor an organization": {"Entity Type Code": ""},
    "the NPI is deactivated": {"NPI Deactivation Date": "01/01/2025"},
    "no taxonomy code": {
        "Healthcare Provider Taxonomy Code_1": "",
        "Healthcare Provider Taxonomy Code_2": "heart",
    },
    "no name": {"Provider Last Name (Legal Name)": " ", "Provider First Name": ""},
    "no place is known for the postal code": {
        "Provider Business Practice Location Address Postal Code": "99999"
    },
}


def test_a_bad_row_is_reported_with_its_line_and_stops_nothing() -> None:
    bad = [a_csv_row(n, **fields) for n, fields in enumerate(BAD.values(), start=10)]
    store = MemoryDirectoryStore()
    lines = csv_lines(a_csv_row(1), *bad, a_csv_row(2))
    state, refused = imported(nppes.read(lines, PLACES), store)
    assert counts(state) == (2, 0, 0, len(bad))
    assert refused == [(line, why) for line, why in enumerate(BAD, start=3)]


def test_a_reactivated_npi_is_an_entry_and_a_row_with_too_many_fields_is_none() -> None:
    again = a_csv_row(
        1, **{"NPI Deactivation Date": "01/01/2024", "NPI Reactivation Date": "01/01/2025"}
    )
    lines = [*csv_lines(again), f"{an_npi(2)}{',x' * 40}\r\n"]
    state, refused = imported(nppes.read(iter(lines), PLACES), MemoryDirectoryStore())
    assert counts(state) == (1, 0, 0, 1)
    assert refused == [(3, "more fields than columns")]


# --- idempotent, resumable, careful ---------------------------------------------------------------


def test_imported_again_nothing_is_written() -> None:
    store = MemoryDirectoryStore()
    rows = [a_csv_row(n) for n in range(100)]
    first, _ = imported(nppes.read(csv_lines(*rows), PLACES), store)
    again, _ = imported(nppes.read(csv_lines(*rows), PLACES), store)
    assert (counts(first), counts(again)) == ((100, 0, 0, 0), (0, 0, 100, 0))
    assert store.written == 100


def test_an_import_that_was_stopped_goes_on_where_it_was() -> None:
    store = MemoryDirectoryStore()
    rows = [a_csv_row(n, **({"NPI": "1"} if n % 10 == 0 else {})) for n in range(1, 201)]

    def dies() -> Iterator[Row]:
        for row in nppes.read(csv_lines(*rows), PLACES):
            if row.line == 130:
                raise KeyboardInterrupt
            yield row

    with pytest.raises(KeyboardInterrupt):
        imported(dies(), store)
    before = store.written
    state, refused = imported(nppes.read(csv_lines(*rows), PLACES), store)
    assert 0 < before < 180
    assert (state.added, state.refused, store.written) == (180, 20, 180)
    assert min(line for line, _ in refused) > 40
    # And from its end a new import begins at the beginning
    assert store.state(TENANT, ASSUMED.source) is None


def test_what_operations_know_stays_and_what_is_disputed_stays_disputed() -> None:
    store = MemoryDirectoryStore()
    imported(nppes.read(csv_lines(a_csv_row()), PLACES), store)
    (at,) = store.kept
    said = Dispute(fact=Fact.CONTACT, said_by="clinic", at=datetime(2026, 3, 2, tzinfo=UTC))
    ours = {"clinic_url": "https://c", "weekly_capacity": 9, "disputes": (said,), "tier": 1}
    store.kept[at] = store.kept[at].but(**ours)
    moved = a_csv_row(1, **{"Provider Last Name (Legal Name)": "Rivera-Lopez"})
    state, _ = imported(nppes.read(csv_lines(moved), PLACES), store)
    assert counts(state) == (0, 1, 0, 0)
    kept = store.kept[at]
    assert kept.name == "Pat Rivera-Lopez"
    assert {name: getattr(kept, name) for name in ours} == ours


def test_an_older_source_does_not_undo_a_newer_one() -> None:
    store = MemoryDirectoryStore()
    imported(nppes.read(csv_lines(a_csv_row()), PLACES), store)
    older = a_csv_row(1, **{"Last Update Date": "01/01/2020", "Provider First Name": "Old"})
    state, _ = imported(nppes.read(csv_lines(older), PLACES), store)
    assert counts(state) == (0, 0, 1, 0)


def test_memory_does_not_grow_with_the_file() -> None:
    class Discarding(MemoryDirectoryStore):
        def replace(self, changes: Any) -> None:
            self.written += len(changes)

    def rows(count: int) -> Iterator[Row]:
        says = {"name": "x", "organization": "o", "latitude": 1.0, "longitude": 1.0}
        for line in range(1, count + 1):
            yield Row(line, str(line), "207R00000X", says)

    def peak_of(count: int) -> int:
        tracemalloc.start()
        state, _ = imported(rows(count), Discarding())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert state.added == count
        return peak

    peak_of(400)  # what is loaded with the first
    assert peak_of(4_000) < 2 * peak_of(400)


# --- HSDS ---------------------------------------------------------------------------------------


def a_service(**fields: Any) -> str:
    location = {"id": "l1", "latitude": 42.2, "longitude": -71.8}
    base = {
        "id": "s1",
        "name": "Food pantry",
        "status": "active",
        "organization": {"id": "o1"},
        "minimum_age": 60,
        "languages": [{"code": "es"}, {"code": "en"}],
        "capacities": [{"available": 0}],
        "service_at_locations": [{"location": location}, {"location": {**location, "id": "l2"}}],
        "last_modified": "2026-02-03T10:00:00Z",
    }
    return json.dumps({**base, **fields})


def test_a_community_resource_is_an_entry_at_each_place_with_its_capacity() -> None:
    store = MemoryDirectoryStore()
    state, _ = imported(hsds.read([a_service()]), store)
    assert state.added == 2
    entry = store.kept[TENANT, hsds.SOCIAL_NEEDS, "hsds:s1:l2"]
    assert entry.capacity_status is CapacityStatus.WAITLIST
    assert (entry.ages.youngest, entry.languages) == (60, ("en", "es"))
    assert entry.sources[Fact.ACCEPTING].as_of == date(2026, 2, 3)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "not JSON"),
        ("[]", "not a service"),
        (a_service(id=None), "no id or no name"),
        (a_service(status="defunct"), "the service is defunct"),
        (a_service(service_at_locations=[]), "no place at which it is given"),
        (a_service(service_at_locations=[{"location": {}}]), "a place without id"),
        (
            a_service(service_at_locations=[{"location": {"id": "l"}}]),
            "a place without coordinates",
        ),
        (
            a_service(
                service_at_locations=[{"location": {"id": "l", "latitude": "x", "longitude": 1}}]
            ),
            "latitude: float_parsing",
        ),
    ],
)
def test_what_is_no_community_resource_says_why(line: str, why: str) -> None:
    state, refused = imported(hsds.read([a_service(), line]), MemoryDirectoryStore())
    assert (state.added, refused) == (2, [(2, why)])


# --- Plan-Net -----------------------------------------------------------------------------------


def a_role(npi: str, **fields: Any) -> list[dict[str, Any]]:
    network = {"reference": "Organization/net"}
    extension = {"url": plan_net._NETWORK, "valueReference": network}
    coding = {"system": "http://nucc.org/provider-taxonomy", "code": "207R00000X"}
    role = {
        "resourceType": "PractitionerRole",
        "id": "r1",
        "extension": [extension],
        "practitioner": {"reference": "Practitioner/p1"},
        "specialty": [{"coding": [coding]}],
        "location": [{"reference": "Location/l1"}],
    }
    identifier = {"system": "http://hl7.org/fhir/sid/us-npi", "value": npi}
    return [
        {**role, **fields},
        {
            "resourceType": "Practitioner",
            "id": "p1",
            "identifier": [identifier],
            "name": [{"given": ["Pat"], "family": "Rivera"}],
        },
        {"resourceType": "Location", "id": "l1", "address": {"postalCode": "01605-1234"}},
        {
            "resourceType": "InsurancePlan",
            "id": "gold",
            "ownedBy": {"reference": "Organization/acme"},
            "network": [network],
        },
    ]


def planned(resources: list[dict[str, Any]], folder: Path) -> tuple[Any, Any, MemoryDirectoryStore]:
    store = MemoryDirectoryStore()
    assumed = Assumed(TENANT, "plan-net", TODAY, payers={"acme": "harbor"})
    with ResourceShelf(folder / "shelf.db") as shelf:
        shelf.add(resources)
        return *imported(plan_net.read(shelf, PLACES, assumed), store, assumed), store


def test_a_service_of_plan_net_has_the_imaging_of_its_codes(tmp_path: Path) -> None:
    coding = {"system": "http://nucc.org/provider-taxonomy", "code": "261QM1200X"}
    _, _, store = planned(a_role(an_npi(7), specialty=[{"coding": [coding]}]), tmp_path)
    (entry,) = store.kept.values()
    assert (entry.specialty, entry.imaging) == ("261QM1200X", ("MR",))


def test_a_role_is_an_entry_in_the_networks_of_its_plans(tmp_path: Path) -> None:
    state, _, store = planned(a_role(an_npi(7)), tmp_path)
    assert counts(state) == (1, 0, 0, 0)
    (entry,) = store.kept.values()
    assert (entry.npi, entry.name, entry.latitude) == (an_npi(7), "Pat Rivera", 42.27)
    assert entry.tier_for("harbor", "gold", TODAY) == 2
    assert entry.tier_for("harbor", "silver", TODAY) == 3


def test_a_role_without_what_an_entry_needs_says_why(tmp_path: Path) -> None:
    for fields, why in (
        ({"active": False}, "not active"),
        ({"specialty": []}, "no NUCC specialty"),
        ({"location": []}, "no location"),
        ({"practitioner": {"reference": "Practitioner/unknown"}}, "no practitioner"),
    ):
        _, refused, _ = planned(a_role(an_npi(7), **fields), tmp_path)
        assert refused == [(1, why)]
    _, refused, _ = planned(a_role("NPI3233"), tmp_path)
    assert refused == [(1, "not an NPI: its check digit is wrong")]


# --- the real sets, recounted by other means ------------------------------------------------------


CODE = "Healthcare Provider Taxonomy Code"
SWITCH = "Healthcare Provider Primary Taxonomy Switch"
NUMBERS = range(1, 16)


@needs_data
@pytest.mark.parametrize("name", ["practitioners", "organizations"])
def test_nppes_as_published_equals_a_recount(name: str) -> None:
    file = DATA / f"nppes/{name}.csv"
    places = places_of(DATA / "reference/zip_centroids_subset.csv")
    store = MemoryDirectoryStore()
    state = import_file("nppes", file, ASSUMED, places, store)
    entries, refused = set(), 0
    for row in csv.DictReader(io.StringIO(file.read_text())):
        zip_code = row["Provider Business Practice Location Address Postal Code"][:5]
        numbered = [
            (row[f"{CODE}_{n}"], row[f"{SWITCH}_{n}"]) for n in NUMBERS if f"{CODE}_{n}" in row
        ]
        codes = [pair for pair in numbered if pair[0]]
        if is_npi(row["NPI"]) and places(zip_code) and codes:
            primary = next((code for code, switch in codes if switch == "Y"), codes[0][0])
            entries |= {(code, row["NPI"], code != primary) for code, _ in codes}
        else:
            refused += 1
    found = store.kept.values()
    assert {(e.specialty, e.npi, e.is_second_choice) for e in found} == entries
    assert (state.added, state.refused) == (len(entries), refused)
    assert state.read == len(entries) + refused


@needs_data
def test_plan_net_as_published_equals_a_recount() -> None:
    folder = DATA / "fhir/davinci-plan-net-1.1.0"
    places = places_of(DATA / "reference/zip_centroids_subset.csv")
    store = MemoryDirectoryStore()
    state = import_file("plan-net", folder, ASSUMED, places, store)
    resources = [json.loads(f.read_text()) for f in folder.glob("*.json")]
    entries = [r for r in resources if r["resourceType"] in plan_net.ENTRIES]
    services = [r for r in entries if r["resourceType"] == "HealthcareService"]
    placed = {f"Location/{r['id']}" for r in resources if "position" in r}
    wanted = {
        f"plan-net:{s['id']}"
        for s in services
        if s.get("specialty") and any(at["reference"] in placed for at in s.get("location", ()))
    }
    assert state.read == len(entries)
    # The roles' numbers are placeholders ("NPI3233"): no one is sent to a number that is none
    assert {npi for _, _, npi in store.kept} == wanted
    assert (state.added, state.refused) == (len(wanted), len(entries) - len(wanted))
    assert {m for e in store.kept.values() for m in e.modalities} <= set(Modality)
