"""A referral as it arrives: accepted whole or not at all, once."""

from enum import StrEnum

from referral_core.domain.events import Event
from referral_core.domain.evidence import Evidence
from referral_core.domain.ids import ReferralId
from referral_core.domain.model import Model
from referral_core.domain.referral import Referral


class KeyKind(StrEnum):
    """What makes two posts one referral."""

    PLACER = "placer"
    IDEMPOTENCY = "idempotency"
    CONTENT = "content"


class Key(Model):
    """One uniqueness lock and the content it was taken with.

    Attributes:
        owner: the EHR that took it: another EHR's same number, or same key, is another lock.
    """

    kind: KeyKind
    owner: str
    value: str
    content_hash: str


class NewReferral(Model):
    """A referral about to be accepted: all of it is written, or nothing.

    Attributes:
        keys: what no other referral may have.
        identifiers: what it is found by, alone or with others.
        evidence: the documents that were uploaded for it.
        left_out: the document of what its request held about others than the patient of any order
            of it, or about nobody known: it goes to no clinic, and a person looks at it.
        patient: what tells the patient from all others (PHI): its event has a keyed hash of it.
    """

    referral: Referral
    event: Event
    payload: bytes
    keys: tuple[Key, ...]
    identifiers: tuple[str, ...] = ()
    contact_hash: str | None = None
    evidence: tuple[Evidence, ...] = ()
    left_out: Evidence | None = None
    patient: str | None = None


class ExistingKey(Model):
    """A lock that was there already."""

    key: Key
    referral_id: ReferralId
    content_hash: str
