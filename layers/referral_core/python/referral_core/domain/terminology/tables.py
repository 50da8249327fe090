"""The tables: what each code means, who says so, and how they are found."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

from referral_core.domain.lifecycle import ReferralKind
from referral_core.domain.model import Model
from referral_core.domain.terminology.denials import SENTENCE, Denials
from referral_core.domain.terminology.order import Field
from referral_core.domain.terminology.systems import (
    CPT,
    HCPCS,
    ICD9CM,
    ICD10CM,
    NUCC,
    canonical_code,
    canonical_system,
)
from referral_core.domain.terminology.text import contains_phrase, normalised
from referral_core.domain.terminology.urgency import Nearness, Priority
from referral_core.domain.terminology.urgent_words import (
    SaidOtherwise,
    UrgentPhrases,
    UrgentSpan,
    UrgentWords,
)
from referral_core.domain.terminology.vocabulary import ConsentClass, Refusal

_CPT_LENGTH: Final = 5
DISCLOSING_WORDS: Final = "https://referral-router.org/fhir/CodeSystem/disclosing-words"
"""Words that disclose alone; of other names only those of several words do, inside a text."""
_ICD10: Final = re.compile(r"[A-Ta-tV-Zv-z]\d[0-9A-Ba-b](?:\.?[0-9A-Za-z]{1,4})?")
_ICD10_SAID: Final = re.compile(r"(?<![\w.])[A-TV-Z]\d[0-9AB]\.[0-9A-Z]{1,4}(?![\w.])")
"""A code of ICD-10 within a text: only one with its point is no word of another kind."""
_PATHOLOGY: Final = ("207Z", "246", "247", "291", "292")
"""How codes of NUCC begin whose bearers work in laboratories."""
_LONGEST_NAME: Final = 300


class Source(Model):
    """Who says that a code exists and what it is called.

    Attributes:
        table: the file that holds it, under a folder of reference data; None when it was read and
            cannot be checked by a program.
        list: the row's `list` in that file, where the file holds several lists.
    """

    id: str
    title: str
    publisher: str
    version: str
    licence: str
    table: str | None = None
    list: str | None = None


class Meaning(Model):
    """What a code says of an order. What it says nothing of is None.

    Attributes:
        display: as its source writes it; None where the licence keeps the words from us.
        synonyms: other displays of the same source.
        source: id of a source.
        last: of a range of codes, of which `code` is the first.
        besides: what the range leaves out, of the length of `code`.
        specialty: NUCC taxonomy code.
        equivalents: on NUCC rows, codes of the same specialty under other boards.
        consent: the class that naming the code discloses.
        note: why it is mapped like that, or why it is not.
    """

    system: str
    code: str
    source: str
    last: str | None = None
    besides: tuple[str, ...] = ()
    display: str | None = None
    synonyms: tuple[str, ...] = ()
    specialty: str | None = None
    equivalents: tuple[str, ...] = ()
    kind: ReferralKind | None = None
    pathway: str | None = None
    consent: ConsentClass = ConsentClass.NONE
    urgency: Priority | None = None
    refused: Refusal | None = None
    note: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Every display."""
        return (*((self.display,) if self.display else ()), *self.synonyms)

    def covers(self, code: str) -> bool:
        """Whether the range holds a code. ICD codes are compared by their first characters."""
        if self.last is None:
            return False
        start = code[: len(self.code)] if self.system in {ICD9CM, ICD10CM} else code
        if not self.code <= start <= self.last or start in self.besides:
            return False
        return [c.isdigit() for c in start] == [c.isdigit() for c in self.code]


class Step(Model):
    """One step of the precedence. Attributes: reads: codings, or texts, of all its fields."""

    fields: tuple[Field, ...]
    reads: Literal["codings", "texts"]


