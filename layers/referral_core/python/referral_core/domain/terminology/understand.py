"""Read which service an order wants, whether a person must say it, or that it is no referral."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from referral_core.domain.lifecycle import ReferralKind
from referral_core.domain.terminology.choices import choices, is_called_off, words_name
from referral_core.domain.terminology.disclosure import consent_of, urgency_of
from referral_core.domain.terminology.order import Coding, Concept, Field, OrderedService
from referral_core.domain.terminology.overrides import Override, Overrides
from referral_core.domain.terminology.result import (
    Evidence,
    Facts,
    NamedService,
    NotAReferral,
    NotUnderstood,
    Reading,
    Unclear,
    Understanding,
)
from referral_core.domain.terminology.systems import canonical_system
from referral_core.domain.terminology.tables import Meaning, Step, Terminology, terminology
from referral_core.domain.terminology.vocabulary import Refusal

_REFUSALS: Final = {
    Refusal.LABORATORY: "A laboratory order is not a referral; send it to the laboratory.",
    Refusal.TRANSPORT: "A transport order is not a referral; send it to the transport service.",
    Refusal.DEVICE: "An order of equipment is not a referral; send it to its supplier.",
}
_QUESTIONS: Final = {
    Unclear.NOTHING_MATCHED: "Which service does the order want? None of its codes names one.",
    Unclear.CONTRADICTION: "Which service does the order want? It names more than one.",
    Unclear.CALLED_OFF: "Is a service wanted at all? The words of the order call it off.",
}
_STATING: Final = (Field.PERFORMER_TYPE, Field.CODE, Field.ORDER_DETAIL, Field.CATEGORY)
"""Fields that say which service is wanted; where it is given, or why, may be another matter."""
_UNDIVIDED: Final = "00000X"
"""How NUCC's code of a whole specialty ends."""


class _Answer:
    """What one coding or text of a step leads to: a specialty, or that it is no referral."""

    def __init__(self, meaning: Meaning | Override, evidence: Evidence) -> None:
        self.meaning = meaning
        self.evidence = evidence
        self.refused = meaning.refused if isinstance(meaning, Meaning) else None
        self.specialty = meaning.specialty

    @property
    def key(self) -> str:
        """What must be the same for two answers to agree."""
        return self.refused or self.specialty or ""

    @property
    def order(self) -> tuple[str, ...]:
        """By what answers that agree are ordered, whatever order they came in."""
        by, source = self.evidence.by, self.evidence.source
        return (by, self.evidence.system or "", self.evidence.code or "", self.key, source)


def understand(
    order: OrderedService,
    overrides: Overrides | None = None,
    tables: Terminology | None = None,
) -> Reading:
    """Read the service of an order.

    Args:
        order: what says it.
        overrides: the tenant's own mappings; they win over the tables.
        tables: those of this release when None.
    """
    known, own = tables or terminology(), overrides or Overrides()
    consent, disclosed_by = consent_of(order, known)
    facts = Facts(consent=consent, consent_evidence=disclosed_by, urgency=urgency_of(order, known))
    per_step = [_answers(order, step, known, own) for step in known.steps]
    decided = next((answers for answers in per_step if answers), None)
    if decided is None:
        return _asked(order, Unclear.NOTHING_MATCHED, (), known, facts)
    later = [a for answers in per_step[per_step.index(decided) + 1 :] for a in answers]
    answer = _agreed(decided, known)
    if answer is not None and answer.refused is None:
        answer = _most_specific(answer, later, known)
    if answer is None or _disputed(answer, later):
        return _asked(order, Unclear.CONTRADICTION, [*decided, *later], known, facts)
    if answer.refused is not None:
        told = {"refusal": answer.refused, "sentence": _REFUSALS[answer.refused]}
        return NotAReferral.model_validate({**dict(facts), **told, "evidence": answer.evidence})
    if is_called_off(order, known):
        return _asked(order, Unclear.CALLED_OFF, [*decided, *later], known, facts)
    return _understood(order, answer, later, known, facts)


def _answers(
    order: OrderedService, step: Step, known: Terminology, own: Overrides
) -> list[_Answer]:
    found: list[_Answer] = []
    for field in step.fields:
        for concept in order.concepts(field):
            if step.reads == "texts":
                for text in concept.spoken:
                    found += _by_text(field, text, known, own)
            else:
                for coding in concept.codings:
                    found += _by_code(field, coding, known, own)
    return [answer for answer in found if answer.key]


def _by_text(field: Field, text: str | None, known: Terminology, own: Overrides) -> list[_Answer]:
    if not text or not words_name(text):
        return []
    override = own.for_text(text)
    if override is not None:
        return [_Answer(override, _own(field, override))]
    found = known.named_or_near(text)
    return [_Answer(m, Evidence(field=field, by="text", source=m.source)) for m in found]


def _by_code(field: Field, coding: Coding, known: Terminology, own: Overrides) -> list[_Answer]:
    if not coding.code or not coding.code.strip():
        return []
    system = canonical_system(coding.system)
    override = own.for_code(coding.system, coding.code)
    if override is not None:
        return [_Answer(override, _own(field, override, coding))]
    meaning = known.find(coding.system, coding.code)
    if meaning is None:
        return []
    evidence = Evidence(
        field=field,
        by="range" if meaning.last else "code",
        system=system,
        code=coding.code.strip(),
        source=meaning.source,
    )
    return [_Answer(meaning, evidence), *_contradicted(field, coding, meaning, known)]


