"""Is it the same patient? By identifier, or by name and birth date; never by guess."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.domain.orders.patient_identity import (
    Likeness,
    PatientIdentity,
    compare,
    families_agree,
)

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


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("\u0141ukaszewicz", "LUKASZEWICZ"),  # as a payer writes it back, in the letters of X12
        ("S\u00f8rensen", "Sorensen"),
        ("M\u00fcller", "Mueller"),
        ("M\u00fcller", "MULLER"),
        ("O\u2019Brien", "OBRIEN"),
        ("O'Brien", "O Brien"),
        ("McDonald", "Mc Donald"),
        ("Van der Berg", "Vanderberg"),
        ("Garc\u00eda-L\u00f3pez", "Garcia"),
        ("de la Cruz", "Cruz"),
        ("\u0634\u0631\u064a\u0641", "\u0634\u0631\u064a\u0641"),
    ],
)
def test_a_name_is_one_however_it_is_written(ours: str, theirs: str) -> None:
    known = somebody(family=ours, given="Jo", birth_date=BORN)
    assert compare(known, somebody(family=theirs, given="JO", birth_date=BORN)) is Likeness.SAME


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("de la Cruz", "de la Rosa"),
        ("van den Berg", "van den Broek"),
        ("al-Masri", "al-Hariri"),
        ("\u0936\u0930\u094d\u092e\u093e", "\u0935\u0930\u094d\u092e\u093e"),  # Sharma, Varma
        ("\u738b", "\u674e"),
    ],
)
def test_what_stands_in_many_names_makes_no_two_of_them_one(ours: str, theirs: str) -> None:
    known = somebody(family=ours, given="Maria", birth_date=BORN)
    named = somebody(family=theirs, given="Maria", birth_date=BORN)
    assert compare(known, named) is Likeness.ANOTHER


@pytest.mark.parametrize("words", ["Maria de la Rosa", "de la Rosa, Maria"])
def test_particles_make_no_words_a_name_of_ours(words: str) -> None:
    known = somebody(family="de la Cruz", given="Ana", birth_date=BORN)
    assert compare(known, somebody(words=words)) is Likeness.ANOTHER
    assert compare(known, somebody(words="Ana de la Cruz", birth_date=BORN)) is Likeness.SAME


@given(st.text(st.characters(categories=["L", "M"]), min_size=1, max_size=12))
def test_a_name_is_its_own_in_any_case_and_script(name: str) -> None:
    assert families_agree(name, name)
    assert families_agree(f"{name} ", name.casefold())
