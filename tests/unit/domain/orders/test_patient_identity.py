"""Is it the same patient? By identifier, or by name and birth date; never by guess."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from referral_core.domain.orders.patient_identity import Likeness, PatientIdentity, compare

MRN = "https://ehr.example.org/mrn"
BORN = date(1970, 10, 10)


def somebody(**fields: Any) -> PatientIdentity:
    return PatientIdentity.model_validate(fields)


ANN = somebody(identifiers=(f"{MRN}|H-18", "|M-1"), family="Testcase", given="Ann", birth_date=BORN)


@pytest.mark.parametrize(
    "named",
    [
        {"identifiers": (f"{MRN}|H-18",)},
        {"identifiers": (f"{MRN}|h-18 ",)},
        # A corrected birth date, a new name: the number is the same.
        {"identifiers": (f"{MRN}|H-18",), "family": "Testcase", "birth_date": date(1970, 1, 1)},
        {"identifiers": (f"{MRN}|H-18",), "family": "Married", "birth_date": BORN},
        {"family": "Testcase", "given": "Ann", "birth_date": BORN},
        {"family": "TESTCASE", "given": "Ann-Marie", "birth_date": BORN},
        {"family": "Testcase Smith", "given": "A.", "birth_date": BORN},
        {"identifiers": ("urn:another|7",), "family": "Testcase", "birth_date": BORN},
        {"words": "Ann Testcase", "birth_date": BORN},
    ],
)
def test_an_identifier_or_name_and_birth_date_make_the_same_patient(named: dict[str, Any]) -> None:
    assert compare(ANN, somebody(**named)) is Likeness.SAME


@pytest.mark.parametrize(
    "named",
    [
        # Two numbers of one system are two people, though name and birth date agree.
        {"identifiers": (f"{MRN}|H-19",), "family": "Testcase", "given": "Ann", "birth_date": BORN},
        {"identifiers": (f"{MRN}|H-19",)},
        {"family": "Testcase", "given": "Ann", "birth_date": date(1970, 10, 11)},
        {"family": "Testcase", "given": "Bob", "birth_date": BORN},
        {"family": "Other", "birth_date": BORN},
        {"birth_date": date(2001, 1, 1)},
        {"words": "Roe, Jane"},
        # A family's number: another name and another birth date.
        {"identifiers": ("|M-1",), "family": "Roe", "birth_date": date(2012, 5, 5)},
    ],
)
def test_what_contradicts_is_another_patient(named: dict[str, Any]) -> None:
    assert compare(ANN, somebody(**named)) is Likeness.ANOTHER


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"identifiers": ("urn:clinic|99",)},
        {"identifiers": ("|77",)},
        {"family": "Testcase", "given": "Ann"},
        {"birth_date": BORN},
    ],
)
def test_what_says_too_little_decides_nothing(named: dict[str, Any]) -> None:
    assert compare(ANN, somebody(**named)) is Likeness.UNKNOWN
