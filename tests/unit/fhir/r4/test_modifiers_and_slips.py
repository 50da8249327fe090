"""What changes the meaning stops the order; what changes nothing does not."""

from __future__ import annotations

from typing import Any

import pytest

from referral_core.fhir.errors import FhirError
from referral_core.fhir.inbound.partner_updates import read_appointment
from referral_core.fhir.r4.slips import read
from tests.unit.builders import NOW
from tests.unit.fhir.orders import (
    FHIR_JSON,
    Json,
    a_bundle,
    a_coverage,
    a_patient,
    an_order,
    bundled_order,
    read_one,
    sent,
)
from tests.unit.fhir.partners import a_visit

UNKNOWN = [{"url": "https://example.org/only-if", "valueBoolean": True}]
MARKED: Json = {"modifierExtension": UNKNOWN}


def refusal(body: Json) -> tuple[int, list[tuple[str, str | None]]]:
    with pytest.raises(FhirError) as refused:
        read_one(body)
    return refused.value.status, [(i.own_code, i.expression) for i in refused.value.issues]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (an_order(**MARKED), "ServiceRequest"),
        (an_order(code={"text": "x", **MARKED}), "ServiceRequest.code"),
        (an_order(note=[{"text": "x", **MARKED}]), "ServiceRequest.note[0]"),
        (an_order(contained=[a_patient(**MARKED), a_coverage()]), "ServiceRequest.contained[0]"),
        (
            an_order(contained=[a_patient(), a_coverage(payor=[{"display": "P", **MARKED}])]),
            "ServiceRequest.contained[1].payor[0]",
        ),
        (a_bundle(*bundled_order(**MARKED)), "Bundle.entry[0].resource"),
        ({**a_bundle(*bundled_order()), **MARKED}, "Bundle"),
    ],
)
def test_an_unknown_modifier_extension_stops_the_order(body: Json, place: str) -> None:
    assert refusal(body) == (422, [("modifier-extension-unknown", f"{place}.modifierExtension")])


@pytest.mark.parametrize("kind", ["Condition", "Practitioner", "Observation", "Consent"])
def test_it_stops_it_in_whatever_is_read(kind: str) -> None:
    extra = {"resourceType": kind, "id": "x", "status": "active", **MARKED}
    status, found = refusal(a_bundle(*bundled_order(), extra))
    assert status == 422
    assert ("modifier-extension-unknown", "Bundle.entry[3].resource.modifierExtension") in found


def test_implicit_rules_stop_the_order() -> None:
    rules = {"implicitRules": "https://example.org/rules"}
    for body, place in (
        (an_order(**rules), "ServiceRequest"),
        ({**a_bundle(*bundled_order()), **rules}, "Bundle"),
        (an_order(contained=[a_patient(**rules)], insurance=None), "ServiceRequest.contained[0]"),
    ):
        assert refusal(body) == (422, [("implicit-rules-unknown", f"{place}.implicitRules")])


def test_what_is_passed_on_unread_carries_its_modifiers_to_who_reads_it() -> None:
    extra = {"resourceType": "AllergyIntolerance", "id": "x", "code": {"text": "Latex"}, **MARKED}
    assert extra in read_one(a_bundle(*bundled_order(), extra)).resources.values()


def test_it_stops_what_a_clinic_reports_too() -> None:
    with pytest.raises(FhirError) as refused:
        read_appointment(sent(a_visit(**MARKED)), FHIR_JSON, None, NOW)
    assert refused.value.issues[0].own_code == "modifier-extension-unknown"


def an_observation(**fields: Any) -> Json:
    return {"resourceType": "Observation", "id": "o", **fields}


