"""Who wrote a document: the NPI that it names, however it is written."""

from __future__ import annotations

import json

import pytest

from referral_core.fhir.inbound.documents import read_diagnostic_report, read_document
from tests.unit.fhir.orders import Json

NPI, OTHER = "1999900100", "1999900200"
SYSTEM = "http://hl7.org/fhir/sid/us-npi"


def an_identifier(npi: str) -> Json:
    return {"system": SYSTEM, "value": npi}


def a_resource(kind: str, own_id: str, npi: str | None = None, **fields: object) -> Json:
    numbers = [an_identifier(npi)] if npi else []
    return {"resourceType": kind, "id": own_id, "identifier": numbers, **fields}


ROLE: Json = {"practitioner": {"reference": "#p"}, "organization": {"reference": "#o"}}
WAYS: tuple[tuple[list[Json], list[Json], str | None], ...] = (
    ([{"identifier": an_identifier(NPI)}], [], NPI),
    ([{"reference": "#p"}], [a_resource("Practitioner", "p", NPI)], NPI),
    ([{"reference": "#o"}], [a_resource("Organization", "o", NPI)], NPI),
    (
        [{"reference": "#r"}],
        [
            a_resource("PractitionerRole", "r", **ROLE),
            a_resource("Practitioner", "p", NPI),
            a_resource("Organization", "o", OTHER),
        ],
        NPI,
    ),
    ([{"display": "Dr. Roe"}, {"identifier": an_identifier(NPI)}], [], NPI),
    ([{"reference": "Practitioner/p"}], [a_resource("Practitioner", "p", NPI)], None),
    (
        [{"reference": "#r"}],
        [a_resource("PractitionerRole", "r", practitioner={"reference": "#r"})],
        None,
    ),
    ([{"identifier": an_identifier("J. Roe, 508-555-0160")}], [], None),
    ([], [], None),
)


@pytest.mark.parametrize(("authors", "contained", "npi"), WAYS)
def test_a_document_says_who_wrote_it(
    authors: list[Json], contained: list[Json], npi: str | None
) -> None:
    sent = {
        "resourceType": "DocumentReference",
        "status": "current",
        "contained": contained,
        "author": authors,
        "content": [{"attachment": {"contentType": "text/plain", "data": "bGV0dGVy"}}],
    }
    assert read_document(json.dumps(sent).encode(), "application/fhir+json").author == npi


@pytest.mark.parametrize(("performers", "contained", "npi"), WAYS)
def test_so_does_a_result(performers: list[Json], contained: list[Json], npi: str | None) -> None:
    sent = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": {"text": "MRI"},
        "contained": contained,
        "performer": performers,
        "presentedForm": [{"contentType": "text/plain", "data": "bGV0dGVy"}],
    }
    assert read_diagnostic_report(json.dumps(sent).encode(), "application/fhir+json").author == npi


def test_the_same_document_is_the_same_whoever_is_said_to_have_written_it() -> None:
    sent = {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": {"contentType": "text/plain", "data": "bGV0dGVy"}}],
    }
    signed = {**sent, "author": [{"identifier": an_identifier(NPI)}]}
    one, other = (
        read_document(json.dumps(s).encode(), "application/fhir+json") for s in (sent, signed)
    )
    assert one.occasion == other.occasion
