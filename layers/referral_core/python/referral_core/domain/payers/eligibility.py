"""Coverage: what the payer is asked, what it says, and what the referral keeps of it."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum

from referral_core.domain.codes import Coded
from referral_core.domain.directory import Payer, PayerClass
from referral_core.domain.model import Model
from referral_core.domain.orders.clinical_content import Payor, Subscriber


class EligibilityVerdict(StrEnum):
    """What the payer said of the coverage; `unclear` never counts as no."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    UNCLEAR = "unclear"


class Eligibility(Model):
    """The last answered 270/271 inquiry. Attributes: other_payer: it names another payer."""

    verdict: EligibilityVerdict
    payer: str
    payer_class: PayerClass | None = None
    checked_at: datetime
    authorization_required: bool | None = None
    in_network: bool | None = None
    other_payer: bool = False
    reason: Coded = None


class SelfPay(Model):
    """The patient pays; at an FQHC by the class of the sliding fee scale (A-D)."""

    fee_class: Coded = None


class EligibilityRequest(Model):
    """What a 270 needs, at least. PHI: never logged, never stored outside the payload.

    Attributes:
        member_id: the subscriber's number.
        family, given, birth_date, gender: the patient's.
        subscriber: whose coverage it is, where that is not the patient.
    """

    trace: str
    provider_npi: str
    provider_name: str
    member_id: str
    family: str
    given: str
    birth_date: date
    gender: str | None
    subscriber: Subscriber | None = None
    service_type: str
    service_date: date


class EligibilityResponse(Model):
    """What a 271 says, reduced to what routing needs.

    Attributes:
        authorization_required: EB11; None when the payer does not say (U).
        in_network: EB12; None when the payer does not say.
        reject_reason: AAA03 when the payer could not answer.
        other_payer: whether it names another payer, which may be the one that pays (EB01 R).
        source: the payer's own document, as it came. PHI: kept as evidence, nowhere else.
    """

    verdict: EligibilityVerdict
    authorization_required: bool | None
    in_network: bool | None
    reject_reason: str | None
    other_payer: bool = False
    source: bytes = b""


def payer_of(payor: Payor | None, payers: Sequence[Payer]) -> Payer | None:
    """Return the payer that a coverage names: by a number, which says more than a name.

    A name of another payer contradicts the number, and numbers of two payers each other: then it
    is nobody's, and a person looks. A name that no payer has contradicts nothing.
    """
    if payor is None:
        return None
    numbers = {i.lower() for i in payor.identifiers}
    numbers |= {i.rpartition("|")[2] for i in numbers}
    names = {" ".join(payor.name.lower().split())} if payor.name else set()
    by_number, by_name = _named(payers, numbers), _named(payers, names)
    found = {payer.id: payer for payer in (*by_number, *by_name)}
    return next(iter(found.values())) if len(found) == 1 else None


def _named(payers: Sequence[Payer], names: set[str]) -> list[Payer]:
    return [p for p in payers if names & {p.id.lower(), p.name.lower(), *p.aliases}]
