from __future__ import annotations

import json
from typing import Any

import pytest

from referral_core.fhir.outbound.offers import offer_bundle
from referral_core.fhir.outbound.redisclosure import STATEMENT
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
from tests.unit.fhir.partners import a_payload, a_performer, an_offered_referral


def offered(sent: Json) -> dict[str, Json]:
    """Return the resources that the clinic gets, by type (the last of its type)."""
    intake = read_one(sent)
    bundle = offer_bundle(an_offered_referral(), a_performer(), a_payload(intake))
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
        a_payload(intake),
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
    bundle = offer_bundle(an_offered_referral(), a_performer(), a_payload(intake))
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


def sent_to_clinic(body: Json) -> list[Json]:
    """Return all resources that the clinic gets for the first referral of a body."""
    intake = read(body)[0]
    bundle = offer_bundle(an_offered_referral(), a_performer(), a_payload(intake))
    return [entry["resource"] for entry in bundle["entry"]]


def test_an_earlier_order_goes_along_and_the_task_names_the_one_to_fulfil() -> None:
    before = an_order(id="o0", contained=None, insurance=None, subject={"reference": "Patient/pat"})
    order, patient, coverage = bundled_order(basedOn=[{"reference": "ServiceRequest/o0"}])
    got = sent_to_clinic(a_bundle(before, order, patient, coverage))
    task, own, earlier = (r for r in got if r["resourceType"] in {"Task", "ServiceRequest"})
    assert task["focus"] == {"reference": f"ServiceRequest/{own['id']}"}
    assert own["basedOn"][1] == {"reference": f"ServiceRequest/{earlier['id']}"}


def test_the_other_referrals_of_a_body_do_not_go_along() -> None:
    order, patient, coverage = bundled_order()
    other = {**order, "id": "o2", "identifier": [{"system": "s", "value": "2"}]}
    answers = {
        "resourceType": "QuestionnaireResponse",
        "id": "q",
        "status": "completed",
        "basedOn": [{"reference": "ServiceRequest/o2"}],
        "subject": {"reference": "Patient/pat"},
    }
    got = sent_to_clinic(a_bundle(order, other, patient, coverage, answers))
    assert sorted(r["resourceType"] for r in got) == [
        *("Coverage", "Patient", "ServiceRequest", "Task"),
    ]


def test_what_leads_to_the_order_leads_to_the_clinics_order() -> None:
    answers = {
        "resourceType": "QuestionnaireResponse",
        "id": "q",
        "status": "completed",
        "basedOn": [{"reference": "ServiceRequest/o1"}],
        "item": [{"linkId": "1", "answer": [{"valueDecimal": 1.5}]}],
    }
    got = sent_to_clinic(a_bundle(*bundled_order(), answers))
    (found,) = (r for r in got if r["resourceType"] == "QuestionnaireResponse")
    assert found["basedOn"] == [{"reference": "ServiceRequest/r1.b1"}]
    assert found["item"] == answers["item"]


def test_a_letter_and_the_address_that_leads_to_it_arrive_together() -> None:
    letter = {"resourceType": "Binary", "id": "l", "contentType": "text/plain", "data": "QUJD"}
    reference = {
        "resourceType": "DocumentReference",
        "id": "d",
        "status": "current",
        "content": [{"attachment": {"contentType": "text/plain", "url": "Binary/l"}}],
    }
    order = bundled_order(supportingInfo=[{"reference": "DocumentReference/d"}])
    got = sent_to_clinic(a_bundle(*order, reference, letter))
    (document,) = (r for r in got if r["resourceType"] == "DocumentReference")
    (binary,) = (r for r in got if r["resourceType"] == "Binary")
    assert binary["data"] == "QUJD"
    assert document["content"][0]["attachment"]["url"] == f"Binary/{binary['id']}"


