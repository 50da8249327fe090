"""The National Provider Identifier and its check digit (Luhn over 80840 and the number)."""

from __future__ import annotations

from typing import Final

from referral_core.domain.codes import npi_in

_PREFIX: Final = "80840"
"""What ISO 7812 puts before an NPI."""
_BASE: Final = 10


def check_digit(nine_digits: str) -> int:
    """Return the tenth digit of an NPI."""
    total = 0
    for position, digit in enumerate(reversed(f"{_PREFIX}{nine_digits}")):
        doubled = int(digit) * (2 if position % 2 == 0 else 1)
        total += doubled - 9 if doubled >= _BASE else doubled
    return -total % _BASE


def is_npi(text: str | None) -> bool:
    """Whether a text is an NPI: ten digits, the last of which checks the others."""
    npi = npi_in(text)
    return npi is not None and check_digit(npi[:-1]) == int(npi[-1])
