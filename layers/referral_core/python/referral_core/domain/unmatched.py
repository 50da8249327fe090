"""What a person must look at beside the referrals: what came and belongs to none, and what stands.

It holds no content: what came lies in the document store, as evidence does, and the candidates say
in codes why each may be meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from referral_core.domain.evidence import Evidence
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.model import Model
from referral_core.domain.new_referral import NewReferral
from referral_core.domain.numbers import folded_number
from referral_core.domain.orders.patient_identity import PatientIdentity, words_of
from referral_core.domain.orders.search_terms import born_term, number_term
from referral_core.domain.updates import Update

MOST_CANDIDATES: Final = 10
MOST_REFUSED_A_DAY: Final = 20
"""Orders of one client that are refused for one reason and stand in the list, each by itself."""
NAMED_WITHIN: Final = timedelta(days=1)
"""What is announced and named by then is nobody's matter; most is named at once."""
MOST_FAULTS: Final = 5
"""Of one order, as far as the list says them; its sender was told all."""
_LONGEST_AT_IT: Final = timedelta(minutes=5)
"""No request lives as long."""


class Mismatch(StrEnum):
    """Why something belongs to no referral; or that a referral cannot be processed any more."""

    ANOTHER_PATIENT = "another-patient"
    REFERRAL_NOT_NAMED = "referral-not-named"
    REFERRAL_UNKNOWN = "referral-unknown"
    TRACE_UNKNOWN = "trace-unknown"
    NO_OPEN_REFERRAL = "no-open-referral"
    REFERRAL_CLOSED = "referral-closed"
    REFERRAL_STANDS = "referral-stands"
    LEFT_OUT_OF_ORDER = "left-out-of-order"
    ORDER_REFUSED = "order-refused"
    MORE_ORDERS_REFUSED = "more-orders-refused"
    UPLOAD_NOT_NAMED = "upload-not-named"


class Sign(StrEnum):
    """Why a referral may be the one that is meant, the stronger the earlier."""

    SAME_IDENTIFIER = "same-identifier"
    SAME_PERSON = "same-name-and-birth-date"
    SAME_NUMBER = "same-telephone-number"
    NAMED = "named-by-its-sender"
    SAME_CLINIC = "with-this-clinic"


_WEIGHTS: Final[Mapping[Sign, int]] = {
    Sign.SAME_IDENTIFIER: 8,
    Sign.SAME_PERSON: 6,
    Sign.SAME_NUMBER: 4,
    Sign.NAMED: 2,
    Sign.SAME_CLINIC: 1,
}


class Candidate(Model):
    """A referral that may be meant, and why. Attributes: is_open: when the item came."""

    referral_id: ReferralId
    signs: tuple[Sign, ...]
    is_open: bool

    @property
    def rank(self) -> tuple[int, bool]:
        """How likely it is, to be compared with others'."""
        return sum(_WEIGHTS[sign] for sign in self.signs), self.is_open


class Fault(Model):
    """One thing for which an order was refused; it repeats nothing of what was sent.

    Attributes:
        code: our own, as its sender was told.
        says: what to do, in one sentence.
        where: FHIRPath.
    """

    code: str
    says: str
    where: str | None = None


class Unmatched(Model):
    """One thing that came, with what it would report.

    Attributes:
        id: the same thing sent again has the same id.
        organization: of its sender.
        update: what it reports, once it is known on which referral; None: a person reads it.
        evidence: the document that came; None where nothing came, and a referral stands.
        candidates: the likeliest first.
        refused_for: of an order that was refused: why.
        attached_to: the referral that a person matched it with; None once dismissed.
        chosen_at: since when somebody is at attaching it, while it is not settled.
        chosen_as: the action that was chosen; None of what was settled before it was kept.
        chosen_by: the client of who is at attaching it, while it is not settled.
    """

    tenant: Tenant
    id: str
    mismatch: Mismatch
    received_at: datetime
    client_id: str
    organization: str
    update: Update | None = None
    evidence: Evidence | None = None
    candidates: tuple[Candidate, ...] = ()
    refused_for: tuple[Fault, ...] = ()
    settled_at: datetime | None = None
    settled_by: str | None = None
    attached_to: ReferralId | None = None
    chosen_at: datetime | None = None
    chosen_as: str | None = None
    chosen_by: str | None = None

    @property
    def choice(self) -> str | None:
        """Who takes it as what of which referral; None: nobody. Two who differ are two people."""
        if self.attached_to is None or self.chosen_by is None:
            return self.attached_to
        return f"{self.attached_to}|{self.chosen_as}|{self.chosen_by}"

    def is_left(self, now: datetime) -> bool:
        """Whether whoever chose a referral for it came to no end: their function is over."""
        chosen = self.settled_at is None and self.attached_to is not None
        return chosen and (self.chosen_at is None or now - self.chosen_at > _LONGEST_AT_IT)


