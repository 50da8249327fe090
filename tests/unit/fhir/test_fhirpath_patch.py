"""FHIRPath Patch: what HAPI's and Firely's clients send, and what it may not be."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any, Final

import pytest

from referral_core.fhir.errors import FhirError
from referral_core.fhir.fhirpath_patch import MOST_OPERATIONS
from referral_core.fhir.json_patch import FHIRPATH, changed
from tests.unit.fhir.orders import Json

ORDER: Final[Json] = {
    "resourceType": "ServiceRequest",
    "status": "active",
    "priority": "routine",
    "occurrenceDateTime": "2026-04-01",
    "identifier": [
        {"system": "urn:a", "value": "1"},
        {"system": "urn:b", "value": "2"},
        {"system": "urn:c", "value": "3"},
    ],
    "code": {"text": "Consultation"},
}


def operation(**parts: Any) -> Json:
    given = []
    for name, value in parts.items():
        if isinstance(value, dict):
            given.append({"name": name, **value})
        else:
            kind = "valueInteger" if isinstance(value, int) else "valueString"
            given.append({"name": name, kind: value})
    return {"name": "operation", "part": given}


def patched(*operations: Json) -> Json:
    body = {"resourceType": "Parameters", "parameter": list(operations)}
    before = deepcopy(ORDER)
    made = changed(ORDER, json.dumps(body).encode(), f"{FHIRPATH}; charset=utf-8")
    assert before == ORDER
    return made


VALUES: Final[list[tuple[str, Json, Json]]] = [
    (
        "replace",
        operation(type="replace", path="ServiceRequest.priority", value={"valueCode": "urgent"}),
        {"priority": "urgent"},
    ),
    (
        "replace a choice",
        operation(
            type="replace", path="ServiceRequest.occurrence", value={"valueDateTime": "2026-03-09"}
        ),
        {"occurrenceDateTime": "2026-03-09"},
    ),
    (
        "add to a list that is not there",
        operation(
            type="add",
            path="ServiceRequest",
            name="note",
            value={"valueAnnotation": {"text": "Ring."}},
        ),
        {"note": [{"text": "Ring."}]},
    ),
    (
        "add by parts",
        operation(
            type="add",
            path="ServiceRequest",
            name="note",
            value={"part": [{"name": "text", "valueMarkdown": "Ring."}]},
        ),
        {"note": [{"text": "Ring."}]},
    ),
    (
        "add to a list",
        operation(
            type="add",
            path="ServiceRequest",
            name="identifier",
            value={"valueIdentifier": {"value": "4"}},
        ),
        {"identifier": [*ORDER["identifier"], {"value": "4"}]},
    ),
    (
        "add a choice",
        operation(type="add", path="ServiceRequest", name="asNeeded", value={"valueBoolean": True}),
        {"asNeededBoolean": True},
    ),
    (
        "add inside",
        operation(
            type="add",
            path="ServiceRequest.code",
            name="coding",
            value={"valueCoding": {"code": "x"}},
        ),
        {"code": {"text": "Consultation", "coding": [{"code": "x"}]}},
    ),
    (
        "delete where",
        operation(type="delete", path="ServiceRequest.identifier.where(system='urn:b')"),
        {"identifier": [ORDER["identifier"][0], ORDER["identifier"][2]]},
    ),
    (
        "delete by index",
        operation(type="delete", path="ServiceRequest.identifier[0]"),
        {"identifier": ORDER["identifier"][1:]},
    ),
    ("delete what is not there", operation(type="delete", path="ServiceRequest.note[0]"), {}),
    (
        "insert",
        operation(
            type="insert",
            path="ServiceRequest.identifier",
            index=0,
            value={"valueIdentifier": {"value": "0"}},
        ),
        {"identifier": [{"value": "0"}, *ORDER["identifier"]]},
    ),
    (
        "last",
        operation(
            type="replace",
            path="ServiceRequest.identifier.last().value",
            value={"valueString": "9"},
        ),
        {"identifier": [*ORDER["identifier"][:2], {"system": "urn:c", "value": "9"}]},
    ),
]


@pytest.mark.parametrize(("name", "sent", "after"), VALUES)
def test_an_operation_does_what_it_says(name: str, sent: Json, after: Json) -> None:
    assert patched(sent) == {**ORDER, **after}, name


def test_a_list_is_moved_about() -> None:
    move = operation(type="move", path="ServiceRequest.identifier[0]", source=0, destination=2)
    moved = [one["value"] for one in patched(move)["identifier"]]
    assert moved == ["2", "3", "1"]


def test_each_operation_sees_what_the_one_before_it_made() -> None:
    made = patched(
        operation(
            type="add",
            path="ServiceRequest",
            name="note",
            value={"valueAnnotation": {"text": "a"}},
        ),
        operation(type="replace", path="ServiceRequest.note[0].text", value={"valueMarkdown": "b"}),
    )
    assert made["note"] == [{"text": "b"}]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (operation(type="replace", path="ServiceRequest.identifier", value={"valueId": "x"}), 422),
        (operation(type="replace", path="ServiceRequest.nothing", value={"valueId": "x"}), 422),
        (operation(type="replace", path="ServiceRequest", value={"valueId": "x"}), 422),
        (operation(type="delete", path="ServiceRequest"), 422),
        (operation(type="erase", path="ServiceRequest.status"), 400),
        (operation(type="replace", path="ServiceRequest.status"), 400),
        (operation(type="replace", value={"valueId": "x"}), 400),
        (operation(type="delete", path="ServiceRequest.identifier.where(a='1' or b='2')"), 400),
        (operation(type="delete", path="ServiceRequest.descendants()"), 400),
        (operation(type="delete", path="ServiceRequest.identifier['a']"), 400),
        (
            operation(
                type="insert", path="ServiceRequest.identifier", index=-1, value={"valueId": "x"}
            ),
            400,
        ),
        (
            operation(
                type="insert", path="ServiceRequest.identifier", index=9, value={"valueId": "x"}
            ),
            422,
        ),
        ({"name": "operation"}, 400),
        ({"name": "another", "part": []}, 400),
    ],
)
def test_what_is_no_operation_on_one_place_is_refused(sent: Json, status: int) -> None:
    with pytest.raises(FhirError) as refused:
        patched(sent)
    assert refused.value.status == status


@pytest.mark.parametrize("count", [0, MOST_OPERATIONS + 1])
def test_operations_are_bounded(count: int) -> None:
    with pytest.raises(FhirError) as refused:
        patched(*[operation(type="delete", path="ServiceRequest.note")] * count)
    assert refused.value.status == 400


def test_another_resource_is_no_patch() -> None:
    for body in (ORDER, [], "x"):
        with pytest.raises(FhirError) as refused:
            changed(ORDER, json.dumps(body).encode(), FHIRPATH)
        assert refused.value.status == 415
