from __future__ import annotations

import pytest

from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.r4.datatypes import Reference
from tests.unit.fhir.orders import Json, a_coverage, a_patient, an_order


def refer(literal: str) -> Reference:
    return Reference(reference=literal)


def added(graph: Graph, resource: Json, url: str | None = None) -> Node:
    node = graph.add(resource, f"Bundle.entry[{len(graph.nodes)}].resource", url)
    assert node is not None
    return node


BASE = "https://ehr.example.org/fhir"
BARE = {"resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": {}}


@pytest.mark.parametrize(
    ("literal", "patient_url", "order_url"),
    [
        ("Patient/pat", f"{BASE}/Patient/pat", f"{BASE}/ServiceRequest/o1"),
        ("Patient/pat", None, None),
        ("Patient/pat", "urn:uuid:7b2f", "urn:uuid:7b2e"),
        ("Patient/pat/_history/3", f"{BASE}/Patient/pat", f"{BASE}/ServiceRequest/o1"),
        (f"{BASE}/Patient/pat", f"{BASE}/Patient/pat", None),
        (f"{BASE}/Patient/pat/_history/2", f"{BASE}/Patient/pat", None),
        ("urn:uuid:7b2f", "urn:uuid:7b2f", "urn:uuid:7b2e"),
    ],
)
def test_a_reference_leads_to_its_entry(
    literal: str, patient_url: str | None, order_url: str | None
) -> None:
    graph = Graph()
    patient = added(graph, a_patient(), patient_url)
    order = added(graph, {**BARE, "id": "o1"}, order_url)
    assert graph.resolve(refer(literal), order) is patient


@pytest.mark.parametrize(
    "literal",
    [
        "Patient/other",
        "https://another.example.org/fhir/Patient/pat",
        "urn:uuid:0000",
        "Patient?identifier=x",
        "pat",
        "",
    ],
)
def test_a_reference_to_what_was_not_sent_leads_nowhere(literal: str) -> None:
    graph = Graph()
    added(graph, a_patient(), f"{BASE}/Patient/pat")
    order = added(graph, {**BARE, "id": "o1"}, f"{BASE}/ServiceRequest/o1")
    assert graph.resolve(refer(literal), order) is None


def test_of_two_servers_the_relative_reference_means_its_own() -> None:
    graph = Graph()
    ours = added(graph, a_patient(), "https://a.example.org/Patient/pat")
    theirs = added(graph, a_patient(gender="male"), "https://b.example.org/Patient/pat")
    order = added(graph, {**BARE, "id": "o1"}, "https://b.example.org/ServiceRequest/o1")
    elsewhere = added(graph, {**BARE, "id": "o2"}, "https://c.example.org/ServiceRequest/o2")
    assert graph.resolve(refer("Patient/pat"), order) is theirs
    assert graph.resolve(refer("Patient/pat"), elsewhere) is None, "two patients could be meant"
    assert ours is not theirs


def test_a_local_reference_stays_inside_its_own_container() -> None:
    graph = Graph()
    first = added(graph, an_order())
    second = added(graph, an_order(contained=[a_patient(gender="male"), a_coverage()]))
    inner = graph.resolve(refer("#pat"), first)
    assert inner is not None
    assert inner.container is first
    assert graph.resolve(refer("#pat"), second) is not inner
    assert graph.resolve(refer("#pat"), inner) is inner, "contained resources share the container"


def test_a_reference_by_identifier_leads_to_the_one_who_has_it() -> None:
    graph = Graph()
    mrn = {"system": "https://ehr.example.org/mrn", "value": "7"}
    patient = added(graph, a_patient(identifier=[mrn]))
    order = added(graph, BARE)
    by_number = Reference.model_validate({"identifier": mrn, "type": "Patient"})
    assert graph.resolve(by_number, order) is patient
    added(graph, a_patient(id="twin", identifier=[mrn]))
    assert graph.resolve(by_number, order) is None, "ambiguous is unknown"


def test_two_resources_at_one_address_are_a_fault_and_the_same_twice_is_none() -> None:
    graph = Graph()
    added(graph, a_patient(), "urn:uuid:1")
    added(graph, a_patient(), "urn:uuid:1")
    assert graph.issues == []
    added(graph, a_patient(gender="male"), "urn:uuid:1")
    assert [issue.own_code for issue in graph.issues] == ["duplicate-full-url"]


def test_a_local_reference_to_nothing_is_a_fault_with_its_place() -> None:
    graph = Graph()
    graph.add(an_order(contained=[a_patient()]), "ServiceRequest")
    (issue,) = graph.issues
    assert issue.own_code == "contained-resource-missing"
    assert issue.expression == "ServiceRequest.insurance[0].reference"


def test_two_contained_resources_under_one_id_are_a_fault() -> None:
    graph = Graph()
    graph.add(an_order(contained=[a_patient(), a_coverage(), a_patient()]), "ServiceRequest")
    assert [issue.own_code for issue in graph.issues] == ["duplicate-contained-id"]


def test_what_an_earlier_body_held_is_found_last() -> None:
    graph = Graph()
    order = added(graph, BARE)
    graph.remember({"Patient/pat": a_patient()})
    known = graph.resolve(refer("Patient/pat"), order)
    assert known is not None
    assert known.resource == a_patient()
    sent_again = added(graph, a_patient(gender="male"))
    assert graph.resolve(refer("Patient/pat"), order) is sent_again
