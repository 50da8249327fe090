"""Words that say how soon a service is wanted, where they speak of this order.

"Return immediately if worse" is said to the patient, "s/p emergent appendectomy" of the past, and
"urgent care" of a place. What may be meant either way hurries: who looks too soon harms nobody.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from referral_core.domain.terminology.text import normalised
from referral_core.domain.terminology.urgency import Nearness, Priority, level_within

_SENTENCE: Final = re.compile(r"[.!?;:](?=\s|$)|[\n\r]+")
_CLAUSE: Final = re.compile(r"[,()\[\]\u2013\u2014]+|\s-+\s|\bbut\b|\bpero\b", re.IGNORECASE)
_LABELLED: Final = re.compile(
    r"\b(priority|urgency|prioridad)\s?(?::|=|-+)(?=\s|\w)", re.IGNORECASE
)
"""The name of a field before what stands in it, which is no sentence of its own."""
_IN_BRACKETS: Final = re.compile(r"\(([0-9]{1,3})\)")
"""A number that repeats the word before it: two (2) days."""
_LINE_ENDS: Final = re.compile(r"[\n\r]+")
_NUMBER: Final = re.compile(r"[0-9]{1,3}")
_UNIT_BEGINS: Final = re.compile(r"(?<=[0-9])(?=[a-z])")
_MOST_FILLERS: Final = 8
"""How many words may stand between a denial and what it denies: no text is read twice."""

Words = Sequence[str]


class UrgentWord(NamedTuple):
    """What an order's text says of how soon, in its own words."""

    level: Priority
    word: str


class UrgentPhrases(NamedTuple):
    """Words of an order's text that say how urgent it is.

    Attributes:
        not_before: what stands behind them where they mean something else: urgent care is a place.
        not_after: what stands before them there: treatment-emergent apnea is no emergency.
    """

    level: Priority
    words: Words
    not_before: Words = ()
    not_after: Words = ()


class UrgentSpan(NamedTuple):
    """How people write within what time a service is wanted: "within 48 hrs", "en menos de 2 días".

    Attributes:
        openers: what it begins with.
        counts: numbers in words; digits are read as they are.
        units: of how many hours each is.
        ranges: what stands between the two numbers of a range: 24 to 48.
        not_before, not_after: as of `UrgentPhrases`.
    """

    openers: Words
    counts: Mapping[str, int]
    units: Mapping[str, int]
    ranges: Words = ()
    not_before: Words = ()
    not_after: Words = ()


class SaidOtherwise(NamedTuple):
    """Words by which a text speaks of urgency and not of this order's.

    Attributes:
        denials: say that it is not so, right before the word or before `fillers` that lead to it.
        fillers: what may stand between.
        past: say that it was so once, right before the word.
        conditions: say that it is so only if something happens.
        wishes: what a condition is followed by where it only asks: if possible.
        to_patient: tell the patient what to do when it gets worse.
        worse: what makes the rest of a sentence with a condition an instruction to the patient.
    """

    denials: Words = ()
    fillers: Words = ()
    past: Words = ()
    conditions: Words = ()
    wishes: Words = ()
    to_patient: Words = ()
    worse: Words = ()


