"""What holds for every order: no order of codings matters, and nothing is understood by default."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from referral_core.domain.terminology import (
    Coding,
    Concept,
    NotUnderstood,
    OrderedService,
    Overrides,
    Understanding,
    terminology,
    understand,
)
from referral_core.domain.terminology.text import normalised
from tests.unit.domain.terminology.orders import UNKNOWN

TABLES = terminology()
KNOWN = [m for m in TABLES.meanings if m.last is None]
FIELDS = ("performer_type", "code", "order_detail", "location", "category", "performer", "reason")

known_codings = st.sampled_from(KNOWN).map(
    lambda m: Coding(system=m.system, code=m.code, display=m.display)
)
unknown_codings = st.builds(
    Coding,
    system=st.sampled_from([UNKNOWN, "http://snomed.info/sct", "http://loinc.org", None]),
    code=st.text(min_size=1, max_size=12).map(lambda code: f"~{code}"),
    display=st.none() | st.text(max_size=30) | st.sampled_from([m.display for m in KNOWN]),
)
codings = known_codings | unknown_codings


@st.composite
def orders(draw: st.DrawFn, of: st.SearchStrategy[Coding] = codings) -> OrderedService:
    fields = draw(st.lists(st.sampled_from(FIELDS), max_size=4, unique=True))
    return OrderedService.model_validate(
        {
            field: tuple(
                Concept(codings=tuple(draw(st.lists(of, max_size=3))))
                for _ in range(draw(st.integers(0, 2)))
            )
            for field in fields
        }
    )


def shuffled(order: OrderedService, seed: int) -> OrderedService:
    dice = random.Random(seed)  # noqa: S311 - a test's shuffle
    fields = {}
    for field in FIELDS:
        concepts = [
            concept.but(codings=tuple(dice.sample(concept.codings, len(concept.codings))))
            for concept in getattr(order, field)
        ]
        dice.shuffle(concepts)
        fields[field] = tuple(concepts)
    return order.but(**fields)


@given(orders(), st.integers())
def test_the_order_of_codings_and_concepts_does_not_matter(
    order: OrderedService, seed: int
) -> None:
    one, other = understand(order), understand(shuffled(order, seed))
    if isinstance(one, NotUnderstood) and isinstance(other, NotUnderstood):
        assert sorted(one.words) == sorted(other.words)
        one, other = one.but(words=()), other.but(words=())
    assert one == other


@given(orders(unknown_codings))
def test_unknown_codes_never_yield_a_specialty(order: OrderedService) -> None:
    assert isinstance(understand(order), NotUnderstood)


@given(orders())
def test_a_specialty_is_always_named_by_a_coding_of_the_order(order: OrderedService) -> None:
    reading = understand(order)
    if isinstance(reading, Understanding):
        field = reading.evidence.field.replace("-", "_")
        sent = [c for concept in getattr(order, field) for c in concept.codings]
        meanings = [m for c in sent if (m := TABLES.find(c.system, c.code))]
        assert reading.specialty in {m.specialty for m in meanings}


@given(orders())
def test_no_mappings_are_the_same_as_empty_ones(order: OrderedService) -> None:
    assert understand(order) == understand(order, Overrides())


@given(orders(), known_codings)
def test_naming_more_never_discloses_less(order: OrderedService, coding: Coding) -> None:
    more = order.but(reason=(*order.reason, Concept(codings=(coding,))))
    assert understand(more).consent.rank >= understand(order).consent.rank


@given(orders())
def test_choices_are_specialties_that_exist_and_few(order: OrderedService) -> None:
    reading = understand(order)
    if isinstance(reading, NotUnderstood):
        specialties = [choice.specialty for choice in reading.choices]
        assert len(specialties) == len(set(specialties)) <= 8
        assert all(TABLES.specialty(specialty) for specialty in specialties)


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


@given(st.text(max_size=60))
def test_a_text_is_understood_only_if_it_is_a_name(text: str) -> None:
    reading = understand(OrderedService(code=(Concept(text=text),)))
    assert isinstance(reading, NotUnderstood) or TABLES.named(text)
