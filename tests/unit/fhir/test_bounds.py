"""Every text and list from outside has a bound, and is refused by the element's path."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from referral_core.fhir.errors import FhirError
from referral_core.fhir.inbound.task_updates import read_task_update
from referral_core.fhir.intake.compartment import Compartment
from referral_core.fhir.intake.orders import _resources
from referral_core.fhir.intake.references import Graph
from referral_core.fhir.pas.response import read_claim_response
from tests.unit.fhir.orders import (
    FHIR_JSON,
    PLACER,
    Json,
    a_coverage,
    a_patient,
    an_order,
    bundled_order,
    read_one,
    sent,
)
from tests.unit.fhir.partners import a_task

HUGE = "x" * 200_000
ORDER = "ServiceRequest"


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"identifier": [{**PLACER, "value": HUGE}]}, f"{ORDER}.identifier[0].value"),
        ({"identifier": [{**PLACER, "system": HUGE}]}, f"{ORDER}.identifier[0].system"),
        ({"identifier": [PLACER] * 101}, f"{ORDER}.identifier"),
        ({"code": {"coding": [{"code": HUGE}]}}, f"{ORDER}.code.coding[0].code"),
        ({"category": [{"coding": [{"display": HUGE}]}]}, f"{ORDER}.category[0].coding[0].display"),
        ({"reasonCode": [{"text": HUGE}]}, f"{ORDER}.reasonCode[0].text"),
        ({"requester": {"display": HUGE}}, f"{ORDER}.requester.display"),
        ({"replaces": [{"reference": "ServiceRequest/x"}] * 21}, f"{ORDER}.replaces"),
        ({"insurance": [{"reference": "#cov"}] * 21}, f"{ORDER}.insurance"),
        (
            {"contained": [a_patient(name=[{"family": HUGE}]), a_coverage()]},
            f"{ORDER}.contained[0].name[0].family",
        ),
        (
            {"contained": [a_patient(), a_coverage(subscriberId=HUGE)]},
            f"{ORDER}.contained[1].subscriberId",
        ),
    ],
)
def test_what_is_too_long_is_refused_by_its_path(fields: Json, path: str) -> None:
    with pytest.raises(FhirError) as error:
        read_one(an_order(**fields))
    issue = error.value.issues[0]
    assert (issue.code, issue.expression) == ("too-long", path)
    assert HUGE[:100] not in issue.diagnostics


def test_a_name_of_an_element_is_bounded() -> None:
    with pytest.raises(FhirError) as error:
        read_one(an_order(**{"k" * 129: [1]}))
    assert error.value.issues[0].own_code == "name-too-long"


def test_a_long_note_is_clinical_content_and_is_taken() -> None:
    note = "Long story. " * 2_000
    assert read_one(an_order(note=[{"text": note}])).clinical.notes == (note,)


@pytest.mark.parametrize("code", ["Mrs. Whitlock has moved to Ohio", "x" * 65, "José"])
def test_words_in_the_place_of_a_code_are_words(code: str) -> None:
    concept = {"coding": [{"system": "s", "code": code}], "text": "See fax."}
    task = read_task_update(
        sent(a_task(status="rejected", statusReason=concept)), FHIR_JSON, "r1.b1"
    )
    assert task.reason is None
    assert task.reason_text == f"See fax.\n{code}"


def test_a_code_after_words_is_the_reason() -> None:
    codings = [{"system": "s", "code": "we are full"}, {"system": "s", "code": "full"}]
    task = read_task_update(sent(a_task(statusReason={"coding": codings})), FHIR_JSON, "r1.b1")
    assert (task.reason, task.reason_text) == ("s|full", "we are full")


@pytest.mark.parametrize("number", [HUGE, "call Mrs. Whitlock; she knows*"])
def test_a_payers_number_is_a_number(number: str) -> None:
    response: dict[str, Any] = {"resourceType": "ClaimResponse", "preAuthRef": number}
    with pytest.raises(FhirError) as error:
        read_claim_response(response, trace="t")
    assert error.value.issues[0].expression == "ClaimResponse.preAuthRef"


def test_where_an_order_was_written_is_a_code_or_not_known() -> None:
    room = {"identifier": {"system": "s", "value": "room of Mrs. Whitlock"}}
    encounter = {
        "resourceType": "Encounter",
        "id": "e",
        "status": "finished",
        "class": {"code": "AMB"},
        "location": [{"location": room}],
    }
    order = an_order(
        contained=[a_patient(), a_coverage(), encounter], encounter={"reference": "#e"}
    )
    assert read_one(order).location is None


class Uncomparable(dict[str, Any]):
    """A resource that is never compared with others: of thousands, that takes their square."""

    def __eq__(self, _other: object) -> bool:
        raise AssertionError("two resources are compared")

    __hash__ = None  # type: ignore[assignment]


def test_resources_are_not_compared_with_each_other() -> None:
    graph = Graph()
    roots = [
        graph.add(Uncomparable(resource), f"Bundle.entry[{place}].resource")
        for place, resource in enumerate(bundled_order())
    ]
    nodes = [node for node in roots if node is not None]
    found = _resources(graph, Compartment(tuple(nodes), (), ()))
    assert set(found) == {"Patient/pat", "Coverage/cov"}


def contained_in_a_row(count: int) -> Json:
    """An order whose contained resources each lead to the next."""
    row = [
        {
            "resourceType": "Observation",
            "id": f"o{n}",
            "status": "final",
            "code": {"text": "x"},
            "hasMember": [{"reference": f"#o{(n + 1) % count}"}],
        }
        for n in range(count)
    ]
    contained = [a_patient(), a_coverage(), *row]
    return an_order(contained=contained, supportingInfo=[{"reference": "#o0"}])


def of_many_numbers(count: int) -> Json:
    """An order of a patient with many numbers, and as many of its own."""
    numbers = [{"system": "https://ehr.example.org/x", "value": str(n)} for n in range(count)]
    return an_order(
        contained=[a_patient(identifier=numbers), a_coverage()],
        supportingInfo=[{"reference": "#pat"}] * count,
    )


def calls_of(body: Json) -> int:
    """Count the calls that reading a body takes: no clock, so every machine counts the same."""
    counted = 0

    def count(*_: object) -> None:
        nonlocal counted
        counted += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        with suppress(FhirError):
            read_one(body)
    finally:
        sys.setprofile(before)
    return counted


@pytest.mark.parametrize("shape", [contained_in_a_row, of_many_numbers])
def test_reading_takes_twice_as_much_for_twice_as_much(shape: Callable[[int], Json]) -> None:
    calls_of(shape(2))  # imports and caches
    few, more, most = (calls_of(shape(n)) for n in (50, 100, 200))
    assert most - more < 2.2 * (more - few)  # twice, and a square would show
