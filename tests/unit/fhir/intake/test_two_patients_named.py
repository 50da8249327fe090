"""What asks for an order, and the coverage that it names, is about the order's own patient."""

from __future__ import annotations

import pytest

from referral_core.fhir.errors import FhirError
from tests.unit.fhir.orders import (
    Json,
    a_bundle,
    a_coverage,
    a_patient,
    bundled_order,
    read,
    read_one,
)

OTHER = a_patient(id="p2", name=[{"family": "Dunmore"}], birthDate="1990-01-01")
INSURED = {"insurance": [{"reference": "Coverage/cov"}]}
ORDER = {"reference": "ServiceRequest/o1"}
OURS: Json = {
    "as the order does": {"reference": "Patient/pat"},
    "on whichever server": {"reference": "https://other.example.org/fhir/Patient/pat"},
    "by a number of a system unknown": {"identifier": {"system": "urn:member", "value": "4"}},
    "in words": {"display": "Whitlock, Marjorie"},
    "by no lasting address": {"reference": "urn:uuid:0f0f0f0f-0000-4000-8000-00000000000b"},
    "as one of a household": {"reference": "Group/g"},
}
ANOTHERS: Json = {
    "by a record of the body": {"reference": "Patient/p2"},
    "by a record that is not sent": {"reference": "Patient/9"},
    "by number": {"identifier": {"system": "urn:mrn", "value": "8"}},
    "by a condition": {"reference": "Patient?identifier=urn:mrn|8"},
    "in words": {"display": "Harold Finch"},
}


def a_task(named: Json) -> Json:
    return {"resourceType": "Task", "id": "t", "status": "requested", "focus": ORDER, "for": named}


def a_claim(named: Json) -> Json:
    return {"resourceType": "Claim", "id": "c", "referral": ORDER, "patient": named}


def a_body(kind: str, named: Json) -> Json:
    order, _, coverage = bundled_order(**(INSURED if kind == "beneficiary" else {}))
    patient = a_patient(identifier=[{"system": "urn:mrn", "value": "7"}])
    if kind == "beneficiary":
        return a_bundle(order, patient, OTHER, a_coverage(beneficiary=named))
    return a_bundle(
        order, patient, OTHER, coverage, {"for": a_task, "patient": a_claim}[kind](named)
    )


@pytest.mark.parametrize("kind", ["for", "patient", "beneficiary"])
@pytest.mark.parametrize("named", ANOTHERS.values(), ids=ANOTHERS)
def test_an_order_that_is_asked_for_another_patient_is_refused(kind: str, named: Json) -> None:
    with pytest.raises(FhirError) as refused:
        read(a_body(kind, named))
    (issue,) = refused.value.issues
    assert issue.own_code == "two-patients-named"
    assert (issue.expression or "").endswith(f".{kind}")
    assert f".{kind} names another patient than Bundle.entry[0].resource.subject" in (
        issue.diagnostics
    )


@pytest.mark.parametrize("kind", ["for", "patient", "beneficiary"])
@pytest.mark.parametrize("named", OURS.values(), ids=OURS)
def test_what_is_not_shown_to_be_another_patient_is_taken(kind: str, named: Json) -> None:
    assert read_one(a_body(kind, named)).subject == "Patient/pat"


def test_a_coverage_that_the_claim_names_is_the_patients() -> None:
    order, patient, coverage = bundled_order()
    theirs = {**coverage, "beneficiary": {"reference": "Patient/p2"}}
    claim = {
        **a_claim({"reference": "Patient/pat"}),
        "insurance": [{"focal": True, "coverage": {"reference": "Coverage/cov"}}],
    }
    with pytest.raises(FhirError) as refused:
        read(a_bundle(order, patient, OTHER, theirs, claim))
    assert refused.value.issues[0].own_code == "two-patients-named"


def test_two_orders_may_each_be_asked_for_their_own_patient() -> None:
    order, patient, coverage = bundled_order()
    number = {"system": "s", "value": "2"}
    second = {**order, "id": "o2", "subject": {"reference": "Patient/p2"}, "identifier": [number]}
    mine, theirs = a_task({"reference": "Patient/pat"}), a_task({"reference": "Patient/p2"})
    theirs = {**theirs, "id": "t2", "focus": {"reference": "ServiceRequest/o2"}}
    first, other = read(a_bundle(order, second, patient, OTHER, coverage, mine, theirs))
    assert (first.subject, other.subject) == ("Patient/pat", "Patient/p2")
