"""Coverage: what the payer is asked, what it says, and what the referral keeps of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum

from referral_core.domain.clinical_content import Payor
from referral_core.domain.directory import Payer, PayerClass
from referral_core.domain.model import Model


class EligibilityVerdict(StrEnum):
    """What the payer said of the coverage; `unclear` never counts as no."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    UNCLEAR = "unclear"


class Eligibility(Model):
    """The last answered 270/271 inquiry."""

    verdict: EligibilityVerdict
    payer: str
    payer_class: PayerClass | None = None
    checked_at: datetime
    authorization_required: bool | None = None
    in_network: bool | None = None
    reason: str | None = None


class SelfPay(Model):
    """The patient pays; at an FQHC by the class of the sliding fee scale (A-D)."""

    fee_class: str | None = None


class EligibilityRequest(Model):
    """What a 270 needs, at least. PHI: never logged, never stored outside the payload."""

    trace: str
    provider_npi: str
    provider_name: str
    member_id: str
    family: str
    given: str
    birth_date: date
    gender: str | None
    service_type: str
    service_date: date


class EligibilityResponse(Model):
    """What a 271 says, reduced to what routing needs.

    Attributes:
        authorization_required: EB11; None when the payer does not say (U).
        in_network: EB12; None when the payer does not say.
        reject_reason: AAA03 when the payer could not answer.
        source: the payer's own document, as it came. PHI: kept as evidence, nowhere else.
    """

    verdict: EligibilityVerdict
    authorization_required: bool | None
    in_network: bool | None
    reject_reason: str | None
    source: bytes = b""


def payer_of(payor: Payor | None, payers: Sequence[Payer]) -> Payer | None:
    """Return the payer that a coverage names, by identifier or by name; None when unknown."""
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
