"""For whom a payer authorizes: what it grants for another clinician than asked, a person reads."""

from __future__ import annotations

from typing import Any

import pytest

from referral_core.domain.payers.authorization import AuthorizationVerdict
from referral_core.fhir.pas.response import read_claim_response
from tests.unit.fhir.pas.test_response import (
    APPROVED,
    DENIED,
    NEEDS_REVIEW,
    PAS,
    Json,
    a_bundle,
    a_claim_response,
)

OURS, ANOTHER = "1999901100", "1999902200"
NPI = "http://hl7.org/fhir/sid/us-npi"


def by(reference: Any, code: str = "A1", **fields: Any) -> Json:
    response = a_claim_response(code, **fields)
    provider = {"url": "provider", "valueReference": reference}
    response["item"][0]["extension"] = [
        {"url": f"{PAS}/extension-itemAuthorizedProvider", "extension": [provider]}
    ]
    return response


def clinician(npi: str, **fields: Any) -> Json:
    number = {"system": NPI, "value": npi}
    return {"resourceType": "Practitioner", "id": "doc", "identifier": [number], **fields}


def logical(npi: str, system: str = NPI) -> Json:
    return {"identifier": {"system": system, "value": npi}}


UUID = "urn:uuid:9c7ab1c0-0f44-4a65-8a0b-95aa7c4d8a11"


def in_entries(response: Json, named: Json) -> Json:
    """A Bundle whose references are by the UUIDs of its entries."""
    bundle = a_bundle(response, named)
    bundle["entry"][-1]["fullUrl"] = UUID
    return bundle


ROLE = {
    "resourceType": "PractitionerRole",
    "id": "role",
    "practitioner": {"reference": "Practitioner/doc"},
}


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (by(logical(ANOTHER)), (ANOTHER,)),
        (by(logical("77", "urn:payer")), ()),
        (by({"reference": "#doc"}, contained=[clinician(ANOTHER)]), (ANOTHER,)),
        (a_bundle(by({"reference": "Practitioner/doc"}), clinician(ANOTHER)), (ANOTHER,)),
        (a_bundle(by({"reference": "https://p.org/Practitioner/doc"}), clinician(OURS)), (OURS,)),
        (a_bundle(by({"reference": "PractitionerRole/role"}), ROLE, clinician(OURS)), (OURS,)),
        (a_bundle(by({"reference": "Practitioner/doc/_history/2"}), clinician(OURS)), (OURS,)),
        (a_bundle(by({"reference": "Practitioner/other"}), clinician(ANOTHER)), ()),
        (in_entries(by({"reference": UUID}), clinician(ANOTHER)), (ANOTHER,)),
        (in_entries(by({"reference": UUID}), {**clinician(ANOTHER), "id": ""}), (ANOTHER,)),
        (in_entries(by({"reference": UUID[:-1]}), clinician(ANOTHER)), ()),
        (by({"display": "Dr. Who"}), ()),
        (by("Practitioner/doc"), ()),
        (by(None), ()),
        (a_claim_response("A1"), ()),
    ],
)
def test_the_clinicians_whom_a_payer_names_are_known(answer: Json, named: tuple[str, ...]) -> None:
    assert read_claim_response(answer).performers == named


def test_a_role_that_leads_to_itself_ends() -> None:
    role = {**ROLE, "practitioner": {"reference": "PractitionerRole/role"}}
    answer = a_bundle(by({"reference": "PractitionerRole/role"}), role)
    assert read_claim_response(answer).performers == ()


def test_many_records_of_one_clinician_are_each_read_once() -> None:
    role = {**ROLE, "practitioner": {"reference": "PractitionerRole/role"}}
    answer = a_bundle(by({"reference": "PractitionerRole/role"}), *[role] * 2_000, clinician(OURS))
    assert read_claim_response(answer).performers == ()


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (by(logical(OURS)), APPROVED),
        (by(logical(ANOTHER)), NEEDS_REVIEW),
        (by(logical(ANOTHER), "A3"), DENIED),
        (by(logical(ANOTHER), "NA"), AuthorizationVerdict.NOT_REQUIRED),
        (a_claim_response("A1"), APPROVED),
    ],
)
def test_what_is_granted_for_another_clinician_a_person_reads(
    answer: Json, verdict: AuthorizationVerdict
) -> None:
    assert read_claim_response(answer).for_performer(OURS).verdict is verdict
    assert read_claim_response(answer).for_performer(None).verdict is not NEEDS_REVIEW