def test_the_ehrs_task_goes_along_inside_the_order_where_nobody_works_on_it() -> None:
    inner = {"resourceType": "Practitioner", "id": "x", "name": [{"family": "Okonjo"}]}
    task = {
        "resourceType": "Task",
        "id": "t",
        "contained": [inner],
        "status": "requested",
        "intent": "order",
        "focus": {"reference": "ServiceRequest/o1"},
        "requester": {"reference": "#x"},
        "note": [{"text": "RING-THE-BELL"}],
        "input": [{"type": {"text": "fasting"}, "valueString": "FASTING-SINCE-MIDNIGHT"}],
    }
    seal = {"resourceType": "Provenance", "target": [{"reference": "Task/t"}]}
    got = sent_to_clinic(a_bundle(*bundled_order(), task, seal))
    ours, order = got[:2]
    assert [r["resourceType"] for r in got].count("Task") == 1
    (kept,) = order["contained"]
    assert kept["input"] == task["input"]
    assert "contained" not in kept
    assert kept["focus"] == {"reference": "ServiceRequest/r1.b1"}
    assert order["supportingInfo"] == [{"reference": f"#{kept['id']}"}]
    assert order["note"] == [{"text": "RING-THE-BELL"}]
    (person,) = (r for r in got if r["resourceType"] == "Practitioner")
    assert kept["requester"] == {"reference": f"Practitioner/{person['id']}"}
    (sealed,) = (r for r in got if r["resourceType"] == "Provenance")
    assert sealed["target"] == [{"reference": f"Task/{ours['id']}"}]


def test_what_the_router_does_not_decide_stays_as_the_ehr_wrote_it() -> None:
    kept: Json = {
        "extension": [{"url": "https://example.org/side", "valueCode": "left"}],
        "requisition": {"system": "s", "value": "q"},
        "asNeededBoolean": False,
        "_authoredOn": {"extension": [{"url": "https://example.org/by", "valueString": "x"}]},
        "specimen": [{"display": "SPECIMEN"}],
        "relevantHistory": [{"display": "HISTORY"}],
        "instantiatesUri": ["https://example.org/protocol"],
        "unheardOf": {"value": "KEPT"},
    }
    order = offered(
        an_order(
            **kept,
            performerType={"coding": [{"system": "s", "code": "c"}], "text": "SKIN-DOCTOR"},
            performer=[{"display": "Dr. Wanted"}],
            meta={"versionId": "4", "security": [{"system": "s", "code": "R"}]},
        )
    )["ServiceRequest"]
    assert {name: order.get(name) for name in kept} == kept
    assert order["performerType"]["text"] == "SKIN-DOCTOR"
    assert {"system": "s", "code": "c"} in order["performerType"]["coding"]
    assert order["note"] == [{"text": "The referrer named as performer: Dr. Wanted"}]
    assert order["meta"] == {"security": [{"system": "s", "code": "R"}]}


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
        offer_bundle(a_referral(), a_performer(), a_payload(read_one(an_order())))


def labels(resource: Json) -> list[str]:
    return [label["code"] for label in resource.get("meta", {}).get("security", ())]


DETOX = {"text": "Alcohol detoxification"}


def test_what_forbids_passing_it_on_goes_along_with_records_of_substance_use() -> None:
    order = offered(an_order(code=DETOX, note=[{"text": "Eczema"}]))["ServiceRequest"]
    assert labels(order) == ["R", "42CFRPart2", "NORDSCLCD"]
    assert [note["text"] for note in order["note"]] == [STATEMENT, "Eczema"]


def test_labels_of_its_author_stay_and_none_comes_twice() -> None:
    ours = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "42CFRPart2"}
    author = {"system": "https://ehr.example.org/labels", "code": "R"}
    sent = an_order(code=DETOX, meta={"security": [author, ours]})
    assert labels(offered(sent)["ServiceRequest"]) == ["R", "42CFRPart2", "R", "NORDSCLCD"]


@pytest.mark.parametrize("code", [{"text": "Consultation"}, {"text": "Psychology"}])
def test_other_orders_carry_no_such_label(code: Json) -> None:
    order = offered(an_order(code=code))["ServiceRequest"]
    assert not labels(order)
    assert STATEMENT not in json.dumps(order)
