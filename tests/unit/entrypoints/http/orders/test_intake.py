"""A new referral: where it comes from is known, in codes, from its first event on."""

from __future__ import annotations

from typing import Any

from referral_core.domain.events import EventKind
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import ReferralKind
from referral_core.domain.referral import Origin, Referral
from referral_core.fhir.systems import NPI
from tests.in_memory import TENANT, World
from tests.unit.entrypoints.http.api_client import ApiClient
from tests.unit.fhir.orders import Json, a_coverage, a_patient, an_order
from tests.unit.lifecycle.work_item_worlds import DERMATOLOGY

SPANISH = {"language": {"coding": [{"code": "es-US"}]}, "preferred": True}
ROLE: Json = {
    "resourceType": "PractitionerRole",
    "id": "role",
    "practitioner": {"reference": "#doctor"},
    "organization": {"reference": "#practice"},
    "location": [{"identifier": {"system": "urn:sites", "value": "main-street"}}],
}
DOCTOR: Json = {
    "resourceType": "Practitioner",
    "id": "doctor",
    "identifier": [{"system": NPI, "value": "1999900016"}],
}
PRACTICE: Json = {
    "resourceType": "Organization",
    "id": "practice",
    "identifier": [{"system": NPI, "value": "1999900107"}],
    "name": "Lakeside Family Medicine",
}


def posted(**fields: Any) -> tuple[ApiClient, Referral]:
    api = ApiClient(World(), settled=False)
    known = {"performerType": DERMATOLOGY, "code": {"text": "Consultation"}}
    reply = api.call("POST", "/fhir/ServiceRequest", an_order(**known, **fields), client="ehr-1")
    assert reply.status == 201, reply.body
    referral = api.world.referrals.load(TENANT, ReferralId(reply.body["id"])).referral
    return api, referral


def test_an_order_says_who_refers_from_where_and_in_which_language() -> None:
    patient = a_patient(communication=[SPANISH])
    contained = [patient, a_coverage(), ROLE, DOCTOR, PRACTICE]
    api, referral = posted(contained=contained, requester={"reference": "#role"})
    kind = ReferralKind.INTERNAL_SPECIALIST
    assert referral.origin == Origin(
        kind=kind,
        practice="1999900107",
        clinician="1999900016",
        location="urn:sites|main-street",
        language="es",
    )
    # And its first event carries the same, for every cut of every figure.
    (event,) = api.world.referrals.events(TENANT, referral.id)
    assert event.kind is EventKind.RECEIVED
    dimensions = event.dimensions
    assert (dimensions.kind, dimensions.pathway) == (kind, referral.pathway)
    assert (dimensions.referring_practice, dimensions.referring_clinician) == (
        "1999900107",
        "1999900016",
    )
    assert (dimensions.location, dimensions.language) == ("urn:sites|main-street", "es")


def test_an_order_that_names_nobody_comes_from_its_ehr() -> None:
    _, referral = posted()
    assert referral.origin == Origin(kind=ReferralKind.INTERNAL_SPECIALIST, practice="lakeside-ehr")