@pytest.mark.parametrize(
    ("resource", "place"),
    [
        (an_observation(code={"coding": [{"code": " 1-8"}]}), "code.coding[0].code"),
        (an_observation(meta={"profile": ["a b"]}), "meta.profile[0]"),
        (an_observation(interpretation="HH"), "interpretation"),
        (an_observation(id="no id of FHIR!"), "id"),
        ({"resourceType": "Condition", "recordedDate": "2026-02-30"}, "recordedDate"),
        (
            {"resourceType": "Practitioner", "telecom": [{"period": {"start": "2", "end": "1"}}]},
            "telecom[0].period.start",
        ),
        ({"resourceType": "Appointment"}, "status"),
    ],
)
def test_a_slip_is_forgiven_and_told(resource: Json, place: str) -> None:
    model, slips = read(resource, "R")
    assert model is not None
    assert model.resource_type == resource["resourceType"]
    assert slips[0].severity == "warning"
    assert f"R.{place}" in [slip.expression for slip in slips]


def test_what_is_in_order_beside_a_slip_is_read() -> None:
    doctor = {
        "resourceType": "Practitioner",
        "id": "d",
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1999900016"}],
        "birthDate": "31.12.1970",
        "name": [{"family": "Okonjo", "use": " official"}],
    }
    order = an_order(requester={"reference": "#d"})
    intake = read_one({**order, "contained": [*order["contained"], doctor]})
    assert (intake.clinical.requester.npi, intake.clinical.requester.name) == (
        *("1999900016", "Okonjo"),
    )
    assert len(intake.warnings) == 2


@pytest.mark.parametrize(
    "resource",
    [
        a_patient(birthDate=" 1961-04-17"),
        a_coverage(status=" active"),
        {"resourceType": "Consent", "provision": {"type": 1}},
        {"resourceType": "Task", "status": "requested "},
    ],
)
def test_a_slip_in_what_decides_is_refused(resource: Json) -> None:
    model, issues = read(resource, "R")
    assert model is None
    assert issues[0].severity == "error"


@pytest.mark.parametrize(
    "resource",
    [
        *({"resourceType": kind, "id": "x"} for kind in (False, 7, ["Observation"], {"a": 1})),
        {"id": "x"},
        *(an_observation(meta=meta) for meta in ("x", 7, ["x"])),
        *(an_observation(contained=inner) for inner in ("x", 7, {"id": "i"}, ["x"], [["x"]])),
    ],
)
def test_what_has_no_frame_is_refused_wherever_it_stands(resource: Json) -> None:
    order, *others = bundled_order(supportingInfo=[{"reference": "Observation/o"}])
    model, issues = read(resource, "R")
    assert model is None
    assert issues[0].severity == "error"
    for body in (
        {**a_bundle(order, *others), "entry": [{"resource": r} for r in (order, resource)]},
        an_order(contained=[a_patient(), a_coverage(), resource]),
    ):
        status, found = refusal(body)
        assert status == 400
        assert found


def test_a_contained_resource_with_an_id_of_no_shape_is_not_found_and_hurts_nobody() -> None:
    for own_id in ([1], {"a": 1}, 5, True):
        order = an_order()
        beside = an_observation(id=own_id, status="final")
        intake = read_one({**order, "contained": [*order["contained"], beside]})
        assert [w.expression for w in intake.warnings] == [
            f"ServiceRequest.contained[{len(order['contained'])}].id"
        ]
    task = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "focus": {"reference": "#in"},
    }
    inside = an_order(id="in", contained=None, insurance=None, subject={"reference": "Patient/pat"})
    holder = {"resourceType": "Basic", "contained": [inside, task, an_observation(id=[1])]}
    assert read_one(a_bundle(a_patient(), holder)).service_request == inside


@pytest.mark.parametrize("kind", ["Task", "Basic", "Practitioner"])
def test_what_is_contained_contains_nothing(kind: str) -> None:
    inner = {"resourceType": "Consent", "id": "z", **MARKED}
    holder = {"resourceType": kind, "status": "requested", "intent": "order", "contained": [inner]}
    order = an_order()
    order["contained"].append(holder)
    place = "ServiceRequest.contained[2].contained"
    assert refusal(order) == (400, [("contained-within-contained", place)])
    report = {"resourceType": "DiagnosticReport", "contained": [holder]}
    place = "Bundle.entry[3].resource.contained[0].contained"
    _, found = refusal(a_bundle(*bundled_order(), report))
    assert ("contained-within-contained", place) in found
