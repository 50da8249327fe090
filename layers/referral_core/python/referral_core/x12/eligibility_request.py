"""The 270: asking a payer whether a person is covered (005010X279A1)."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zlib import crc32

from referral_core.domain.directory import Payer
from referral_core.domain.eligibility import EligibilityRequest
from referral_core.x12.interchange import Envelope, Segment, identifier, words, write_interchange
from referral_core.x12.trace import originator

VERSION: Final = "005010X279A1"

_GENDERS: Final = {"male": "M", "female": "F"}
_CONTROL_NUMBERS: Final = 999_999_999


def write_270(request: EligibilityRequest, payer: Payer, sent_at: datetime) -> str:
    """Write a real-time inquiry about one subscriber.

    Raises:
        X12Error: an identifier cannot be carried by X12.
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
    subscriber: Segment = (
        *("NM1", "IL", "1", words(request.family, 60), words(request.given, 35), "", "", ""),
        *(("MI", identifier(request.member_id, 80)) if request.member_id else ()),
    )
    gender = _GENDERS.get(request.gender or "", "")
    body: tuple[Segment, ...] = (
        ("BHT", "0022", "13", trace, f"{sent_at:%Y%m%d}", f"{sent_at:%H%M}"),
        ("HL", "1", "", "20", "1"),
        source,
        ("HL", "2", "1", "21", "1"),
        provider,
        ("HL", "3", "2", "22", "0"),
        ("TRN", "1", trace, originator(request.provider_npi)),
        subscriber,
        ("DMG", "D8", f"{request.birth_date:%Y%m%d}", gender),
        ("DTP", "291", "D8", f"{request.service_date:%Y%m%d}"),
        ("EQ", identifier(request.service_type, 2)),
    )
    return write_interchange(envelope, "270", body)


_BLANK: Final = ("", "", "", "")
"""NM104 to NM107, which an organization has not."""
