"""A service that the order names by a reference only: a definition, a team."""

from __future__ import annotations

import pytest

from tests.unit.fhir.orders import (
    Json,
    a_bundle,
    a_coverage,
    a_patient,
    an_order,
    bundled_order,
    read_one,
)
from tests.unit.lifecycle.orders_wanted import SNOMED, a_desk, coding, post, stored

CARDIOLOGY = "207RC0000X"
TO_CARDIOLOGY = coding(SNOMED, "183519002", "Referral to cardiology service")
URL = "https://ehr.example.org/ActivityDefinition/heart"


def a_definition(**fields: Json | str) -> Json:
    return {"resourceType": "ActivityDefinition", "id": "ad", "status": "active", **fields}


def inside(resource: Json) -> Json:
    return {"contained": [a_patient(), a_coverage(), resource]}


@pytest.mark.parametrize("named", ["#ad", URL, f"{URL}|2"])
@pytest.mark.parametrize("element", ["instantiatesCanonical", "instantiatesUri"])
def test_the_definition_of_an_order_says_what_is_wanted(element: str, named: str) -> None:
    api = a_desk(CARDIOLOGY)
    definition = a_definition(url=URL, code=TO_CARDIOLOGY)
    reply = post(api, **{element: [named]}, **inside(definition))
    assert stored(api, reply).service.specialty == CARDIOLOGY


def test_a_definition_beside_the_order_is_read_and_one_it_does_not_name_is_not() -> None:
    order, *people = bundled_order(instantiatesCanonical=[URL])
    other = a_definition(id="o", url=f"{URL}-2", code=coding(SNOMED, "183518005"))
    body = a_bundle(order, *people, a_definition(url=URL, code=TO_CARDIOLOGY), other)
    (wanted,) = read_one(body).clinical.service.wanted.order_detail
    assert [c.code for c in wanted.codings] == ["183519002"]


def test_a_plan_without_a_code_is_known_by_its_title() -> None:
    plan = {"resourceType": "PlanDefinition", "id": "ad", "status": "active", "title": "Heart"}
    content = read_one(an_order(instantiatesCanonical=["#ad"], **inside(plan))).clinical
    assert content.service.wanted.words() == ("Heart",)
    assert content.service.is_stated


def test_what_a_definition_discloses_waits_for_consent() -> None:
    definition = a_definition(code={"text": "Alcohol detoxification"})
    api = a_desk(CARDIOLOGY)
    post(
        api,
        performerType=coding(SNOMED, "394579002"),
        instantiatesCanonical=["#ad"],
        **inside(definition),
    )
    assert not api.told


def test_a_team_that_is_named_is_shown_by_its_name_and_read_by_its_members_roles() -> None:
    role = coding("http://nucc.org/provider-taxonomy", CARDIOLOGY)
    team = {"resourceType": "CareTeam", "id": "ct", "name": "Heart failure team"}
    named = {"performer": [{"reference": "#ct"}]}
    wanted = read_one(an_order(**named, **inside(team))).clinical.service
    assert wanted.wanted.words() == ("Heart failure team",)
    assert wanted.is_stated
    api = a_desk(CARDIOLOGY)
    reply = post(api, **named, **inside({**team, "participant": [{"role": [role]}]}))
    assert stored(api, reply).service.specialty == CARDIOLOGY
