"""Is it the same patient? The one comparison for whatever comes in about a referral.

A referral is about one patient for as long as it lives. What names a patient is compared with the
referral's: an identifier in common, or name and birth date. All of it is PHI.
"""

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Final
from unicodedata import category

from referral_core.domain.letters import plain
from referral_core.domain.model import Model
from referral_core.domain.orders.clinical_content import ClinicalContent, PatientContent

_LETTERS: Final = re.compile(r"[^\W\d_]+")
_APOSTROPHES: Final = dict.fromkeys(map(ord, "'\u2019\u02bc\u2018`\u00b4\u02bb"))
_PARTICLES: Final = frozenset(
    {
        *("abu", "al", "bin", "bint", "da", "das", "de", "del", "den", "der", "di", "do", "dos"),
        *("du", "e", "el", "ibn", "jr", "la", "las", "le", "los", "o", "san", "sr", "st", "ten"),
        *("ter", "van", "von", "y"),
    }
)
"""What stands before many names, or behind them: in common it makes no two names one."""
_SOCIAL_SECURITY: Final = "//hl7.org/fhir/sid/us-ssn"
_NO_DIGIT: Final = re.compile(r"\D+")
_UMLAUTS: Final = (("ae", "a"), ("oe", "o"), ("ue", "u"))
"""Müller is written Mueller where there is no such letter, and Muller where nobody knows."""
_NAME_LENGTHS: Final = range(2, 5)
"""How many words a name has, where nobody says that it is one."""


class Likeness(StrEnum):
    """What a comparison of two identities says."""

    SAME = "same"
    ANOTHER = "another"
    UNKNOWN = "unknown"


class PatientIdentity(Model):
    """Whom a resource names.

    Attributes:
        identifiers: `system|value`; one without a system says nothing across senders.
        former: other family names of the person: before a marriage, as they are called.
        words: a name of which nobody says what is family and what is given.
    """

    identifiers: tuple[str, ...] = ()
    family: str | None = None
    former: tuple[str, ...] = ()
    given: str | None = None
    birth_date: date | None = None
    words: str | None = None

    @property
    def is_stated(self) -> bool:
        """Whether it says anything of a person."""
        return bool(self.identifiers or self.family or self.given or self.birth_date or self.words)


def identity_of(patient: PatientContent) -> PatientIdentity:
    """Return who the patient of an order is."""
    return PatientIdentity(
        identifiers=patient.identifiers,
        family=patient.family,
        former=patient.former_families,
        given=patient.given,
        birth_date=patient.birth_date,
    )


def told_apart_by(patient: PatientContent) -> str | None:
    """Return what is the same on every order of a patient: the first number, else name and birth.

    None where an order says too little: it is nobody else's.
    """
    numbers = (t.casefold() for t in patient.identifiers if not t.startswith("|"))
    born, words = patient.birth_date, words_of(f"{patient.family or ''} {patient.given or ''}")
    named = f"{' '.join(sorted(words))} {born}" if born and patient.family else None
    return next(numbers, named)


def insured_identity_of(content: ClinicalContent) -> PatientIdentity:
    """Return who the patient of an order is to a payer, which knows the member number too."""
    known = identity_of(content.patient)
    member = content.coverage.member_id
    return known.but(identifiers=(*known.identifiers, f"|{member}")) if member else known


def compare(known: PatientIdentity, named: PatientIdentity) -> Likeness:
    """Compare whom a resource names with the referral's patient.

    Two numbers of one system that differ are two people, whatever their names; a number in common
    is one person, unless both name and birth date differ (a number of the family), or no name
    agrees and the number has no system (a first number of its kind). Without numbers
    to compare, name and birth date must both agree.
    """
    name = _name_agrees(known, named)
    born = _agrees(known.birth_date, named.birth_date)
    ours, theirs = _by_system(known), _by_system(named)
    comparable = ours.keys() & theirs.keys()
    common = {system for system in comparable if ours[system] & theirs[system]}
    if common:
        is_weak = common == {""} and name is False and not given_agrees(known, named)
        is_another = (name, born) == (False, False) or is_weak
        return Likeness.ANOTHER if is_another else Likeness.SAME
    if any(comparable - {""}):
        return Likeness.ANOTHER
    if False in {name, born}:
        return Likeness.ANOTHER
    return Likeness.SAME if name and born else Likeness.UNKNOWN


