"""Coverage: whose it is, and what the referral keeps of what its payer says."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from referral_core.domain.codes import Coded
from referral_core.domain.model import Model
from referral_core.domain.orders.clinical_content import Payor
from referral_core.domain.payers.vocabulary import PayerClass

if TYPE_CHECKING:
    from referral_core.domain.directory import Payer


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


def payer_of(payor: Payor | None, payers: "Sequence[Payer]") -> "Payer | None":
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


def _named(payers: "Sequence[Payer]", names: set[str]) -> "list[Payer]":
    return [p for p in payers if names & {p.id.lower(), p.name.lower(), *p.aliases}]
