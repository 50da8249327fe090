from __future__ import annotations

import json
from typing import Any

import pytest

from referral_core.fhir.outbound.offers import offer_bundle
from tests.unit.builders import a_referral
from tests.unit.fhir.orders import (
    Json,
    a_bundle,
    a_coverage,
    a_patient,
    an_order,
    bundled_order,
    read,
    read_one,
)
from tests.unit.fhir.partners import a_performer, an_offered_referral


def offered(sent: Json) -> dict[str, Json]:
    """Return the resources that the clinic gets, by type (the last of its type)."""
    intake = read_one(sent)
    bundle = offer_bundle(
        an_offered_referral(), a_performer(), intake.service_request, intake.resources
    )
    return {e["resource"]["resourceType"]: e["resource"] for e in bundle["entry"]}


@pytest.mark.parametrize("body", [an_order(), a_bundle(*bundled_order())])
def test_the_clinic_gets_task_order_patient_and_coverage(body: Json) -> None:
    got = offered(body)
    patient = f"Patient/{got['Patient']['id']}"
    assert got["Patient"]["name"] == a_patient()["name"]
    assert got["Task"]["for"] == {"reference": patient}
    assert got["ServiceRequest"]["subject"] == {"reference": patient}
    assert got["Coverage"]["beneficiary"] == {"reference": patient}
    assert got["Coverage"]["subscriberId"] == "M-1"


def test_the_clinics_order_is_a_filler_order_based_on_the_ehrs() -> None:
    order = offered(an_order(note=[{"text": "Eczema"}]))["ServiceRequest"]
    assert (order["id"], order["intent"], order["status"]) == ("r1.b1", "filler-order", "active")
    assert order["basedOn"][0]["identifier"]["value"] == "r1"
    assert order["note"] == [{"text": "Eczema"}]
    assert order["performer"][0]["identifier"]["value"] == "1999900032"
    assert "contained" not in order


def test_the_placers_number_goes_along() -> None:
    order = offered(an_order())["ServiceRequest"]
    assert {"r1.b1", "A-1"} == {i["value"] for i in order["identifier"]}


def test_everything_is_put_under_an_id_of_the_referral_so_that_twice_is_once() -> None:
    intake = read_one(a_bundle(*bundled_order()))
    arguments: Any = (
        an_offered_referral(),
        a_performer(),
        intake.service_request,
        intake.resources,
    )
    bundle = offer_bundle(*arguments)
    assert bundle == offer_bundle(*arguments)
    for entry in bundle["entry"]:
        assert entry["resource"]["id"].startswith("r1.")
        assert entry["request"]["method"] == "PUT"
        assert entry["fullUrl"] == f"https://clinic.example.org/fhir/{entry['request']['url']}"


def test_a_resource_led_to_by_two_references_is_sent_once() -> None:
    order, patient, coverage = bundled_order(
        requester={"reference": "Organization/org"},
        supportingInfo=[{"reference": "https://ehr.example.org/fhir/Organization/org"}],
    )
    practice = {"resourceType": "Organization", "id": "org", "name": "Lakeside"}
    intake = read_one(a_bundle(order, patient, coverage, practice))
    assert len(intake.resources) == 4
    bundle = offer_bundle(
        an_offered_referral(), a_performer(), intake.service_request, intake.resources
    )
    types = [e["resource"]["resourceType"] for e in bundle["entry"]]
    assert sorted(types) == ["Coverage", "Organization", "Patient", "ServiceRequest", "Task"]


def test_references_that_would_lead_nowhere_become_words() -> None:
    got = offered(
        an_order(
            requester={"reference": "Practitioner/7", "display": "Dr. Okonjo"},
            supportingInfo=[
                {"reference": "Observation/9"},
                {"reference": "https://ehr.example.org/fhir/Observation/10"},
            ],
        )
    )["ServiceRequest"]
    assert got["requester"] == {"display": "Dr. Okonjo"}
    assert got["supportingInfo"] == [
        {"display": "Known to the referring provider only"},
        {"reference": "https://ehr.example.org/fhir/Observation/10"},
    ]


def test_local_references_of_another_resource_stay_its_own() -> None:
    payer = {"resourceType": "Organization", "id": "pat", "name": "Payer"}
    order, patient, _ = bundled_order()
    coverage = a_coverage(
        contained=[payer],
        beneficiary={"reference": "Patient/pat"},
        payor=[{"reference": "#pat"}],
    )
    got = offered(a_bundle({**order, "contained": [a_patient()]}, patient, coverage))
    assert got["Coverage"]["payor"] == [{"reference": "#pat"}]


def test_the_clinic_gets_no_other_orders() -> None:
    before = an_order(id="o0", contained=None, insurance=None, subject={"reference": "Patient/pat"})
    order, patient, coverage = bundled_order(basedOn=[{"reference": "ServiceRequest/o0"}])
    (intake,) = read(a_bundle(before, order, patient, coverage))
    assert "ServiceRequest/o0" in intake.resources
    bundle = offer_bundle(
        an_offered_referral(), a_performer(), intake.service_request, intake.resources
    )
    orders = [e for e in bundle["entry"] if e["resource"]["resourceType"] == "ServiceRequest"]
    assert len(orders) == 1


def test_what_r4_requires_and_nobody_sent_is_said_to_be_incomplete() -> None:
    bare = {"resourceType": "Coverage", "id": "cov"}
    got = offered(an_order(contained=[a_patient(), bare]))["Coverage"]
    assert got["beneficiary"]["reference"].startswith("Patient/r1.")
    assert got["status"] == "draft"
    assert got["payor"][0]["extension"][0]["valueCode"] == "unknown"


def test_nothing_of_the_ehrs_versions_goes_along() -> None:
    got = offered(an_order(contained=[a_patient(meta={"versionId": "9"}), a_coverage()]))
    assert "versionId" not in json.dumps(got["Patient"])


def test_without_an_offer_there_is_nothing_to_send() -> None:
    with pytest.raises(ValueError, match="no offer"):
        offer_bundle(a_referral(), a_performer(), an_order(), {})
