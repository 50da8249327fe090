"""What people type to find a referral, and under which terms it lies."""

from __future__ import annotations

from datetime import date

import pytest

from referral_core.domain.orders.clinical_content import PatientContent
from referral_core.domain.orders.search_terms import (
    authorization_terms,
    born_term,
    name_term,
    name_words,
    number_term,
    patient_terms,
    terms_of,
)


def is_found(patient: PatientContent, text: str) -> bool:
    """Whether a patient is found by what was typed, as a search looks for it."""
    lies, known = set(patient_terms(patient)), name_words(patient)
    return any(
        set(terms) <= lies and besides <= known for terms, besides in terms_of(text).of_person
    )


@pytest.mark.parametrize(
    ("family", "typed"),
    [
        ("García-López", ["garcia", "LOPEZ", "García-López", "garcialopez", "garcia lopez"]),
        ("O'Brien", ["O'Brien", "obrien", "brien", "o brien", "O\u2019Brien"]),
        ("Łukaszewicz", ["lukaszewicz", "Łukaszewicz", "ŁUKASZEWICZ"]),
        ("Sørensen", ["sorensen", "Sørensen"]),
        ("Großmann", ["grossmann", "GROSSMANN", "Großmann"]),
        ("Nguyễn", ["nguyen", "Nguyễn"]),
        ("van der Berg", ["van der berg", "Berg"]),
    ],
)
def test_a_name_is_found_however_it_is_typed(family: str, typed: list[str]) -> None:
    patient = PatientContent(family=family, given="Ana", middle="Luz")
    for text in typed:
        assert is_found(patient, text)
        for also in (f"{text}, ana", f"Ana {text}", f"ana luz {text}"):
            assert is_found(patient, also), also
        assert not is_found(patient, f"{text} eva")


@pytest.mark.parametrize("text", ["1965-03-05", "3/5/1965", "03/05/1965", "03-05-1965", "3.5.1965"])
def test_a_birth_date_is_read_as_people_write_it(text: str) -> None:
    asked = terms_of(f"Kowalczyk {text}")
    assert asked.born == date(1965, 3, 5)
    born = born_term(date(1965, 3, 5))
    assert asked.of_person == (((born, name_term("kowalczyk")), frozenset()),)
    assert terms_of(text).of_person == (((born,), frozenset()),)
    assert terms_of(text).number is None


@pytest.mark.parametrize("text", ["13/32/1965", "1965-02-30", "LS-2026-0360", "1-2-1965-7"])
def test_what_is_no_date_is_a_number(text: str) -> None:
    asked = terms_of(text)
    assert (asked.born, asked.of_person) == (None, ())
    assert asked.number == text.replace("-", "").replace("/", "").lower()


def test_numbers_lie_folded_under_the_same_term_as_they_are_sought() -> None:
    patient = PatientContent(mrn="LS-14220", birth_date=date(1965, 3, 5))
    assert set(patient_terms(patient)) == {number_term("ls14220"), born_term(date(1965, 3, 5))}
    assert terms_of(" ls 14220 ").number == "ls14220"
    assert authorization_terms("PA-47/11") == (number_term("pa4711"),)
    assert authorization_terms(None) == authorization_terms("--") == ()


def test_a_number_is_sought_without_the_terms_of_a_person() -> None:
    asked = terms_of("3/5/1965 LS-14220")
    assert (asked.number, asked.of_person) == ("ls14220", ())


def test_a_name_of_many_words_keeps_a_bounded_number_of_terms() -> None:
    many = " ".join(letter * 3 for letter in "abcdefghijklmnop")
    assert len(patient_terms(PatientContent(family=many))) == 8


def test_so_many_numbers_are_kept_that_they_fit_one_transaction() -> None:
    numbers = tuple(f"urn:mrn|{n:05}" for n in range(1_000))
    terms = patient_terms(PatientContent(family="Roe", identifiers=numbers))
    assert len(terms) == 41
    assert number_term("00039") in terms
