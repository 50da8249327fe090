from __future__ import annotations

from typing import Any, Literal

import pytest

from referral_core.fhir.errors import FhirError
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


def refused(
    resource: Json, kind: Literal["resource", "bundle", "message"] | None = None
) -> tuple[int, str, str | None]:
    with pytest.raises(FhirError) as caught:
        read(resource, kind)
    issue = caught.value.issues[0]
    return caught.value.status, issue.own_code, issue.expression


def a_message(*resources: Json, focus: str | None = "ServiceRequest/o1", **header: Any) -> Json:
    first: Json = {
        "resourceType": "MessageHeader",
        "id": "m1",
        "eventUri": "urn:referral",
        "source": {"endpoint": "https://ehr.example.org"},
        **({"focus": [{"reference": focus}]} if focus else {}),
        **header,
    }
    return a_bundle(first, *resources, kind="message")


@pytest.mark.parametrize("kind", ["transaction", "collection"])
def test_a_bundle_brings_the_referral_with_its_resources(kind: str) -> None:
    intake = read_one(a_bundle(*bundled_order(), kind=kind))
    assert intake.clinical.patient.family == "Whitlock"
    assert intake.clinical.coverage.member_id == "M-1"


def test_a_message_brings_what_its_focus_says() -> None:
    other = an_order(id="o2", contained=None, insurance=None, subject={"reference": "Patient/x"})
    (intake,) = read(a_message(other, *bundled_order()), "message")
    assert intake.service_request["id"] == "o1"


def test_the_focus_of_a_message_may_be_a_task_about_the_order() -> None:
    task = {
        "resourceType": "Task",
        "id": "t",
        "status": "requested",
        "intent": "order",
        "focus": {"reference": "ServiceRequest/o1"},
    }
    (intake,) = read(a_message(task, *bundled_order(), focus="Task/t"), "message")
    assert intake.service_request["id"] == "o1"


def test_a_message_without_focus_is_about_its_orders() -> None:
    (intake,) = read(a_message(*bundled_order(), focus=None), "message")
    assert intake.service_request["id"] == "o1"


def test_a_message_may_come_wrapped_in_parameters() -> None:
    wrapped = {
        "resourceType": "Parameters",
        "parameter": [{"name": "content", "resource": a_message(*bundled_order())}],
    }
    (intake,) = read(wrapped, "message")
    assert intake.clinical.patient.family == "Whitlock"


def test_a_message_is_also_taken_where_bundles_are() -> None:
    assert read(a_message(*bundled_order()), "bundle")


@pytest.mark.parametrize(
    ("resource", "fault"),
    [
        (a_bundle(*bundled_order()), (422, "not-a-message", "Bundle.type")),
        (
            a_bundle(*bundled_order(), kind="message"),
            (400, "missing-message-header", "Bundle.entry[0].resource"),
        ),
        (
            a_message(*bundled_order(), response={"identifier": "m0", "code": "ok"}),
            (422, "message-is-a-response", "Bundle.entry[0].resource.response"),
        ),
        (
            a_message(*bundled_order(), {"resourceType": "Coverage", "id": "a", "order": "x"}),
            (400, "wrong-type", "Bundle.entry[4].resource.order"),
        ),
        (a_message(*bundled_order(), focus="Patient/pat"), (422, "no-referral", None)),
        (
            {"resourceType": "Parameters", "parameter": [{"name": "content"}]},
            (400, "wrong-parameters", "Parameters.parameter"),
        ),
        (an_order(), (400, "wrong-resource-type", "resourceType")),
    ],
)
def test_what_is_no_message_of_a_referral_is_refused(
    resource: Json, fault: tuple[int, str, str | None]
) -> None:
    assert refused(resource, "message") == fault


@pytest.mark.parametrize("kind", ["searchset", "history", "batch"])
def test_bundles_of_other_types_are_refused(kind: str) -> None:
    assert refused(a_bundle(*bundled_order(), kind=kind)) == (
        422,
        "bundle-type-not-accepted",
        "Bundle.type",
    )


@pytest.mark.parametrize(
    ("request_", "fault"),
    [
        (None, (400, "missing-request", "Bundle.entry[0].request")),
        (
            {"method": "DELETE"},
            (422, "transaction-method-not-accepted", "Bundle.entry[0].request.method"),
        ),
        (
            {"method": "PUT"},
            (422, "transaction-update-not-accepted", "Bundle.entry[0].request.method"),
        ),
        ({"method": "post"}, (400, "unknown-code", "Bundle.entry[0].request.method")),
    ],
)
def test_a_transaction_creates_referrals_and_nothing_else(
    request_: Json | None, fault: tuple[int, str, str | None]
) -> None:
    bundle = a_bundle(*bundled_order(), kind="transaction")
    bundle["entry"][0]["request"] = request_
    assert refused(bundle) == fault


