"""Orders that want a service, posted to a world that has a clinic for a few specialties."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from referral_core.domain.directory import Practitioner
from referral_core.domain.ids import ReferralId
from referral_core.domain.referral import Referral
from tests.in_memory import TENANT, World
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.fhir.orders import PLACER, Json, an_order

SNOMED: Final = "http://snomed.info/sct"
NUCC: Final = "http://nucc.org/provider-taxonomy"
ICD10: Final = "http://hl7.org/fhir/sid/icd-10-cm"
LOINC: Final = "http://loinc.org"
HCPCS: Final = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
LOCAL: Final = "https://ehr.example.org/orderables"


def coding(system: str, code: str, display: str | None = None) -> Json:
    """Return a CodeableConcept of one coding."""
    named = {"display": display} if display else {}
    return {"coding": [{"system": system, "code": code, **named}]}


DERMATOLOGY: Final = coding(NUCC, "207N00000X")


class Desk(ApiClient):
    """An API that notes who outside learns of a referral: `payer`, `clinic` or `patient`."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.told: list[str] = []
        for port, name, who in (
            (world.payer, "check", "payer"),
            (world.payer, "submit", "payer"),
            (world.clinics, "offer", "clinic"),
            (world.messenger, "send", "patient"),
        ):
            setattr(port, name, self._noting(getattr(port, name), who))

    def _noting(self, call: Callable[..., Any], who: str) -> Callable[..., Any]:
        def noted(*args: Any) -> Any:
            self.told.append(who)
            return call(*args)

        return noted


def a_desk(*specialties: str, **practitioner: Any) -> Desk:
    """Return an API whose tenant has one clinic for each of some specialties, and no others."""
    world = World()
    directory = world.directory
    known = next(r for r in directory._records if isinstance(r, Practitioner))
    others = [r for r in directory._records if not isinstance(r, Practitioner)]
    ours = [
        known.but(specialty=specialty, npi=f"19999{number:05d}", **practitioner)
        for number, specialty in enumerate(specialties, start=1)
    ]
    directory._records = (*others, *ours)
    return Desk(world)


def post(api: ApiClient, number: str = "A-1", **fields: Any) -> Reply:
    """Post an order, complete but for what it wants."""
    reasons = {"reasonCode": [{"text": "as discussed"}]}
    order = an_order(identifier=[{**PLACER, "value": number}], **{**reasons, **fields})
    return api.call("POST", "/fhir/ServiceRequest", order, client="ehr-1")


def stored(api: ApiClient, reply: Reply) -> Referral:
    """Return the referral that a post made."""
    return api.world.referrals.load(TENANT, ReferralId(str(reply.body["id"]))).referral


def decide(api: ApiClient, reply: Reply, action: str, **fields: Any) -> Reply:
    """Decide on the work item of a posted order."""
    return api.call(
        "POST", f"/work-items/{reply.body['id']}/decision", {"action": action, **fields}
    )
