"""Where an order was written: the encounter's place before the requester's, by an identifier."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.fhir.orders import Json, a_coverage, a_patient, an_order, read_one

IDENTIFIED = {"identifier": {"system": "urn:sites", "value": "main"}}


def an_encounter(*places: Json) -> Json:
    locations = [{"location": place} for place in places]
    return {"resourceType": "Encounter", "id": "enc", "status": "finished", "location": locations}


def a_role(*places: Json) -> Json:
    return {"resourceType": "PractitionerRole", "id": "role", "location": list(places)}


def location(*contained: Json, **fields: Any) -> str | None:
    order = an_order(contained=[a_patient(), a_coverage(), *contained], **fields)
    return read_one(order).location


def of_encounter(*places: Json, also: tuple[Json, ...] = ()) -> str | None:
    return location(an_encounter(*places), *also, encounter={"reference": "#enc"})


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        (IDENTIFIED, "urn:sites|main"),
        ({"reference": "Location/7"}, "Location/7"),
        ({"reference": "https://e.example.org/Location/7"}, "https://e.example.org/Location/7"),
        ({"reference": "urn:uuid:0b3f2a52-6d0b-4a0e-9d6f-000000000001"}, None),
        ({"display": "Main Street"}, None),
    ],
)
def test_an_encounters_place_is_named_by_what_holds_outside_the_body(
    place: Json, wanted: str | None
) -> None:
    assert of_encounter(place) == wanted


def test_a_place_that_is_sent_along_is_named_by_its_identifier() -> None:
    site = {
        "resourceType": "Location",
        "id": "site",
        "identifier": [{"system": "urn:sites", "value": "main"}],
        "name": "Main Street",
    }
    assert of_encounter({"reference": "#site"}, also=(site,)) == "urn:sites|main"
    assert of_encounter({"reference": "#site"}, also=({**site, "identifier": []},)) is None


@pytest.mark.parametrize("identifier", [7, True, "main", {"value": "main"}, [7, "main"], [{}]])
def test_a_place_whose_identifiers_have_no_shape_is_not_named(identifier: object) -> None:
    site = {"resourceType": "Location", "id": "site", "identifier": identifier}
    assert of_encounter({"reference": "#site"}, also=(site,)) is None


def test_the_first_place_that_is_named_counts() -> None:
    assert of_encounter({"display": "Ward"}, IDENTIFIED) == "urn:sites|main"


def test_the_requesters_place_counts_where_the_encounter_names_none() -> None:
    role = a_role(IDENTIFIED)
    requester = {"reference": "#role"}
    assert location(role, requester=requester) == "urn:sites|main"
    both = [an_encounter({"reference": "Location/7"}), role]
    encounter = {"reference": "#enc"}
    assert location(*both, requester=requester, encounter=encounter) == "Location/7"
    nowhere = [an_encounter(), role]
    assert location(*nowhere, requester=requester, encounter=encounter) == "urn:sites|main"


def test_an_order_that_names_no_place_has_none() -> None:
    assert location() is None
