"""Phone numbers as EHRs write them, to E.164, in the region of the patient's address.

The form is judged, not whether a number is in service: that the carrier knows. Numbers of North
America are read here; those of other regions by the library `phonenumbers`, loaded when one comes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from unicodedata import normalize

from referral_core.fhir.countries import region_named
from referral_core.fhir.r4.datatypes import ContactPoint, Period

_LONGEST: Final = 40
"""More than any number takes with its extension; longer text is not searched."""
_MOST_TOGETHER: Final = 3
_MEXICAN_MOBILE: Final = re.compile(r"^\+\s*52[\s\-.(]*1(?=(?:\D*\d){10}\D*$)")
"""Until 2019 a call from abroad to a Mexican mobile put a 1 before its ten digits."""
_TRUNK_ZERO: Final = re.compile(r"\(0")
_PLAIN: Final = re.compile(r"\+?[\d\s().\-/]+", re.ASCII)
_WRITTEN: Final = re.compile(r"(?:(?:tel|sms):)?\s*\+?[\d\s().\-/]+", re.IGNORECASE | re.ASCII)
_NANP: Final = re.compile(r"1(?!(\d)\1{9})[2-9](?!11|9)\d{9}", re.ASCII)
"""No area code is a service (N11) or N9X; ten equal digits stand where nobody knew a number."""
_ABROAD: Final = re.compile(r"^00(?=[1-9 .\-])")
_FROM_NORTH_AMERICA: Final = re.compile(r"^011(?=[1-9 .\-])|^00(?=[1-9 .\-])")
"""How a call abroad begins."""
_NANP_LENGTH: Final = 10
_DASHES: Final = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
_NORTH_AMERICA: Final = frozenset({"US", "CA", "PR", "VI", "GU", "AS", "MP"})
_HOME: Final = "US"
_REGIONS: Final = {
    **dict.fromkeys(("USA", "UNITED STATES", "UNITED STATES OF AMERICA", "EEUU", "EE UU"), "US"),
    **dict.fromkeys(("UK", "ENGLAND", "SCOTLAND", "WALES", "GREAT BRITAIN"), "GB"),
}
"""What people call their own country."""
_NOWHERE: Final = "ZZ"
"""A country that is not understood: there only a number with a plus says whose it is."""


def region_of(country: str | None) -> str:
    """Return the region in whose way numbers are written, by an address's country."""
    plain = (country or "").upper().replace("(THE)", " ").replace(".", "")
    written = " ".join(plain.split()) or _HOME
    region = _REGIONS.get(written, written)
    if len(region) == len(_HOME) and region.isascii() and region.isalpha():
        return region
    return region_named(written) or _NOWHERE


def e164(written: str, region: str = _HOME) -> str | None:
    """Return the number in E.164, or None when it cannot be dialled.

    Of several numbers written into one field it is the mobile one, else the first; each must be a
    number, so that words about one are never taken for another.

    Args:
        written: as the EHR has it.
        region: ISO 3166-1 alpha-2; in its way a number without a plus is written.
    """
    if len(written) > _LONGEST * _MOST_TOGETHER:
        return None
    number = _one_number(written, region)
    if number is not None:
        return number
    from referral_core.fhir.written_numbers import is_mobile, several  # noqa: PLC0415 - few need it

    found = [(_one_number(part, region), is_mobile(part)) for part in several(written)]
    if not 1 < len(found) <= _MOST_TOGETHER or any(number is None for number, _ in found):
        return None
    return next((number for number, mobile in found if mobile), found[0][0])


def _one_number(written: str, region: str) -> str | None:
    if len(written) > _LONGEST:
        return None
    shown = normalize("NFKC", written).translate(_DASHES).strip()
    if not _PLAIN.fullmatch(shown):
        from referral_core.fhir.written_numbers import without_words  # noqa: PLC0415 - few need it

        shown = without_words(shown)
    abroad = _FROM_NORTH_AMERICA if region in _NORTH_AMERICA else _ABROAD
    plain = abroad.sub("+", shown.strip())
    if not _WRITTEN.fullmatch(plain):
        return None
    if "+" in plain:
        plain = _MEXICAN_MOBILE.sub("+52", plain)
        plain = _TRUNK_ZERO.sub("(", plain)  # dialled at home only: +44 (0113), +44 (0)113
    digits = re.sub(r"[^0-9]", "", plain)
    is_far = not digits.startswith("1") if "+" in plain else region not in _NORTH_AMERICA
    if is_far:
        return _of_another_region(plain, region)
    national = digits if len(digits) > _NANP_LENGTH else f"1{digits}"
    return f"+{national}" if _NANP.fullmatch(national) else None


def _of_another_region(plain: str, region: str) -> str | None:
    import phonenumbers  # noqa: PLC0415 - most numbers need none of it

    try:
        number = phonenumbers.parse(plain, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    form = phonenumbers.PhoneNumberFormat.E164
    dialled = phonenumbers.format_number(number, form)
    if dialled.startswith("+1"):
        return dialled if _NANP.fullmatch(dialled[1:]) else None
    # A zero behind the country's code that reads as a trunk's: no number there begins so.
    read_again = phonenumbers.format_number(phonenumbers.parse(dialled), form)
    return dialled if read_again == dialled else None


def phone(points: Sequence[ContactPoint], at: datetime, region: str = _HOME) -> str | None:
    """Return the phone number to use first: in force, by rank, a mobile before others."""
    usable = [p for p in points if p.system in {"phone", "sms"} and _is_in_force(p, at)]
    ranked = sorted(usable, key=_preference)
    numbers = (e164(point.value, region) for point in ranked if point.value)
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
