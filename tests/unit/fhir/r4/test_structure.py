from __future__ import annotations

from typing import Any

import pytest

from referral_core.fhir.errors import FhirError
from referral_core.fhir.r4.datatypes import Resource
from referral_core.fhir.r4.orders import ServiceRequest
from referral_core.fhir.r4.parties import Patient
from referral_core.fhir.r4.structure import examine, expect
from tests.unit.fhir.orders import Json, a_coverage, a_patient, an_order


def faults(resource: Json) -> set[tuple[str, str | None]]:
    found = examine(resource, resource["resourceType"])
    assert isinstance(found, list)
    return {(issue.own_code, issue.expression) for issue in found}


@pytest.mark.parametrize(
    ("element", "own_code"),
    [
        ("status", "missing-status"),
        ("intent", "missing-intent"),
        ("subject", "missing-subject"),
    ],
)
def test_what_r4_requires_of_an_order_is_required(element: str, own_code: str) -> None:
    order = an_order()
    del order[element]
    assert faults(order) == {(own_code, f"ServiceRequest.{element}")}


@pytest.mark.parametrize(
    ("fields", "own_code", "place"),
    [
        ({"status": "inactive"}, "unknown-code", "status"),
        ({"intent": ["order"]}, "unknown-code", "intent"),
        ({"priority": "high"}, "unknown-code", "priority"),
        ({"subject": "Patient/1"}, "wrong-type", "subject"),
        ({"basedOn": {"reference": "Task/1"}}, "wrong-type", "basedOn"),
        ({"doNotPerform": "false"}, "wrong-type", "doNotPerform"),
        ({"patientInstruction": 3}, "wrong-type", "patientInstruction"),
        ({"authoredOn": "2026-02-30"}, "invalid-date", "authoredOn"),
        ({"authoredOn": 2026}, "wrong-type", "authoredOn"),
        ({"id": "has spaces"}, "invalid-value", "id"),
        (
            {"occurrencePeriod": {"start": "2026-03", "end": "2026-02"}},
            "period-reversed",
            "occurrencePeriod",
        ),
        ({"code": {"coding": [{"code": ["x"]}]}}, "wrong-type", "code.coding[0].code"),
        ({"note": [{"text": "ok"}, {"text": {}, "time": "x"}]}, "invalid-date", "note[1].time"),
        ({"contained": [1]}, "wrong-type", "contained[0]"),
        ({"extension": [{"valueString": "x"}]}, "missing-url", "extension[0].url"),
    ],
)
def test_a_fault_is_told_by_a_stable_code_and_its_place(
    fields: Json, own_code: str, place: str
) -> None:
    assert (own_code, f"ServiceRequest.{place}") in faults({**an_order(), **fields})


@pytest.mark.parametrize(
    ("resource", "own_code", "place"),
    [
        (a_patient(gender="F"), "unknown-code", "Patient.gender"),
        (a_patient(birthDate="17/04/1961"), "invalid-date", "Patient.birthDate"),
        (a_patient(birthDate="1961-04-17T10:00:00Z"), "invalid-date", "Patient.birthDate"),
        (a_patient(telecom=[{"system": "tel"}]), "unknown-code", "Patient.telecom[0].system"),
        (a_patient(telecom=[{"rank": 0}]), "invalid-value", "Patient.telecom[0].rank"),
        (a_coverage(status="in-force"), "unknown-code", "Coverage.status"),
        (a_coverage(order=1.5), "wrong-type", "Coverage.order"),
        (a_coverage(order=True), "wrong-type", "Coverage.order"),
    ],
)
def test_other_resources_are_judged_alike(resource: Json, own_code: str, place: str) -> None:
    assert faults(resource) == {(own_code, place)}


def test_elements_that_r4_does_not_know_are_tolerated() -> None:
    order = an_order(PatientInstruction="x", somethingNew={"a": [1, {}]})
    assert isinstance(examine(order, "ServiceRequest"), ServiceRequest)


def test_missing_clinical_data_is_no_fault() -> None:
    for bare in ("Patient", "Coverage", "Practitioner", "Organization", "Condition"):
        assert isinstance(examine({"resourceType": bare}, bare), Resource)


def test_a_type_that_nobody_reads_is_taken_by_its_name() -> None:
    assert isinstance(examine({"resourceType": "Goal", "lifecycleStatus": 7}, "x"), Resource)


def test_the_words_never_repeat_what_was_sent() -> None:
    found = examine(a_patient(gender="Whitlock", birthDate="Whitlock", name="Whitlock"), "Patient")
    assert isinstance(found, list)
    assert not any("Whitlock" in issue.diagnostics for issue in found)


def test_an_unknown_code_is_answered_with_the_known_ones() -> None:
    found = examine(a_patient(gender="F"), "Patient")
    assert isinstance(found, list)
    assert found[0].diagnostics == "Use one of 'male', 'female', 'other' or 'unknown'."


@pytest.mark.parametrize("resource_type", [None, 3, {}])
def test_a_resource_inside_another_must_name_its_type(resource_type: Any) -> None:
    found = examine({"resourceType": resource_type}, "Bundle.entry[0].resource")
    assert isinstance(found, list)
    assert found[0].own_code == "missing-resource-type"
    assert found[0].expression == "Bundle.entry[0].resource.resourceType"


def test_a_body_of_another_type_is_refused() -> None:
    with pytest.raises(FhirError) as caught:
        expect(an_order(), Patient)
    assert caught.value.issues[0].own_code == "wrong-resource-type"
    assert caught.value.status == 400
