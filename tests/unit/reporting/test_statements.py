"""Every figure's SQL: both engines read it, its columns are those of its header."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from referral_core.reporting.columns import TABLE
from referral_core.reporting.request import CUTS
from referral_core.reports import definitions
from referral_core.reports.definition import BadHeader, ColumnKind, parsed
from tests.unit.reporting.lakes import a_request, statement

FIGURES = sorted(definitions())
_WORDS = ("EXTRACT", "DISTINCT FROM", "ELEMENT_AT", "->")


@pytest.mark.parametrize("name", FIGURES)
def test_athena_reads_it(name: str) -> None:
    (read,) = sqlglot.parse(statement(name, a_request(by=CUTS[:3])), dialect="athena")
    assert isinstance(read, exp.Select)


@pytest.mark.parametrize("name", FIGURES)
def test_it_reads_no_table_but_the_lakes_and_the_common_ones(name: str) -> None:
    read = sqlglot.parse_one(statement(name, a_request()), dialect="athena")
    common = {cte.alias for cte in read.find_all(exp.CTE)}
    assert {t.name for t in read.find_all(exp.Table)} - common == {"referral_events"}


@pytest.mark.parametrize("name", FIGURES)
def test_it_says_nothing_that_only_one_engine_understands(name: str) -> None:
    written = statement(name, a_request()).upper()
    assert [word for word in _WORDS if word in written] == []


@pytest.mark.parametrize("name", FIGURES)
def test_what_it_selects_is_named_as_its_header_says(name: str) -> None:
    read = sqlglot.parse_one(definitions()[name].sql, dialect="athena")
    assert isinstance(read, exp.Select)
    selected = [column.alias_or_name for column in read.selects]
    wanted = [c.name for c in definitions()[name].columns if c.of is None]
    assert selected == ["cut_1", "cut_2", "cut_3", *wanted]


def readings(name: str) -> int:
    """Count how often Athena reads the lake for a figure: a common table anew where it is named."""
    whole = sqlglot.parse_one(statement(name, a_request()), dialect="athena")
    common = {cte.alias: cte.this for cte in whole.find_all(exp.CTE)}

    def of(read: exp.Expression) -> int:
        within = (t for t in read.find_all(exp.Table) if t.find_ancestor(exp.CTE, exp.With) is None)
        return sum(1 if t.name == TABLE else of(common[t.name].copy()) for t in within)

    return of(whole)


def test_what_the_reports_cost_on_paper_is_of_as_many_readings_as_there_are() -> None:
    paper = (Path(__file__).parents[3] / "docs/figures.md").read_text(encoding="utf-8")
    assert f"needs it, {sum(map(readings, FIGURES))} times in all" in paper
    assert f"Athena: {len(FIGURES)} figures" in paper


def test_every_figure_says_what_it_is_of_what_and_without_what() -> None:
    for figure in definitions().values():
        assert figure.definition.endswith(".")
        assert figure.numerator
        assert figure.denominator
        assert figure.exclusions


GOOD = """-- title: A
-- definition: A figure.
-- numerator: none
-- denominator: none
-- exclusions: none
-- cell: a
-- column a count: how many
SELECT 1
"""


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("-- title: A\n", "", "title"),
        ("-- cell: a", "-- cell: b", "no column"),
        ("-- column a count: how many", "-- column a heap: how many", "heap"),
        ("-- column a count: how many", "-- column a ratio: how many", "computed of two"),
        ("-- column a count: how many", "-- Column a count", "neither a field nor a column"),
        ("-- numerator: none", "-- nominator: none", "nominator"),
    ],
)
def test_a_header_that_lacks_something_is_an_error(was: str, becomes: str, says: str) -> None:
    assert parsed("a", GOOD).columns[0].kind is ColumnKind.COUNT
    with pytest.raises(ValueError, match=says):
        parsed("a", GOOD.replace(was, becomes))
    assert issubclass(BadHeader, ValueError)
