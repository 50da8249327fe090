from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.fhir.orders import (
    Json,
    a_bundle,
    a_coverage,
    a_patient,
    an_order,
    bundled_order,
    read_one,
)


def content_hash(resource: Json) -> str:
    return read_one(resource).canonical_hash


def shuffled(value: Any, chance: random.Random) -> Any:
    """Give the elements of every object another order; lists keep theirs."""
    if isinstance(value, dict):
        names = list(value)
        chance.shuffle(names)
        return {name: shuffled(value[name], chance) for name in names}
    if isinstance(value, list):
        return [shuffled(item, chance) for item in value]
    return value


@given(st.integers())
def test_the_order_of_elements_does_not_matter(seed: int) -> None:
    order = an_order(note=[{"text": "a"}, {"text": "b"}])
    mixed = shuffled(order, random.Random(seed))  # noqa: S311 - no secret depends on it
    assert content_hash(mixed) == content_hash(order)


def test_meta_narrative_and_our_own_identifier_do_not_matter() -> None:
    narrative = {"status": "generated", "div": "<div>x</div>"}
    ours = {"system": "https://referral-router.org/fhir/referral", "value": "r1"}
    base = an_order()
    later = an_order(meta={"versionId": "2"}, text=narrative)
    later["identifier"] = [*base["identifier"], ours]
    assert content_hash(later) == content_hash(base)


def test_how_the_resources_are_sent_does_not_matter() -> None:
    contained = content_hash(an_order(insurance=None))
    order, patient, coverage = bundled_order(id=None)
    bundled = content_hash(a_bundle(order, patient, coverage))
    in_another_order = content_hash(a_bundle(coverage, order, patient))
    assert contained == bundled == in_another_order


def test_fresh_uuids_of_a_bundle_do_not_matter() -> None:
    def bundle(uuid: str) -> Json:
        order = an_order(
            contained=None,
            insurance=None,
            id=f"o{uuid}",
            subject={"reference": f"urn:uuid:p{uuid}"},
        )
        patient = a_patient(id=f"p{uuid}")
        return {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [
                {"fullUrl": f"urn:uuid:o{uuid}", "resource": order},
                {"fullUrl": f"urn:uuid:p{uuid}", "resource": patient},
            ],
        }

    assert content_hash(bundle("1")) == content_hash(bundle("2"))


@pytest.mark.parametrize(
    "other",
    [
        an_order(status="draft"),
        an_order(id="another"),
        an_order(identifier=None),
        an_order(note=[{"text": "urgent"}]),
        an_order(contained=[a_patient(gender="male"), a_coverage()]),
        an_order(contained=[a_patient(), a_coverage(subscriberId="M-2")]),
    ],
)
def test_everything_else_matters(other: Json) -> None:
    assert content_hash(other) != content_hash(an_order())


def test_the_same_order_for_another_unknown_patient_is_another() -> None:
    def order(patient: str) -> Json:
        return an_order(contained=None, insurance=None, subject={"reference": patient})

    assert content_hash(order("Patient/1")) != content_hash(order("Patient/2"))


def test_resources_that_refer_to_each_other_in_circles_have_a_hash() -> None:
    patient = a_patient(generalPractitioner=[{"reference": "Practitioner/d"}])
    doctor = {
        "resourceType": "Practitioner",
        "id": "d",
        "extension": [{"url": "u", "valueReference": {"reference": "Patient/pat"}}],
    }
    order, _, _ = bundled_order()
    assert len(content_hash(a_bundle(order, patient, doctor))) == 64


def test_a_long_chain_of_references_has_a_hash() -> None:
    order, patient, _ = bundled_order()
    chain = [
        {
            "resourceType": "Organization",
            "id": f"o{number}",
            "partOf": {"reference": f"Organization/o{number + 1}"},
        }
        for number in range(3000)
    ]
    patient["managingOrganization"] = {"reference": "Organization/o0"}
    intake = read_one(a_bundle(order, patient, *chain))
    assert len(intake.resources) == 3001