class Terminology:
    """All tables of this release, indexed."""

    def __init__(
        self,
        meanings: Sequence[Meaning],
        sources: Sequence[Source],
        steps: Sequence[Step],
        nearness: Sequence[Nearness] = (),
        urgent_words: UrgentWords | None = None,
        *,
        called_off: Sequence[str] = (),
    ) -> None:
        self.meanings = tuple(meanings)
        self.sources = {source.id: source for source in sources}
        self.steps = tuple(steps)
        self.nearness = tuple(nearness)
        self.urgent_words = urgent_words or UrgentWords()
        self._called_off = tuple(called_off)
        self._exact = {(m.system, m.code): m for m in meanings if m.last is None}
        self._ranges: dict[str, list[Meaning]] = {}
        for meaning in meanings:
            if meaning.last is not None:
                self._ranges.setdefault(meaning.system, []).append(meaning)
        self._protected: dict[str, list[tuple[tuple[str, ...], Meaning]]] = {}
        self._by_text: dict[str, list[Meaning]] = {}
        for meaning in meanings:
            for name in meaning.names:
                self._by_text.setdefault(normalised(name), []).append(meaning)
                self._protect(tuple(normalised(name).split()), meaning)

    def _protect(self, phrase: tuple[str, ...], meaning: Meaning) -> None:
        is_telling = len(phrase) > 1 or meaning.system == DISCLOSING_WORDS
        if phrase and is_telling and meaning.consent is not ConsentClass.NONE:
            self._protected.setdefault(phrase[0], []).append((phrase, meaning))

    def find(self, system: str | None, code: str | None) -> Meaning | None:
        """Return what a code means; None for one that no table holds.

        A number of five digits under HCPCS is a code of CPT: HCPCS level I is CPT.
        """
        known = canonical_system(system)
        if known is None or not code or not code.strip():
            return None
        plain = canonical_code(known, code)
        if known == HCPCS and plain.isdigit() and len(plain) == _CPT_LENGTH:
            known = CPT
        found = self._exact.get((known, plain))
        return found or next((m for m in self._ranges.get(known, ()) if m.covers(plain)), None)

    def find_disclosed(self, system: str | None, code: str | None) -> Meaning | None:
        """Return what a code may disclose: one without system may be what its form says, of ICD.

        It decides no service; where law protects more, a person is asked once too often.
        """
        found = self.find(system, code)
        if found is not None or (canonical_system(system) and "icd" not in str(system).casefold()):
            return found
        return self.find(ICD10CM, code) if _ICD10.fullmatch((code or "").strip()) else None

    def calls_off(self, text: str) -> bool:
        """Whether the words of what is asked for say that it is not wanted."""
        words = normalised(text)
        return any(contains_phrase(words, phrase) for phrase in self._called_off)

    def named_or_near(self, text: str) -> tuple[Meaning, ...]:
        """Return all meanings of a name; of one that is refused, specialties that it may mean too.

        "Genetics" is a section of a laboratory, and what a patient may be referred to.
        """
        found, words = self.named(text), normalised(text)
        refused = {meaning.refused for meaning in found} - {None}
        if not refused or words in refused:
            return found
        near = (
            meaning
            for name, meaning in self.names()
            if meaning.system == NUCC and contains_phrase(name, words)
        )
        sees_patients = (m for m in near if not (m.refused or m.code.startswith(_PATHOLOGY)))
        return (*found, *sees_patients)

    def named(self, text: str) -> tuple[Meaning, ...]:
        """Return all meanings that have exactly this name, by its words."""
        return tuple(self._by_text.get(normalised(text), ()))

    def said_in(self, text: str) -> Iterator[Meaning]:
        """Iterate over what a text names, and over the meanings whose words stand in it.

        The latter only of what law protects more, unless the text says that they do not: there a
        word too many asks a person, and one too few tells.
        """
        whole = normalised(text)
        yield from self._by_text.get(whole, ())
        yield from (meaning for _, meaning in self._within(text, whole.split()))
        yield from (meaning for _, meaning in self._icd_in(text))

    def disclosed_by(self, text: str) -> Iterator[str]:
        """Iterate over the words of a text that disclose what law protects more.

        A name of one word does where it is a sentence or a line, and phrases wherever they stand,
        on two lines too.
        """
        for part in dict.fromkeys((text, *SENTENCE.split(text))):
            name = normalised(part) if len(part) <= _LONGEST_NAME else ""
            if any(m.consent is not ConsentClass.NONE for m in self._by_text.get(name, ())):
                yield name
        said = self._within(text, normalised(text).split())
        yield from (" ".join(phrase) for phrase, _ in said)
        yield from (code for code, _ in self._icd_in(text))

    def _icd_in(self, text: str) -> Iterator[tuple[str, Meaning]]:
        """Iterate over the codes of ICD-10 in a text that law protects more."""
        for code in _ICD10_SAID.findall(text):
            meaning = self.find(ICD10CM, code)
            if meaning is not None and meaning.consent is not ConsentClass.NONE:
                yield code, meaning

    def _within(self, text: str, words: Sequence[str]) -> Iterator[tuple[tuple[str, ...], Meaning]]:
        denials = Denials(text, words)
        for at, word in enumerate(words):
            if word not in self._protected:
                continue
            if denials.denies(at):
                continue
            for phrase, meaning in self._protected[word]:
                if tuple(words[at : at + len(phrase)]) == phrase:
                    yield phrase, meaning

    def names(self) -> Iterator[tuple[str, Meaning]]:
        """Iterate over every normalised name of a specialty, with its meaning."""
        for name, meanings in self._by_text.items():
            for meaning in meanings:
                if meaning.specialty is not None:
                    yield name, meaning

    def specialty(self, code: str) -> Meaning | None:
        """Return the NUCC row of a specialty."""
        return self._exact.get((NUCC, code))

    def accepts(self, specialty: str) -> tuple[str, ...]:
        """Return the NUCC codes that may serve a specialty, itself first."""
        row = self.specialty(specialty)
        return (specialty, *(row.equivalents if row else ()))


def _rows(table: Mapping[str, Any]) -> Iterator[Meaning]:
    defaults = {k: table[k] for k in ("system", "source") if k in table}
    for row in table["codes"]:
        yield Meaning.model_validate({**defaults, **row})


@cache
def terminology() -> Terminology:
    """Return the tables of this release, read once."""
    tables = {
        entry.name: json.loads(entry.read_text(encoding="utf-8"))
        for entry in sorted(files(__package__).joinpath("data").iterdir(), key=lambda e: e.name)
        if entry.name.endswith(".json")
    }
    urgency = tables["urgency.json"]
    nearness = [Nearness.model_validate(row) for row in urgency["occurrence"]]
    return Terminology(
        [row for table in tables.values() if "codes" in table for row in _rows(table)],
        [Source.model_validate(row) for row in tables["sources.json"]["sources"]],
        [Step.model_validate(row) for row in tables["precedence.json"]["steps"]],
        nearness,
        UrgentWords(
            [UrgentPhrases(Priority(row.pop("level")), **row) for row in urgency["words"]],
            UrgentSpan(**urgency["span"]),
            nearness,
            SaidOtherwise(**urgency["otherwise"]),
        ),
        called_off=tables["called-off.json"]["phrases"],
    )
