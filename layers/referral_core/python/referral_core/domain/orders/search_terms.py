"""Under which terms a referral is found: words of the name, birth date, telephone and numbers.

Letter case, accents, hyphens and apostrophes say nothing. A term is PHI: the table keeps hashes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from referral_core.domain.letters import plain
from referral_core.domain.numbers import folded_number
from referral_core.domain.orders.clinical_content import PatientContent

_MOST_WORDS: Final = 8
"""Words of a name that are kept: more than nearly every name has."""
_MOST_NUMBERS: Final = 40
"""Numbers of a patient that are kept: they are written in one transaction with much else."""
_PUNCTUATION: Final = re.compile(r"[^\w]+|_+")
_DATES: Final = re.compile(
    r"(?<![\w-])(?:(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"
    r"|(?P<um>\d{1,2})[/.-](?P<ud>\d{1,2})[/.-](?P<uy>\d{4}))(?![\w-])"
)


class SearchTerms(NamedTuple):
    """What somebody looks for.

    Attributes:
        born: a birth date.
        words: of a name; all of them must be the patient's.
        number: the rest, folded: a record, order, authorization or telephone number.
        written: the same, as it was typed.
    """

    born: date | None
    words: tuple[str, ...]
    number: str | None
    written: str

    @property
    def of_person(self) -> tuple[tuple[tuple[str, ...], frozenset[str]], ...]:
        """Terms to look for, and the words that the patient's name must have besides: any of these.

        Only words of the family name are terms, and nobody says which word that is.
        """
        if self.number and not self.words:
            return ()
        born = (born_term(self.born),) if self.born else ()
        if not self.words:
            return ((born, frozenset()),) if born else ()
        words = frozenset(self.words)
        return tuple(((*born, name_term(word)), words - {word}) for word in self.words)


def patient_terms(patient: PatientContent) -> tuple[str, ...]:
    """Return the terms under which a patient's referrals lie."""
    words = list(dict.fromkeys(_spellings(patient.family or "")))[:_MOST_WORDS]
    born = (born_term(patient.birth_date),) if patient.birth_date else ()
    numbers = (folded_number(each) for each in (patient.mrn, *patient.identifiers))
    known = list(dict.fromkeys(number_term(each) for each in numbers if each))[:_MOST_NUMBERS]
    return tuple(dict.fromkeys((*map(name_term, words), *born, *known)))


def name_words(patient: PatientContent) -> frozenset[str]:
    """Return the words of a patient's whole name, as they may be typed."""
    names = (patient.family, patient.given, patient.middle)
    return frozenset(_spellings(" ".join(name for name in names if name)))


def authorization_terms(number: str | None) -> tuple[str, ...]:
    """Return the terms of an authorization's number."""
    folded = folded_number(number)
    return (number_term(folded),) if folded else ()


def terms_of(text: str) -> SearchTerms:
    """Read what somebody typed: a birth date, and what is a number or the words of a name."""
    born = next(filter(None, map(_date_of, _DATES.finditer(text))), None)
    rest = (_DATES.sub(" ", text) if born else text).strip()
    has_digits = any(character.isdigit() for character in rest)
    words = () if has_digits else tuple(dict.fromkeys(_words(rest)))
    return SearchTerms(born, words, folded_number(rest), rest)


def name_term(word: str) -> str:
    """Return the term of one folded word of a name."""
    return f"find:name:{word}"


def born_term(day: date) -> str:
    """Return the term of a birth date."""
    return f"find:born:{day.isoformat()}"


def number_term(folded: str) -> str:
    """Return the term of a folded number."""
    return f"find:number:{folded}"


def _words(text: str) -> Iterator[str]:
    """Iterate over the words as they are typed: one written with a hyphen or apostrophe is one."""
    for part in _folded(text).split():
        if word := _PUNCTUATION.sub("", part):
            yield word


def _spellings(text: str) -> Iterator[str]:
    """Iterate over the words of a name: those with hyphen or apostrophe both ways, O'Brien too."""
    for part in _folded(text).split():
        pieces = [piece for piece in _PUNCTUATION.split(part) if piece]
        if pieces:
            yield "".join(pieces)
        if len(pieces) > 1:
            yield from pieces


def _folded(text: str) -> str:
    return plain(text.casefold())


def _date_of(found: re.Match[str]) -> date | None:
    """Return a date as people of the tenant write it: year first, or month, day, year."""
    parts = found.groupdict()
    year, month, day = (parts[a] or parts[b] for a, b in (("y", "uy"), ("m", "um"), ("d", "ud")))
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
