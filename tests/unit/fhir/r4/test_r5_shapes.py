"""What FHIR R5 writes otherwise is named as R5's, with what R4 has for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from referral_core.fhir.errors import FhirError
from tests.in_memory import World
from tests.unit.fhir.orders import a_bundle, a_coverage, a_patient, an_order

CONCEPT = {"concept": {"text": "Dermatology"}}


@pytest.mark.parametrize(
    ("sent", "element"),
    [
        ({"code": CONCEPT}, "code.concept"),
        ({"code": {"reference": {"reference": "PlanDefinition/1"}}}, "code.reference"),
        ({"reason": [CONCEPT]}, "reason"),
        ({"orderDetail": [{"parameter": [{"valueString": "x"}]}]}, "orderDetail.parameter"),
        ({"supportingInfo": [CONCEPT]}, "supportingInfo.concept"),
        (
            {"supportingInfo": [{"reference": {"reference": "Observation/1"}}]},
            "supportingInfo.reference.reference",
        ),
        ({"location": [CONCEPT]}, "location"),
        ({"bodyStructure": {"reference": "BodyStructure/1"}}, "bodyStructure"),
        ({"focus": [{"reference": "Patient/2"}]}, "focus"),
    ],
)
def test_an_order_of_r5_is_refused_as_such(sent: dict[str, Any], element: str) -> None:
    with pytest.raises(FhirError) as refused:
        World.read(json.dumps(an_order(**sent)).encode())
    found = [issue for issue in refused.value.issues if issue.own_code == "r5-shape"]
    assert [issue.expression for issue in found] == [f"ServiceRequest.{element}"]
    assert "R5" in found[0].diagnostics
    assert "R4" in found[0].diagnostics


def test_a_coverage_of_r5_beside_an_order_is_refused_as_such() -> None:
    coverage = a_coverage(insurer={"display": "Harbor Health Plan"})
    with pytest.raises(FhirError) as refused:
        World.read(json.dumps(an_order(contained=[a_patient(), coverage])).encode())
    assert "r5-shape" in {issue.own_code for issue in refused.value.issues}


def test_a_group_of_r5_beside_an_order_is_named_in_a_warning() -> None:
    group = {"resourceType": "RequestOrchestration", "id": "g", "status": "active"}
    (warning,) = World.read(json.dumps(a_bundle(an_order(), group)).encode()).warnings
    assert (warning.severity, warning.own_code) == ("warning", "r5-shape")
    assert "RequestGroup" in warning.diagnostics


def test_an_order_of_r4_is_none_of_r5() -> None:
    order = an_order(
        reasonCode=[{"text": "Rash"}],
        orderDetail=[{"text": "both arms"}],
        locationCode=[{"text": "home"}],
        bodySite=[{"text": "arm"}],
        supportingInfo=[{"display": "a letter"}],
    )
    assert World.read(json.dumps(order).encode())