def test_what_belongs_to_a_referral_may_be_put() -> None:
    bundle = a_bundle(*bundled_order(), kind="transaction")
    bundle["entry"][1]["request"] = {"method": "PUT", "url": "Patient/pat"}
    assert read_one(bundle).clinical.patient.family == "Whitlock"


def test_an_entry_without_resource_is_refused() -> None:
    bundle = a_bundle(*bundled_order())
    bundle["entry"].append({"fullUrl": "urn:uuid:1"})
    assert refused(bundle) == (400, "missing-resource", "Bundle.entry[3].resource")


def test_the_order_and_the_bundle_each_have_their_place() -> None:
    assert refused(an_order(), "bundle")[1] == "wrong-resource-type"
    assert refused(a_bundle(*bundled_order()), "resource")[1] == "wrong-resource-type"
    assert refused(a_patient(), "resource")[1] == "wrong-resource-type"


def test_a_bundle_with_a_task_brings_the_order_that_the_task_is_about() -> None:
    other = an_order(id="o2", contained=None, insurance=None, subject={"reference": "Patient/x"})
    task = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "focus": {"reference": "ServiceRequest/o1"},
    }
    assert read_one(a_bundle(other, task, *bundled_order())).service_request["id"] == "o1"


def test_an_order_that_another_is_based_on_is_context() -> None:
    first = an_order(id="o0", contained=None, insurance=None, subject={"reference": "Patient/pat"})
    bundle = a_bundle(first, *bundled_order(basedOn=[{"reference": "ServiceRequest/o0"}]))
    assert read_one(bundle).service_request["id"] == "o1"


PAS = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition"


def test_a_pas_claim_brings_diagnosis_provider_and_coverage() -> None:
    claim = {
        "resourceType": "Claim",
        "id": "c",
        "provider": {"reference": "Organization/p"},
        "diagnosis": [{"diagnosisCodeableConcept": {"coding": [{"code": "G89.4"}]}}],
        "item": [
            {
                "extension": [
                    {
                        "url": f"{PAS}/extension-requestedService",
                        "valueReference": {"reference": "ServiceRequest/o1"},
                    }
                ]
            }
        ],
    }
    provider = {"resourceType": "Organization", "id": "p", "name": "Lakeside"}
    clinical = read_one(a_bundle(claim, provider, *bundled_order())).clinical
    assert clinical.reasons[0].code == "G89.4"
    assert clinical.requester.organization == "Lakeside"
    assert clinical.coverage.member_id == "M-1"


def an_explanation(status: str = "active") -> Json:
    patient = {"reference": "Patient/pat"}
    order = an_order(id="referral", contained=None, insurance=None, status=status, subject=patient)
    order["reasonReference"] = [{"reference": "#why"}]
    return {
        "resourceType": "ExplanationOfBenefit",
        "id": "eob",
        "contained": [
            order,
            a_coverage(id="coverage", beneficiary=patient),
            {"resourceType": "Condition", "id": "why", "code": {"text": "Rash"}},
        ],
        "referral": {"reference": "#referral"},
        "insurance": [{"focal": True, "coverage": {"reference": "#coverage"}}],
    }


def test_an_explanation_of_benefit_brings_the_referral_it_contains() -> None:
    intake = read_one(a_bundle(an_explanation(), a_patient()))
    assert intake.clinical.patient.family == "Whitlock"
    assert intake.clinical.coverage.member_id == "M-1"
    assert intake.clinical.reasons[0].text == "Rash"


def test_a_referral_taken_out_of_its_container_stands_alone() -> None:
    intake = read_one(a_bundle(an_explanation(), a_patient()))
    assert [r["id"] for r in intake.service_request["contained"]] == ["why"]
    again = read_one(intake.service_request)
    assert again.clinical.reasons == intake.clinical.reasons


def test_a_referral_that_was_completed_long_ago_is_refused_where_it_stands() -> None:
    assert refused(a_bundle(an_explanation("completed"), a_patient())) == (
        422,
        "status-not-accepted",
        "Bundle.entry[0].resource.contained[0].status",
    )


def test_the_condition_of_a_transactions_entry_is_kept() -> None:
    bundle = a_bundle(*bundled_order(), kind="transaction")
    bundle["entry"][0]["request"]["ifNoneExist"] = "identifier=s|1"
    assert read_one(bundle).if_none_exist == "identifier=s|1"
