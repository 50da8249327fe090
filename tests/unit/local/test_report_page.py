"""The page that is sent on needs nothing else, hides small cells, says what each figure is."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
from decimal import Decimal
from functools import cache

import pytest
from rich.console import Console

from local.lake.__main__ import asked
from local.lake.bars import NOTHING, bars, drawn, said, words
from local.lake.examples import EXAMPLES, example
from local.lake.page import page, plot
from local.lake.terminal import shown
from referral_core.reporting.result import Result
from referral_core.reports import definitions
from referral_core.reports.definition import ColumnKind
from tests.unit.reporting.lakes import CONTRACT
from tests.unit.reporting.test_results import a_conversion
from tests.unit.simulation.days import a_whole_day


@cache
def results() -> tuple[Result, ...]:
    return tuple(asked(a_whole_day(), CONTRACT))


def printed(result: Result, width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(*shown(result), sep="\n")
    return str(console.file.getvalue())  # type: ignore[attr-defined] # a StringIO


def test_it_holds_every_figure_with_its_definition_and_a_plot() -> None:
    text = page(results(), "43 referrals")
    assert len(results()) > 20
    for result in results():
        assert f'id="{result.figure.name}"' in text
    assert text.count("<b>Denominator:</b>") == len(results())
    assert text.count("<svg") == sum(bool(result.rows) for result in results())


def test_it_asks_for_nothing_else() -> None:
    text = page(results(), "43 referrals")
    assert not [word for word in ("http:", "https:", "<script", "src=", "@import") if word in text]


def test_a_plot_is_well_formed_whatever_a_text_says() -> None:
    result = a_conversion(('<b> & "clinic"', 20, 10), by="location")
    root = ET.fromstring(plot(result))  # noqa: S314 - our own
    assert [e.text for e in root.iter() if e.tag == "text"] == ['<b> & "clinic"', "50.0 %"]
    assert "<b> &" not in page([result], "<i>").split("</style>")[1].replace("<b>Num", "")


@pytest.mark.parametrize(
    ("size", "text", "share"), [(20, "50.0 %", 0.5), (0, "none", None), (10, "< 11", None)]
)
def test_a_bar_is_the_rate_and_none_where_there_is_none(
    size: int, text: str, share: float | None
) -> None:
    (bar,) = bars(a_conversion(("en", size, size // 2)))
    assert (bar.text, bar.share) == (text, share)


def of(name: str) -> Result:
    return next(result for result in results() if result.figure.name == name)


def test_of_one_row_its_parts_are_drawn_and_it_is_no_total_of_its_own() -> None:
    drawn_of = {bar.label: bar.text for bar in bars(of("cost_per_referral"))}
    parts = {"cloud", "messages", "letters", "payer", "staff", "overhead", "total"}
    assert drawn_of.keys() == parts
    assert drawn_of["overhead"] == "none", "nobody said any, which is not nothing"
    assert drawn_of["total"].startswith("$")
    assert "<tfoot>" not in page([of("cost_per_referral")], "one").split("</style>")[1]
    assert "<tfoot>" in page([of("cost")], "many")


def test_what_is_hidden_is_not_said_to_be_none() -> None:
    result = a_conversion(("en", 40, 20), ("es", 3, 1), ("fr", 9, 0))
    lines = printed(result, width=200).splitlines()
    (of_few,) = (line for line in lines if line.startswith("│ es"))
    assert of_few.count("not shown") == len(result.columns) - 2
    assert "< 11" in of_few
    assert "none" not in of_few
    row = page([result], "few").split("<td class=text>es")[1].split("</tr>")[0]
    assert "not shown" in row
    assert "none" not in row


def test_a_mean_of_money_is_money_wherever_it_is_said() -> None:
    result = of("cost_per_referral")
    means = [c for c in result.columns if c.kind is ColumnKind.MONEY_MEAN]
    assert {c.name for c in means} == {"per_referral", "per_closed", "per_completed"}
    for column in means:
        assert said(column, Decimal("7.5683")) == "$7.57"
    assert example(result).startswith("$")


def test_no_mean_of_money_is_said_without_its_unit() -> None:
    for figure in definitions().values():
        money = {c.name for c in figure.columns if c.kind is ColumnKind.MONEY}
        for column in figure.columns:
            if column.of is not None and column.kind is not ColumnKind.RATIO:
                assert (column.of[0] in money) is (column.kind is ColumnKind.MONEY_MEAN)


def test_what_cannot_be_added_has_no_total() -> None:
    foot = page([of("conversion")], "many").split("<tfoot>")[1].split("</tfoot>")[0]
    assert "none" not in foot
    assert "all" in foot


def test_the_month_stands_first_in_a_few_lines() -> None:
    glance = page(results(), "43 referrals").split("class=glance>")[1].split("</table>")[0]
    received = of("volume").totals["received"]
    assert f"{received} received" in glance
    assert f": {of('conversion').totals['booked']} of" in glance


def test_every_figure_has_an_example_in_the_documents() -> None:
    told = json.loads(EXAMPLES.read_text(encoding="utf-8"))["figures"]
    assert told.keys() == {result.figure.name for result in results()}
    assert all(example(result) for result in results())


def test_no_figure_is_said_without_what_it_lacks() -> None:
    unpriced = CONTRACT.but(prices={})
    lacking = {r.figure.name: example(r) for r in asked(a_whole_day(), unpriced)}
    assert lacking["cost_per_referral"].endswith(" not priced")
    assert lacking["cost"].endswith(" not priced")
    unknown = of("leakage").totals["unknown"]
    assert unknown, "the samples have a visit by nobody knows whom"
    assert lacking["leakage"].endswith(f", {unknown} unknown")
    assert "not priced" not in example(of("cost"))


@pytest.mark.parametrize(
    ("booked", "text"), [(41, "95.3 %"), (42, "97.7 %"), (0, "0.0 %"), (43, "100.0 %")]
)
def test_a_rate_is_rounded_once(booked: int, text: str) -> None:
    """Of 41 of 43, 95.349 %, four digits rounded again would be 95.4 %."""
    (bar,) = bars(a_conversion(("harbor", 43, booked), by="payer"))
    assert bar.text == text


def test_a_figure_of_nothing_says_so() -> None:
    empty = of("leakage_reasons")
    assert not empty.rows
    assert NOTHING in printed(empty, width=140)
    assert NOTHING in page([empty], "none").split('<h2 id="leakage_reasons">')[1]


@pytest.mark.parametrize("name", ["authorization", "completion", "retention", "bottlenecks"])
def test_the_terminal_cuts_no_name_of_a_row_off(name: str) -> None:
    result = of(name)
    texts = [c.name for c in result.columns if c.kind is ColumnKind.TEXT]
    lines = printed(result, width=140)
    for row in result.rows[:10]:
        assert all(str(row.values[text]) in lines for text in texts)
    assert "…" not in lines.split("… and")[0]


def test_days_from_and_to_are_read_as_such() -> None:
    assert words("days_0_2") == "days 0 to 2"
    assert words("days_over_90") == "days over 90"


def test_something_is_drawn_of_every_figure() -> None:
    for result in results():
        assert drawn(result) in result.figure.columns


def test_of_a_single_row_the_terminal_cuts_no_number_off() -> None:
    result = of("cost_per_referral")
    lines = printed(result, width=80).splitlines()
    for name in ("staff", "total", "per completed"):
        (line,) = (one for one in lines if one.startswith(f"│ {name} "))
        column = next(c for c in result.columns if words(c.name) == name)
        assert said(column, result.rows[0].values[column.name]) in line


def test_the_terminal_shows_the_numbers_with_bars() -> None:
    text = printed(a_conversion(("en", 40, 20), by="payer"), width=200)
    assert "50.0 %" in text
    assert "█" * 10 in text
    assert "America/New_York" in text
