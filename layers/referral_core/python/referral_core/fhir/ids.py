"""The ids of what the router makes: each says which referral it belongs to, and which part it is.

ServiceRequest/<referral>      the EHR's order       Task/<referral>.a      our coordination
ServiceRequest/<referral>.b1   the clinic's order    Task/<referral>.b1     the first offer
Appointment/<referral>.v1      the first visit       Communication/<referral>.n1   a notice
Binary/<referral>.d<hash>      a document, by the first 30 digits of its SHA-256
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from referral_core.domain.ids import ReferralId
from referral_core.fhir.r4.datatypes import Reference
from referral_core.fhir.systems import REFERRAL

_ID: Final = re.compile(
    r"(?P<referral>[A-Za-z0-9\-]{1,48})"
    r"(?:\.(?:(?P<a>a)|(?P<part>[bvn])(?P<number>[1-9]\d{0,5})|d(?P<digest>[0-9a-f]{30})))?",
    re.ASCII,
)
_LITERAL: Final = re.compile(
    r"(?:.*/)?(?:ServiceRequest|Task|Appointment|Communication)/(?P<id>[^/]+)(?:/_history/[^/]+)?"
)


_DIGITS: Final = 30
_REFERRAL_ID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_COPY: Final = re.compile(r"(?:.*/)?Patient/(?P<referral>[A-Za-z0-9\-]{1,48})\.r\d+", re.ASCII)
"""The Patient that went along with an offer: the clinic knows it by an id of ours."""


class OwnId(NamedTuple):
    """An id of ours, taken apart."""

    referral_id: ReferralId
    part: Literal["a", "b", "v", "n", "d"] | None = None
    number: int | None = None


def task_a_id(referral_id: str) -> str:
    """Return the id of the coordination Task."""
    return f"{referral_id}.a"


def task_b_id(referral_id: str, offer: int) -> str:
    """Return the id of an offer's Task, and of the clinic's ServiceRequest."""
    return f"{referral_id}.b{offer}"


def appointment_id(referral_id: str, number: int) -> str:
    """Return the id of a visit."""
    return f"{referral_id}.v{number}"


def notice_id(referral_id: str, number: int) -> str:
    """Return the id of a notice to the referrer."""
    return f"{referral_id}.n{number}"


def binary_id(referral_id: str, sha256: str) -> str:
    """Return the id of a document of a referral: as long as FHIR lets an id be."""
    return f"{referral_id}.d{sha256[:_DIGITS]}"


def digits_of(binary: str) -> str | None:
    """Return with what the SHA-256 of a document begins, by its id; None: the id is no document's.

    It is in hex, and says of 2^120 documents which one it is.
    """
    match = _ID.fullmatch(binary)
    return match["digest"] if match else None


def own_id(text: str) -> OwnId | None:
    """Take an id apart; None when it is not one of ours."""
    match = _ID.fullmatch(text)
    if match is None:
        return None
    part = "a" if match["a"] else "d" if match["digest"] else match["part"]
    number = int(match["number"]) if match["number"] else None
    return OwnId(ReferralId(match["referral"]), part, number)  # type: ignore[arg-type]


def patient_copy_of(literal: str) -> ReferralId | None:
    """Return the referral with whose offer a Patient was sent; None for another Patient."""
    match = _COPY.fullmatch(literal)
    return ReferralId(match["referral"]) if match else None


def referred(references: Iterable[Reference]) -> OwnId | None:
    """Return what of ours the references lead to, the most particular first.

    A partner may name its own order beside ours: an id of our shape goes before any other.
    """
    found = [own for own in map(_of_reference, references) if own is not None]
    return max(found, key=lambda own: (_is_of_our_shape(own), own.number or 0), default=None)


def names_several(references: Iterable[Reference]) -> bool:
    """Whether references lead to more than one referral of ours."""
    every = (own for own in map(_of_reference, references) if own is not None)
    ours = [own for own in every if _is_of_our_shape(own)]
    # An id with a part is surely ours; one without beside it may be a number of the partner's.
    return len({own.referral_id for own in ([o for o in ours if o.part] or ours)}) > 1


def _is_of_our_shape(own: OwnId) -> bool:
    return _REFERRAL_ID.fullmatch(own.referral_id) is not None


def _of_reference(reference: Reference) -> OwnId | None:
    match = _LITERAL.fullmatch(reference.reference or "")
    if match is not None:
        return own_id(match["id"])
    logical = reference.identifier
    if logical is not None and logical.system == REFERRAL and logical.value:
        return own_id(logical.value)
    return None
