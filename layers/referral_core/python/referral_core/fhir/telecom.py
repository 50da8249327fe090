"""Phone numbers as EHRs write them, to E.164; North America is the default region.

The form is judged, not whether a number is in service: that the carrier knows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from referral_core.fhir.r4.datatypes import ContactPoint, Period

_LONGEST: Final = 40
"""More than any number takes with its extension; longer text is not searched."""
_EXTENSION: Final = re.compile(r"\s*(?:;ext=|ext\.?|extension|x|#)\s*\d{1,7}\s*$", re.IGNORECASE)
_TRUNK_ZERO: Final = re.compile(r"\(0")
_WRITTEN: Final = re.compile(r"(?:tel:)?\s*\+?[\d\s().\-/]+", re.IGNORECASE | re.ASCII)
_NANP: Final = re.compile(r"1[2-9]\d{9}", re.ASCII)
_NANP_LENGTH: Final = 10
_E164: Final = re.compile(r"[1-9]\d{6,14}", re.ASCII)


def e164(written: str) -> str | None:
    """Return the number in E.164, or None when it cannot be dialled."""
    if len(written) > _LONGEST:
        return None
    plain = _EXTENSION.sub("", written.strip())
    if not _WRITTEN.fullmatch(plain):
        return None
    if "+" in plain:
        plain = _TRUNK_ZERO.sub("(", plain)  # dialled at home only: +44 (0113), +44 (0)113
    digits = re.sub(r"[^0-9]", "", plain)
    if "+" in plain and not digits.startswith("1"):
        return f"+{digits}" if _E164.fullmatch(digits) else None
    national = digits if len(digits) > _NANP_LENGTH else f"1{digits}"
    return f"+{national}" if _NANP.fullmatch(national) else None


def phone(points: Sequence[ContactPoint], at: datetime) -> str | None:
    """Return the phone number to use first: in force, by rank, a mobile before others."""
    usable = [p for p in points if p.system in {"phone", "sms"} and _is_in_force(p, at)]
    numbers = (e164(point.value) for point in sorted(usable, key=_preference) if point.value)
    return next((number for number in numbers if number), None)


def fax(points: Sequence[ContactPoint], at: datetime) -> str | None:
    """Return the fax number in E.164."""
    usable = [p for p in points if p.system == "fax" and _is_in_force(p, at)]
    numbers = (e164(p.value) for p in usable if p.value)
    return next((number for number in numbers if number), None)


def email(points: Sequence[ContactPoint], at: datetime) -> str | None:
    """Return the email address to use first."""
    usable = [point for point in points if point.system == "email" and _is_in_force(point, at)]
    return next((point.value for point in sorted(usable, key=_preference) if point.value), None)


def is_in_force(period: Period | None, at: datetime) -> bool:
    """Tell whether a period holds an instant; without a period it does."""
    return period is None or period.holds(at)


def _is_in_force(point: ContactPoint, at: datetime) -> bool:
    return point.use != "old" and is_in_force(point.period, at)


def _preference(point: ContactPoint) -> tuple[int, bool]:
    mobile = point.use == "mobile" or point.system == "sms"
    return (point.rank or 1_000, not mobile)