class _Phrases:
    """Phrases of whole words, found by where they begin or end."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._by_first: dict[str, list[tuple[str, ...]]] = {}
        self._by_last: dict[str, list[tuple[str, ...]]] = {}
        for phrase in (tuple(text.split()) for text in phrases):
            self._by_first.setdefault(phrase[0], []).append(phrase)
            self._by_last.setdefault(phrase[-1], []).append(phrase)

    @property
    def firsts(self) -> Iterable[str]:
        """The words that one begins with."""
        return self._by_first

    def at(self, words: Words, start: int) -> int | None:
        """Return where the longest phrase ends that begins at a place; None: none does."""
        known = self._by_first.get(words[start], ()) if start < len(words) else ()
        ends = (start + len(one) for one in known if tuple(words[start : start + len(one)]) == one)
        return max(ends, default=None)

    def before(self, words: Words, end: int) -> bool:
        """Whether a phrase ends right before a place."""
        known = self._by_last.get(words[end - 1], ()) if end > 0 else ()
        return any(len(one) <= end and tuple(words[end - len(one) : end]) == one for one in known)

    def within(self, words: Words) -> bool:
        """Whether a phrase stands anywhere."""
        return any(self.at(words, start) is not None for start in range(len(words)))


class _Sign(ABC):
    """Where words of urgency may stand, and where they mean something else."""

    def __init__(self, begins: Iterable[str], row: UrgentPhrases | UrgentSpan) -> None:
        self.begins = _Phrases(begins)
        self._not_before = _Phrases(row.not_before)
        self._not_after = _Phrases(row.not_after)

    def at(self, words: Words, start: int) -> UrgentWord | None:
        """Return what is said at a place of a clause; None: nothing, or something else."""
        if self._not_after.before(words, start):
            return None
        end, level = self._read(words, start)
        if level is None or self._not_before.at(words, end) is not None:
            return None
        return UrgentWord(level, " ".join(words[start:end]))

    @abstractmethod
    def _read(self, words: Words, start: int) -> tuple[int, Priority | None]:
        """Return where the words end that begin at a place, and how urgent they are."""


class _PhraseSign(_Sign):
    def __init__(self, row: UrgentPhrases) -> None:
        super().__init__(row.words, row)
        self._level = row.level

    def _read(self, words: Words, start: int) -> tuple[int, Priority | None]:
        end = self.begins.at(words, start)
        return (start, None) if end is None else (end, self._level)


class _SpanSign(_Sign):
    def __init__(self, row: UrgentSpan, nearness: Sequence[Nearness]) -> None:
        super().__init__(row.openers, row)
        self._counts = _Phrases(row.counts)
        self._units = _Phrases(row.units)
        self._row, self._nearness = row, nearness

    def _read(self, words: Words, start: int) -> tuple[int, Priority | None]:
        at = self.begins.at(words, start)
        counted = None if at is None else self._counted(words, at)
        ends = None if counted is None else self._units.at(words, counted[0])
        if counted is None or ends is None:
            return start, None
        hours = counted[1] * self._row.units[" ".join(words[counted[0] : ends])]
        return ends, level_within(timedelta(hours=hours), self._nearness)

    def _counted(self, words: Words, at: int) -> tuple[int, int] | None:
        """Return where a number ends that begins at a place, and the number; of two, the second.

        Two are a range, "24-48" or "one to two", or one in words and digits, "two (2)".
        """
        first = self._one_counted(words, at)
        if first is None:
            return None
        is_joined = first[0] < len(words) and words[first[0]] in self._row.ranges
        return self._one_counted(words, first[0] + is_joined) or first

    def _one_counted(self, words: Words, at: int) -> tuple[int, int] | None:
        if (end := self._counts.at(words, at)) is not None:
            return end, self._row.counts[" ".join(words[at:end])]
        digits = _NUMBER.fullmatch(words[at]) if at < len(words) else None
        return (at + 1, int(digits[0])) if digits else None


class UrgentWords:
    """The words of urgency of this release, found in what people write.

    Args:
        words: the words.
        span: how a time is written within which a service is wanted.
        nearness: how urgent such a time is.
        otherwise: by what a text speaks of something else.
    """

    def __init__(
        self,
        words: Iterable[UrgentPhrases] = (),
        span: UrgentSpan | None = None,
        nearness: Sequence[Nearness] = (),
        otherwise: SaidOtherwise | None = None,
    ) -> None:
        said = otherwise or SaidOtherwise()
        self._denied = _Phrases((*said.denials, *said.past))
        self._fillers = frozenset(said.fillers)
        self._conditions = _Phrases(said.conditions)
        self._wishes = _Phrases(said.wishes)
        self._to_patient = _Phrases(said.to_patient)
        self._of_worse = _Phrases((*said.to_patient, *said.worse))
        self._by_first: dict[str, list[_Sign]] = {}
        spans = () if span is None else (_SpanSign(span, nearness),)
        for sign in (*map(_PhraseSign, words), *spans):
            for first in sign.begins.firsts:
                self._by_first.setdefault(first, []).append(sign)

    def found_in(self, text: str) -> Iterator[UrgentWord]:
        """Iterate over the words of a text that say how soon this order's service is wanted."""
        plain = _IN_BRACKETS.sub(r" \1 ", _LABELLED.sub(r"\1 ", text))
        # A line may end within a sentence, or be one.
        forms = dict.fromkeys((plain, _LINE_ENDS.sub(" ", plain)))
        for sentence in (one for form in forms for one in _SENTENCE.split(form)):
            clauses = [_words(part) for part in _CLAUSE.split(sentence)]
            if any(word in self._by_first for clause in clauses for word in clause):
                yield from self._said(clauses)

    def _said(self, clauses: Sequence[Words]) -> Iterator[UrgentWord]:
        """Iterate over what the clauses of one sentence say."""
        of_worse = any(map(self._of_worse.within, clauses))
        is_instructed = False
        for clause in clauses:
            condition = self._condition(clause)
            # What follows "If worse, …" is for the patient, however many signs are listed.
            is_instructed = is_instructed or (condition in {0, 1} and of_worse)
            if is_instructed or self._to_patient.within(clause):
                continue
            if condition is None:
                yield from self._meant(clause)
            elif not self._of_worse.within(clause):
                yield from self._meant(clause[:condition])

    def _condition(self, clause: Words) -> int | None:
        """Return where the first condition of a clause begins; None: it has none."""
        ends = ((at, self._conditions.at(clause, at)) for at in range(len(clause)))
        found = (at for at, end in ends if end is not None and self._wishes.at(clause, end) is None)
        return next(found, None)

    def _meant(self, clause: Words) -> Iterator[UrgentWord]:
        for at, first in enumerate(clause):
            for sign in self._by_first.get(first, ()):
                word = sign.at(clause, at)
                if word is not None and not self._is_denied(clause, at):
                    yield word

    def _is_denied(self, clause: Words, at: int) -> bool:
        """Whether a clause says before a place that it is not so, or is no longer."""
        before = at
        while before > max(0, at - _MOST_FILLERS) and clause[before - 1] in self._fillers:
            before -= 1
        return self._denied.before(clause, before)


def _words(text: str) -> Words:
    """Return the words of a text, a unit apart from its number: 24h is 24 h."""
    return _UNIT_BEGINS.sub(" ", normalised(text)).split()
