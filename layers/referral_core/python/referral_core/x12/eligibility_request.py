"""The 270: asking a payer whether a person is covered (005010X279A1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zlib import crc32

from referral_core.domain.directory import Payer
from referral_core.domain.orders.clinical_content import Subscriber
from referral_core.domain.payers.requests import EligibilityRequest
from referral_core.x12.interchange import (
    Envelope,
    Segment,
    X12Error,
    identifier,
    loses_letters,
    words,
    write_interchange,
)
from referral_core.x12.trace import originator

VERSION: Final = "005010X279A1"

_GENDERS: Final = {"male": "M", "female": "F"}
_CONTROL_NUMBERS: Final = 999_999_999


def write_270(request: EligibilityRequest, payer: Payer, sent_at: datetime) -> str:
    """Write a real-time inquiry about one patient: a subscriber, or a dependent of one.

    Raises:
        X12Error: an identifier or a name cannot be carried by X12.
    """
    receiver = payer.x12_id or payer.id
    trace = identifier(request.trace, 50)
    envelope = Envelope(
        sender=request.provider_npi,
        receiver=receiver,
        sent_at=sent_at,
        control=crc32(f"{trace} {sent_at.isoformat()}".encode()) % _CONTROL_NUMBERS + 1,
        functional="HS",
        version=VERSION,
    )
    source: Segment = ("NM1", "PR", "2", words(payer.name, 60), *_BLANK, "PI", receiver)
    provider: Segment = (
        *("NM1", "1P", "2", words(request.provider_name, 60), *_BLANK),
        *("XX", identifier(request.provider_npi, 80)),
    )
    body: tuple[Segment, ...] = (
        ("BHT", "0022", "13", trace, f"{sent_at:%Y%m%d}", f"{sent_at:%H%M}"),
        ("HL", "1", "", "20", "1"),
        source,
        ("HL", "2", "1", "21", "1"),
        provider,
        *(_of_dependent(request, trace) if request.subscriber else _of_subscriber(request, trace)),
        ("DTP", "291", "D8", f"{request.service_date:%Y%m%d}"),
        ("EQ", identifier(request.service_type, 2)),
    )
    return write_interchange(envelope, "270", body)


_BLANK: Final = ("", "", "", "")
"""NM104 to NM107, which an organization has not."""


def _of_subscriber(request: EligibilityRequest, trace: str) -> tuple[Segment, ...]:
    return (
        ("HL", "3", "2", "22", "0"),
        ("TRN", "1", trace, originator(request.provider_npi)),
        (*_person("IL", request.family, request.given, request.suffix), *_member(request)),
        ("DMG", "D8", f"{request.birth_date:%Y%m%d}", _gender(request.gender)),
    )


def _of_dependent(request: EligibilityRequest, trace: str) -> tuple[Segment, ...]:
    """Ask about a dependent: the number is the subscriber's, who stands one level above."""
    owner = request.subscriber or Subscriber()
    born = f"{owner.birth_date:%Y%m%d}" if owner.birth_date else ""
    name = (
        _person("IL", owner.family, owner.given, owner.suffix)
        if owner.family
        else ("NM1", "IL", "1")
    )
    known = (*name, *("",) * (_UP_TO_NAME - len(name)), *_member(request))
    return (
        ("HL", "3", "2", "22", "1"),
        known,
        *((("DMG", "D8", born, _gender(owner.gender)),) if born else ()),
        ("HL", "4", "3", "23", "0"),
        ("TRN", "1", trace, originator(request.provider_npi)),
        _person("03", request.family, request.given, request.suffix),
        ("DMG", "D8", f"{request.birth_date:%Y%m%d}", _gender(request.gender)),
        ("INS", "N", _RELATIONSHIPS.get(owner.relationship, _OTHER_ADULT)),
    )


def _person(code: str, family: str | None, given: str | None, suffix: str | None = None) -> Segment:
    """Return NM1 of a person, in X12's letters.

    Raises:
        X12Error: nothing of a name can be written in them, or not all of a word: a person asks
            the payer.
    """
    written = ((family or "").strip(), (given or "").strip())
    names = (words(written[0], 60), words(written[1], 35))
    torn = any(loses_letters(name) for name in written)
    if torn or (written[0] and not names[0]) or (written[1] and not names[1]):
        raise X12Error("A name cannot be written in the letters of X12.")
    return ("NM1", code, "1", *names, "", "", words(suffix or "", 10))


def _member(request: EligibilityRequest) -> Segment:
    return ("MI", identifier(request.member_id, 80)) if request.member_id else ()


def _gender(gender: str | None) -> str:
    return _GENDERS.get(gender or "", "")


_UP_TO_NAME: Final = 8
"""NM1 to NM107."""
_RELATIONSHIPS: Final[Mapping[str, str]] = {"spouse": "01", "child": "19"}
_OTHER_ADULT: Final = "34"
"""INS02 of a dependent in a 270 is one of three."""
