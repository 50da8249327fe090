"""Who an order is about: found wherever the body holds the patient, or refused as unresolved."""

from __future__ import annotations

from typing import Any

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

MRN = "https://ehr.example.org/mrn"
NUMBERED = a_patient(identifier=[{"system": MRN, "value": "EX-5"}])
UPPER = "urn:uuid:00000000-0000-4000-8000-ABCDEF001301"
ANOTHER = a_patient(id="other", name=[{"family": "Roe"}], birthDate="2001-02-03")


def with_entry(resource: Json, full_url: str | None = None) -> Json:
    return {"resource": resource, **({"fullUrl": full_url} if full_url else {})}


def a_collection(*entries: Json) -> Json:
    return {"resourceType": "Bundle", "type": "collection", "entry": list(entries)}


def an_order_about(**subject: Any) -> Json:
    order, _, _ = bundled_order(subject=subject)
    return order


def a_document(*resources: Json) -> Json:
    document = a_bundle({"resourceType": "Composition", "id": "c1"}, *resources, kind="document")
    return {**document, "id": "doc1"}


@pytest.mark.parametrize(
    "literal",
    [
        f"Patient?identifier={MRN}|EX-5",
        "Patient?identifier=https%3A%2F%2Fehr.example.org%2Fmrn%7CEX-5",
        "Patient?identifier=EX-5",
        f"https://ehr.example.org/fhir/Patient?identifier={MRN}|EX-5",
    ],
)
def test_a_conditional_reference_leads_to_whom_it_describes(literal: str) -> None:
    order = an_order_about(reference=literal)
    coverage = a_coverage(beneficiary={"reference": literal})
    intake = read_one(a_bundle(order, NUMBERED, ANOTHER, coverage))
    assert intake.clinical.patient.family == "Whitlock"
    assert intake.clinical.coverage.member_id == "M-1"


@pytest.mark.parametrize(
    ("url", "literal"),
    [
        (UPPER, UPPER.lower()),
        (UPPER.lower(), UPPER.replace("urn:uuid", "URN:UUID")),
        (
            f"https://e.example/Patient/{UPPER[9:]}",
            f"https://e.example/Patient/{UPPER[9:].lower()}",
        ),
    ],
)
def test_a_uuid_is_the_same_in_any_letter_case(url: str, literal: str) -> None:
    entries = [
        with_entry(an_order_about(reference=literal)),
        with_entry(a_patient(), url),
        with_entry(ANOTHER, "urn:uuid:0000"),
    ]
    assert read_one(a_collection(*entries)).clinical.patient.family == "Whitlock"


@pytest.mark.parametrize("literal", ["Patient/pat", "https://ehr.example.org/fhir/Patient/pat"])
def test_a_patient_within_a_document_is_found(literal: str) -> None:
    order = an_order_about(reference=literal)
    intake = read_one(a_bundle(order, a_document(a_patient(), ANOTHER)))
    assert intake.clinical.patient.family == "Whitlock"
    # And goes along under the reference that the order has.
    assert intake.resources[literal]["name"] == a_patient()["name"]


def test_an_order_within_a_document_is_no_referral_of_its_own() -> None:
    inner, _, _ = bundled_order(id="inner", subject={"reference": "Patient/pat"})
    order = an_order_about(reference="Patient/pat")
    assert len(read(a_bundle(order, a_document(a_patient(), inner)))) == 1


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/elsewhere"},
        {"display": "Whitlock"},
        {"identifier": {"system": "urn:another", "value": "1"}},
        {"reference": "urn:uuid:1111"},
    ],
)
def test_the_only_patient_of_a_body_is_the_one(subject: Json) -> None:
    order = an_order_about(**subject)
    patient = {**NUMBERED, "meta": {"versionId": "2"}}
    # Sent twice, it is still one patient.
    intake = read_one(a_bundle(order, patient, a_document(NUMBERED)))
    assert intake.clinical.patient.family == "Whitlock"
    if "reference" in subject:
        assert intake.resources[subject["reference"]]["id"] == "pat"


@pytest.mark.parametrize(
    ("subject", "others"),
    [
        ({"reference": "Patient/elsewhere"}, [a_patient(), ANOTHER]),
        ({"reference": f"Patient?identifier={MRN}|EX-6"}, [NUMBERED]),
        ({"identifier": {"system": MRN, "value": "EX-6"}}, [NUMBERED]),
        ({"reference": "urn:uuid:1111"}, []),
        ({"reference": f"Patient?identifier={MRN}|EX-6"}, []),
    ],
)
def test_a_subject_that_may_be_several_or_nobody_is_unresolved(
    subject: Json, others: list[Json]
) -> None:
    with pytest.raises(FhirError) as refused:
        read(a_bundle(an_order_about(**subject), *others))
    (issue,) = refused.value.issues
    assert (refused.value.status, issue.own_code) == (422, "subject-unresolved")
    assert issue.expression == "Bundle.entry[0].resource.subject"


def test_a_record_that_was_replaced_gives_way_to_its_replacement() -> None:
    link = [{"other": {"reference": "Patient/new"}, "type": "replaced-by"}]
    old = a_patient(active=False, link=link, telecom=[])
    new = a_patient(id="new", telecom=[{"system": "phone", "value": "508-555-0199"}])
    order = an_order_about(reference="Patient/pat")
    # A record that names its replacement must be used no longer, whatever else it says.
    for record in (old, a_patient(link=link, telecom=[])):
        assert read_one(a_bundle(order, record, new)).clinical.patient.phone == "+15085550199"
    # Not sent along, nobody knows who it is now.
    for record in (old, a_patient(active=False), a_patient(link=link)):
        with pytest.raises(FhirError) as refused:
            read(a_bundle(order, record))
        assert refused.value.issues[0].own_code == "patient-not-in-use"


@pytest.mark.parametrize("kind", ["seealso", "refer", "replaces"])
def test_a_link_that_replaces_nothing_of_this_record_changes_nothing(kind: str) -> None:
    link = [{"other": {"display": "elsewhere"}, "type": kind}]
    order = an_order_about(reference="Patient/pat")
    assert read_one(a_bundle(order, a_patient(link=link))).clinical.patient.family == "Whitlock"
