"""How the simulated EHR completes an order: the product must find what it had missed."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from local.partners.ehr.order_completion import completed
from referral_core.domain.orders.required_facts import missing
from referral_core.fhir.intake.orders import read_update
from referral_core.pathways import pathways
from tests.unit.builders import NOW

Json = dict[str, Any]
PATIENT = {
    "resourceType": "Patient",
    "id": "p7",
    "name": [{"family": "Whitlock", "given": ["June"]}],
}
ASKED_OF_EHR = sorted(
    {
        fact
        for pathway in pathways().values()
        for fact in set(pathway.readiness.required) - set(pathway.readiness.asked_of_staff)
    }
)


def an_order(**fields: Any) -> Json:
    base: Json = {
        "resourceType": "ServiceRequest",
        "id": "r1",
        "status": "active",
        "intent": "order",
        "identifier": [{"system": "https://ehr.example.org/orders", "value": "LS-1"}],
        "subject": {"reference": "Patient/p7"},
    }
    return {**base, **fields}


def complete(order: Json, *facts: str, posted: Any = None) -> Json:
    return completed(order, facts, Random(7), posted)  # noqa: S311 - random


def lacking(order: Json, *facts: str) -> tuple[str, ...]:
    body = json.dumps(order).encode()
    content = read_update(body, "application/fhir+json", "r1", NOW).clinical
    return missing(content, facts)


@pytest.mark.parametrize("fact", ASKED_OF_EHR)
def test_whatever_a_pathway_asks_of_an_ehr_is_supplied(fact: str) -> None:
    assert lacking(an_order(), fact) == (fact,)
    assert lacking(complete(an_order(), fact), fact) == ()


def test_all_at_once() -> None:
    assert lacking(complete(an_order(), *ASKED_OF_EHR), *ASKED_OF_EHR) == ()


def test_the_patient_is_the_one_that_was_posted() -> None:
    bundle = {"entry": [{"resource": an_order()}, {"resource": PATIENT}]}

    supplied = complete(an_order(), "patient.phone", posted=bundle)

    (patient,) = supplied["contained"]
    assert patient["name"] == PATIENT["name"]
    assert patient["telecom"][0]["value"].startswith("+150855501")
    assert supplied["subject"] == {"reference": "#patient"}
    assert {k: v for k, v in PATIENT.items() if k != "telecom"} == PATIENT


def test_what_is_contained_is_changed_in_place() -> None:
    contained = [{"resourceType": "Patient", "id": "pat", "name": [{"family": "Moreau"}]}]
    order = an_order(contained=contained, subject={"reference": "#pat"})

    supplied = complete(order, "patient.birth_date", "coverage.member_id")

    patient, coverage = supplied["contained"]
    assert patient["birthDate"]
    assert patient["name"][0]["family"] == "Moreau"
    assert coverage["beneficiary"] == {"reference": "#pat"}
    assert contained == [{"resourceType": "Patient", "id": "pat", "name": [{"family": "Moreau"}]}]


def test_what_only_staff_can_get_is_left_out() -> None:
    assert complete(an_order(), "consent") == an_order()


def test_the_same_dice_supply_the_same() -> None:
    assert complete(an_order(), *ASKED_OF_EHR) == complete(an_order(), *ASKED_OF_EHR)