def _by_system(identity: PatientIdentity) -> Mapping[str, frozenset[str]]:
    """Return the values by system; those without one by the empty text."""
    found: dict[str, frozenset[str]] = {}
    for token in identity.identifiers:
        written, _, value = token.rpartition("|")
        system = plain_system(written)
        number = value.strip().casefold()
        number = _NO_DIGIT.sub("", number) if system == _SOCIAL_SECURITY else number
        found[system] = found.get(system, frozenset()) | {number}
    return found


def plain_system(system: str) -> str:
    """Return what is the same of every spelling of a system: no scheme, case or last slash."""
    bare = system.strip().casefold().rstrip("/").removeprefix("urn:oid:")
    return bare.removeprefix("https:").removeprefix("http:")


def _agrees(known: date | None, named: date | None) -> bool | None:
    return None if known is None or named is None else known == named


def _name_agrees(known: PatientIdentity, named: PatientIdentity) -> bool | None:
    """Whether two names may be one person's; None where one of them says none.

    One of two family names, a short form and an initial of a given name agree.
    """
    if named.words and not named.family:
        return _words_agree(known, named.words)
    if not (words_of(known.family or "") and words_of(named.family or "")):
        return None
    if not _any_family_agrees(known, named):
        return False
    return given_agrees(known, named)


def _any_family_agrees(known: PatientIdentity, named: PatientIdentity) -> bool:
    """Whether a name that one person has or had may be one that the other has or had."""
    ours, theirs = ((one.family or "", *one.former) for one in (known, named))
    return any(families_agree(first, second) for first in ours for second in theirs)


def given_agrees(known: PatientIdentity, named: PatientIdentity) -> bool:
    """Whether given names may be one person's: a short form and an initial agree with the whole."""
    ours_given, theirs_given = known.given, named.given
    if not ours_given or not theirs_given:
        return True
    pair = sorted((_joined(ours_given), _joined(theirs_given)), key=len)
    return pair[1].startswith(pair[0])


def families_agree(first: str, second: str) -> bool:
    """Whether two family names may be one: a word in common, or the same letters otherwise parted.

    O'Brien is OBrien, McDonald is Mc Donald, Müller is Mueller; de la Cruz is not de la Rosa.
    """
    ours, theirs = words_of(first), words_of(second)
    counted = (ours - _PARTICLES or ours), (theirs - _PARTICLES or theirs)
    return bool(counted[0] & counted[1]) or _joined(first) == _joined(second)


def _words_agree(known: PatientIdentity, words: str) -> bool | None:
    """Whether words name a person; None where they need not be a name at all."""
    if not known.family:
        return None
    own = words_of(known.family)
    if (own - _PARTICLES or own) & words_of(words):
        return True
    parts = [part for part in _LETTERS.findall(words) if part.casefold() not in _PARTICLES]
    is_name = len(parts) in _NAME_LENGTHS and all(part[0].isupper() for part in parts)
    return False if is_name else None


def words_of(name: str) -> frozenset[str]:
    """Return the words of a name as names are compared: lower case, without accents."""
    found = "".join(c if category(c)[0] in "LM" else " " for c in _plain(name)).split()
    return frozenset(found)


def _joined(name: str) -> str:
    return "".join(c for c in _plain(name) if category(c)[0] in "LM")


def _plain(text: str) -> str:
    found = plain(text.translate(_APOSTROPHES).casefold()).casefold()
    for written, letter in _UMLAUTS:
        found = found.replace(written, letter)
    return found.strip()