def _contradicted(
    field: Field, coding: Coding, meaning: Meaning, known: Terminology
) -> list[_Answer]:
    """Return what the words beside a code name, when the code means another service.

    A code that was picked wrongly is found by its words only.
    """
    if not coding.display or not (meaning.specialty or meaning.refused):
        return []
    named = [m for m in known.named(coding.display) if m.specialty]
    if any(_fits(meaning.specialty, m.specialty, known) for m in named):
        return []
    return [_Answer(m, Evidence(field=field, by="text", source=m.source)) for m in named]


def _fits(one: str | None, other: str | None, known: Terminology) -> bool:
    if one is None or other is None:
        return False
    return other in known.accepts(one) or one in known.accepts(other)


def _agreed(answers: Sequence[_Answer], known: Terminology) -> _Answer | None:
    """Return the answer that all others agree with; None when they contradict each other."""
    for answer in sorted(answers, key=lambda a: a.order):
        covers = known.accepts(answer.specialty) if answer.specialty else ()
        if all(a.key == answer.key or a.key in covers for a in answers):
            return answer
    return None


def _most_specific(answer: _Answer, later: Sequence[_Answer], known: Terminology) -> _Answer | None:
    """Return what decides among all fields that state the service; None: they contradict.

    What refines the first field's word decides: a cardiologist is an internist, and the order wants
    the cardiologist. A performer that is named with several specialties needs one that fits.
    """
    stated = [a for a in later if a.specialty and a.evidence.field in _STATING]
    for other in sorted(stated, key=lambda a: a.order):
        if not _related(answer, other, known):
            return None
        answer = other if _refines(other, answer) else answer
    own = [a for a in later if a.specialty and a.evidence.field is Field.PERFORMER]
    return answer if not own or any(_related(answer, a, known) for a in own) else None


def _related(one: _Answer, other: _Answer, known: Terminology) -> bool:
    is_same = _fits(one.specialty, other.specialty, known)
    return is_same or _refines(one, other) or _refines(other, one)


def _refines(one: _Answer, other: _Answer) -> bool:
    """Whether a specialty is a subdivision of another: NUCC's first four signs are the same."""
    general = other.specialty or ""
    return general.endswith(_UNDIVIDED) and (one.specialty or "")[:4] == general[:4]


def _disputed(answer: _Answer, later: Sequence[_Answer]) -> bool:
    """Whether fields of lower precedence dispute that the order is a referral at all.

    A laboratory's own specialty, or a diagnosis, does not make a laboratory order a referral.
    """
    if answer.refused is None:
        return any(a.refused for a in later)
    minor = (Field.PERFORMER, Field.REASON)
    return any(a.specialty and a.evidence.field not in minor for a in later)


def _understood(
    order: OrderedService,
    answer: _Answer,
    later: Sequence[_Answer],
    known: Terminology,
    facts: Facts,
) -> Understanding:
    specialty = answer.specialty or ""
    row = known.specialty(specialty)
    kind, pathway = _route(order, answer, known)
    also = {
        a.specialty: a
        for a in sorted(later, key=lambda a: a.order, reverse=True)
        if a.specialty and a.specialty not in known.accepts(specialty)
    }
    if row is not None and row.consent.rank > facts.consent.rank:
        facts = facts.but(consent=row.consent, consent_evidence=answer.evidence)
    return Understanding.model_validate(
        {
            **dict(facts),
            "specialty": specialty,
            "name": _name(answer, known),
            "accepts": known.accepts(specialty),
            "kind": kind or (row.kind if row else None) or ReferralKind.INTERNAL_SPECIALIST,
            "pathway": pathway,
            "evidence": answer.evidence,
            "also_named": tuple(
                NamedService(specialty=s, name=_name(a, known), evidence=a.evidence)
                for s, a in sorted(also.items())
            ),
        }
    )


def _route(
    order: OrderedService, answer: _Answer, known: Terminology
) -> tuple[ReferralKind | None, str | None]:
    """Return kind and pathway: of a code that names only these, of the answer, of its specialty."""
    for field in (Field.CATEGORY, Field.CODE):
        for coding in _sorted_codings(order.concepts(field)):
            meaning = known.find(coding.system, coding.code)
            if meaning and meaning.pathway and not meaning.specialty:
                return meaning.kind, meaning.pathway
    row = known.specialty(answer.specialty or "")
    kind = answer.meaning.kind or (row.kind if row else None)
    return kind, answer.meaning.pathway or (row.pathway if row else None)


def _sorted_codings(concepts: Sequence[Concept]) -> list[Coding]:
    codings = [coding for concept in concepts for coding in concept.codings]
    return sorted(codings, key=lambda c: (c.system or "", c.code or ""))


def _name(answer: _Answer, known: Terminology) -> str:
    if isinstance(answer.meaning, Override):
        return answer.meaning.name
    row = known.specialty(answer.specialty or "")
    return (row.display if row else None) or answer.meaning.display or answer.key


def _own(field: Field, kept: Override, coding: Coding | None = None) -> Evidence:
    return Evidence(
        field=field,
        by="override",
        system=canonical_system(coding.system) if coding else None,
        code=(coding.code or "").strip() if coding else None,
        source=f"mapping kept by {kept.decided_by}",
    )


def _asked(
    order: OrderedService,
    reason: Unclear,
    answers: Sequence[_Answer],
    known: Terminology,
    facts: Facts,
) -> NotUnderstood:
    ordered = sorted(answers, key=lambda a: a.order)
    named = [(a.specialty, _name(a, known)) for a in ordered if a.specialty]
    return NotUnderstood.model_validate(
        {
            **dict(facts),
            "reason": reason,
            "question": _QUESTIONS[reason],
            "words": order.words(),
            "choices": choices(order, named, known),
        }
    )
