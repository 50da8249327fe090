"""The clinical payload of a referral, and what the steps read from it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final, Self

from referral_core.domain.errors import Final as FinalError
from referral_core.domain.model import Record
from referral_core.domain.network import Payer, Practitioner
from referral_core.domain.referral import Offer, Referral
from referral_core.fhir.content import ReferralContent
from referral_core.fhir.intake import Intake
from referral_core.fhir.offers import offer_bundle
from referral_core.fhir.resources import service_request_as_stored
from referral_core.ports import Directory, Referrals

__all__ = ["Payload", "ReferralContent", "content_of", "missing", "payer_of", "performer_of"]


_CONSENT: Final = "consent"


class Payload(Record):
    """What is stored compressed, once per version the author sent. All of it is PHI.

    Attributes:
        service_request: the EHR's resource.
        resources: the resources that it leads to, by the reference that leads there.
        content: the same, normalised.
        source_sha256: the document that holds the request's bytes as they came.
        content_hash: SHA-256 of what the order and its resources say.
    """

    service_request: dict[str, Any]
    resources: dict[str, dict[str, Any]]
    content: ReferralContent
    source_sha256: str
    content_hash: str

    @classmethod
    def of(cls, intake: Intake, source_sha256: str) -> Self:
        """Make the payload of what was understood."""
        return cls(
            service_request=intake.service_request,
            resources=intake.resources,
            content=intake.clinical,
            source_sha256=source_sha256,
            content_hash=intake.canonical_hash,
        )

    @classmethod
    def load(cls, stored: bytes) -> Self:
        """Read a stored payload."""
        return cls.model_validate_json(stored)

    def stored(self, referral: Referral) -> dict[str, Any]:
        """Return the order as it stands with us."""
        return service_request_as_stored(referral, self.service_request)

    def dump(self) -> bytes:
        """Return the payload as it is stored."""
        return self.model_dump_json(exclude_none=True).encode()


def content_of(referrals: Referrals, referral: Referral) -> ReferralContent:
    """Read the normalised content of the referral's present version."""
    return Payload.load(referrals.payload(referral)).content


def missing(
    content: ReferralContent, required: Iterable[str], *, consented: bool = False
) -> tuple[str, ...]:
    """Return the names of required facts (`patient.phone`, `coverage.payor`, `service`) not there.

    Args:
        content: what the order says; of a patient who pays no coverage is needed.
        required: by the pathway.
        consented: whether staff recorded the patient's consent.

    Raises:
        AttributeError: a pathway requires a fact that does not exist.
    """
    return tuple(
        name
        for name in required
        if not _has(content, name) and not (consented and name == _CONSENT)
    )


def _has(content: ReferralContent, name: str) -> bool:
    if content.coverage.self_pay and name.startswith("coverage."):
        return True
    if name == _CONSENT:
        return content.consent
    if name == "service":
        return content.service.is_stated
    if name == "reason":
        return bool(content.reasons)
    value: Any = content
    for part in name.split("."):
        value = getattr(value, part)
    return value not in (None, "", ())


def payer_of(content: ReferralContent, payers: Sequence[Payer]) -> Payer | None:
    """Return the payer that the coverage names, by identifier or by name; None when unknown."""
    payor = content.coverage.payor
    if payor is None:
        return None
    named = {i.lower() for i in payor.identifiers}
    named |= {i.rpartition("|")[2] for i in named}
    if payor.name:
        named.add(" ".join(payor.name.lower().split()))
    for payer in payers:
        if named & {payer.id.lower(), payer.name.lower(), *payer.aliases}:
            return payer
    return None


def performer_of(
    directory: Directory, referral: Referral, offer: Offer | None = None
) -> Practitioner:
    """Return the directory's entry of an offer's performer; of the offer in hand by default.

    Raises:
        FinalError: there is none, or the directory no longer lists it.
    """
    offer = offer or referral.offer
    if offer is not None:
        for practitioner in directory.specialists(referral.tenant, offer.specialty):
            if practitioner.npi == offer.npi:
                return practitioner
    raise FinalError("The directory does not list the performer.")


def task_bundle(referrals: Referrals, referral: Referral, performer: Practitioner) -> bytes:
    """Return the Bundle that offers the referral: Task B, its order and the clinical content."""
    payload = Payload.load(referrals.payload(referral))
    bundle = offer_bundle(referral, performer, payload.service_request, payload.resources)
    return json.dumps(bundle, ensure_ascii=False, separators=(",", ":")).encode()