def of_standing(tenant: Tenant, referral_id: ReferralId, at: datetime) -> Unmatched:
    """Return the item that says that a referral stands: small, so that it is always written.

    One a day: who dismisses it without mending anything sees it again tomorrow.
    """
    named = Candidate(referral_id=referral_id, signs=(Sign.NAMED,), is_open=True)
    return Unmatched(
        tenant=tenant,
        id=sha256(f"{referral_id}|{Mismatch.REFERRAL_STANDS}|{at.date()}".encode()).hexdigest()[
            :32
        ],
        mismatch=Mismatch.REFERRAL_STANDS,
        received_at=at,
        client_id="timer",
        organization=tenant,
        update=None,
        evidence=None,
        candidates=(named,),
    )


def of_left_out(new: NewReferral, left_out: Evidence) -> Unmatched:
    """Return the item of what came with an order, and went along with none."""
    referral = new.referral
    named = Candidate(referral_id=referral.id, signs=(Sign.NAMED,), is_open=True)
    return Unmatched(
        tenant=referral.tenant,
        id=sha256(f"{referral.id}|{left_out.sha256}".encode()).hexdigest()[:32],
        mismatch=Mismatch.LEFT_OUT_OF_ORDER,
        received_at=left_out.received_at,
        client_id=new.event.actor,
        organization=left_out.source,
        update=None,
        evidence=left_out,
        candidates=(named,),
    )


def of_refused(
    tenant: Tenant,
    sender: tuple[str, str],
    evidence: Evidence,
    faults: Sequence[Fault],
    named: Candidate | None,
) -> Unmatched:
    """Return the item of an order that was refused: sent again as it is, it is the same one.

    Args:
        tenant: of the principal.
        sender: its client id and its organization.
        evidence: what came.
        faults: why it was refused, at least one.
        named: the referral that its address names.
    """
    client_id, organization = sender
    about = named.referral_id if named else None
    content = f"{client_id}|{Mismatch.ORDER_REFUSED}|{evidence.sha256}|{about}"
    return Unmatched(
        tenant=tenant,
        id=sha256(content.encode()).hexdigest()[:32],
        mismatch=Mismatch.ORDER_REFUSED,
        received_at=evidence.received_at,
        client_id=client_id,
        organization=organization,
        evidence=evidence,
        candidates=(named,) if named else (),
        refused_for=tuple(faults[:MOST_FAULTS]),
    )


def of_more_refused(refused: Unmatched) -> Unmatched:
    """Return the item that stands for all orders of a client and a day that are too many to list.

    One for each reason; what came is not kept with it, and its sender was told each time.
    """
    fault = refused.refused_for[0]
    day = refused.received_at.date()
    content = f"{refused.client_id}|{Mismatch.MORE_ORDERS_REFUSED}|{fault.code}|{day}"
    return refused.but(
        id=sha256(content.encode()).hexdigest()[:32],
        mismatch=Mismatch.MORE_ORDERS_REFUSED,
        evidence=None,
        candidates=(),
        refused_for=(fault.but(where=None),),
    )


def of_announced(tenant: Tenant, sender: tuple[str, str], digest: str, at: datetime) -> Unmatched:
    """Return the item of a document that somebody announced: it is listed unless it is named soon.

    Args:
        tenant: of the principal.
        sender: its client id and its organization, whose uploads are one.
        digest: SHA-256 of the document.
        at: when it was announced.
    """
    client_id, organization = sender
    content = f"{organization}|{Mismatch.UPLOAD_NOT_NAMED}|{digest}"
    return Unmatched(
        tenant=tenant,
        id=sha256(content.encode()).hexdigest()[:32],
        mismatch=Mismatch.UPLOAD_NOT_NAMED,
        received_at=at + NAMED_WITHIN,
        client_id=client_id,
        organization=organization,
    )


def ranked(candidates: list[Candidate]) -> tuple[Candidate, ...]:
    """Return the likeliest candidates, likeliest first."""
    ordered = sorted(candidates, key=lambda c: (c.rank, c.referral_id), reverse=True)
    return tuple(ordered[:MOST_CANDIDATES])


def clue_terms(identity: PatientIdentity) -> Mapping[str, Sign]:
    """Return under which terms referrals lie that may be of a patient, and what each would show."""
    terms = {
        number_term(folded): Sign.SAME_IDENTIFIER
        for token in identity.identifiers
        if not token.startswith("|") and (folded := folded_number(token))
    }
    if identity.family and identity.birth_date:
        terms[born_term(identity.birth_date)] = Sign.SAME_PERSON
    return terms


def shows(sign: Sign, known: PatientIdentity, named: PatientIdentity) -> bool:
    """Whether two identities do share what a term stands for: a term is less than they are."""
    if sign is Sign.SAME_IDENTIFIER:
        ours = {token.casefold() for token in known.identifiers}
        return not ours.isdisjoint(token.casefold() for token in named.identifiers)
    families = words_of(known.family or ""), words_of(named.family or "")
    return families[0] == families[1] and known.birth_date == named.birth_date
