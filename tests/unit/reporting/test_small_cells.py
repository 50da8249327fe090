"""Cells of few patients: an attacker who subtracts what other reports show learns none of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from referral_core.reporting.small_cells import FEW, Cell, Cover, covered

Table = dict[tuple[str, ...], int]


def cells_of(table: Table) -> list[Cell]:
    return [Cell(values, size) for values, size in sorted(table.items())]


def cover_of(table: Table) -> Cover:
    return covered(cells_of(table), [0])


def named(table: Table, places: frozenset[int]) -> set[tuple[str, ...]]:
    return {cells_of(table)[n].values for n in places}


def hidden_in(table: Table) -> set[tuple[str, ...]]:
    return named(table, cover_of(table).hidden)


def by_fewer(table: Table, chosen: Sequence[int]) -> Table:
    found: Table = {}
    for values, size in table.items():
        key = tuple(values[n] for n in chosen)
        found[key] = found.get(key, 0) + size
    return found


Unknown = set[tuple[str, ...]]


def known_sums(table: Table) -> Iterator[tuple[Unknown, int]]:
    """Yield what an attacker sees: of which cells some shown number is the sum.

    In a pathway (and priority) whose languages are not named, each of them may be. Of nothing a
    report has no row.
    """
    blurred = {values[1:] for values in named(table, cover_of(table).nameless)}
    languages = {values[0] for values in table}
    possible = {v for v, size in table.items() if size and v[1:] not in blurred}
    possible |= {(language, *rest) for language in languages for rest in blurred}
    dimensions = len(next(iter(table)))
    for count in range(dimensions):
        for chosen in combinations(range(dimensions), count):
            report = by_fewer(table, chosen)
            not_shown = _not_shown(report) if 0 in chosen else set()
            for key in report.keys() - not_shown - {k for k, size in report.items() if not size}:
                yield {v for v in possible if tuple(v[n] for n in chosen) == key}, report[key]
    for values in possible - hidden_in(table):
        if values[1:] not in blurred:
            yield {values}, table[values]


def _not_shown(report: Table) -> Unknown:
    """Return of which totals their own report shows nothing."""
    nobody = {values[1:] for values in named(report, cover_of(report).nameless)}
    return hidden_in(report) | {values for values in report if values[1:] in nobody}


def worked_out(table: Table) -> Unknown:
    """Return the cells that follow from what is shown, by Gauss's elimination."""
    sums = list(known_sums(table))
    names = sorted({name for members, _ in sums for name in members})
    rows = [[Fraction(int(name in members)) for name in names] for members, _ in sums]
    rank = 0
    for column in range(len(names)):
        pivot = next((n for n in range(rank, len(rows)) if rows[n][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        first = rows[rank][column]
        rows[rank] = [x / first for x in rows[rank]]
        for n, row in enumerate(rows):
            if n != rank and row[column]:
                by = row[column]
                rows[n] = [x - by * y for x, y in zip(row, rows[rank], strict=True)]
        rank += 1
    alone = (row for row in rows if sum(map(bool, row)) == 1)
    return {names[next(n for n, x in enumerate(row) if x)] for row in alone}


LANGUAGES, PATHWAYS = ("en", "es", "fr", "sw"), ("cardiology", "imaging", "social")
SIZES = st.one_of(st.just(0), st.integers(1, 10), st.integers(11, 60))


@st.composite
def tables(draw: st.DrawFn) -> Table:
    wide = draw(st.integers(1, 3))
    kinds = (LANGUAGES, PATHWAYS, ("routine", "urgent"))[:wide]
    places: list[tuple[str, ...]] = [()]
    for kind in kinds:
        places = [(*place, value) for place in places for value in kind]
    return {place: draw(SIZES) for place in places}


@given(tables())
@example({("en",): 40, ("es",): 1, ("fr",): 1})
@example({("en", "a"): 40, ("es", "a"): 3, ("en", "b"): 30, ("es", "b"): 17})
def test_no_cell_of_few_follows_from_what_is_shown(table: Table) -> None:
    few = {values for values, size in table.items() if 0 < size < FEW}
    assert not few & worked_out(table)


@pytest.mark.parametrize(
    ("table", "not_shown"),
    [
        ({("en",): 40, ("es",): 30}, set()),
        ({("en",): 40, ("es",): 11}, set()),
        ({("en",): 40, ("es",): 0}, set()),
        # A single one would be the total less the others.
        ({("en",): 40, ("es",): 30, ("fr",): 10}, {"es", "fr"}),
        ({("en",): 40, ("es",): 10, ("fr",): 9}, {"es", "fr"}),
        # Two of which the total says that each is one.
        ({("en",): 40, ("es",): 1, ("fr",): 1}, {"en", "es", "fr"}),
    ],
)
def test_what_is_hidden_is_two_cells_at_least_and_not_few(
    table: Table, not_shown: set[str]
) -> None:
    assert {values[0] for values in hidden_in(table)} == not_shown


def test_a_cell_is_not_left_of_what_the_report_by_pathway_says() -> None:
    table = {("en", "a"): 40, ("es", "a"): 3, ("en", "b"): 30, ("es", "b"): 40, ("fr", "b"): 4}
    assert {("en", "a"), ("es", "a")} <= hidden_in(table)


def test_nor_of_what_the_report_by_language_says() -> None:
    table = {("en", "a"): 40, ("es", "a"): 3, ("en", "b"): 30, ("es", "b"): 17}
    assert hidden_in(table) == set(table)


@pytest.mark.parametrize(
    ("table", "nameless"),
    [
        ({("en",): 3}, {("en",)}),
        ({("en",): 1, ("es",): 1}, {("en",), ("es",)}),
        ({("en",): 2, ("es",): 3}, set()),
        ({("en", "a"): 3, ("en", "b"): 40, ("es", "b"): 40}, {("en", "a")}),
        ({("en", "a"): 7, ("es", "a"): 8}, set()),
    ],
)
def test_where_the_total_says_what_the_cell_does_nobody_says_of_whom_it_is(
    table: Table, nameless: Unknown
) -> None:
    assert named(table, cover_of(table).nameless) == nameless


def test_the_parts_of_a_cell_that_fewer_cuts_hide_are_not_all_shown() -> None:
    table = {
        ("en", "a"): 20,
        ("en", "b"): 15,
        ("en", "c"): 13,
        ("es", "a"): 3,
        ("es", "b"): 4,
        ("es", "c"): 3,
        ("pt", "a"): 20,
        ("pt", "b"): 13,
    }
    assert hidden_in(by_fewer(table, [0])) == {("es",), ("pt",)}
    assert any(values in hidden_in(table) for values in table if values[0] == "pt")


def test_many_cells_of_nobody_named_are_hidden_at_once() -> None:
    cells = [Cell((str(n % 300), str(n)), 1) for n in range(3_000)]
    assert covered(cells, [0]).nameless == frozenset(range(len(cells)))
