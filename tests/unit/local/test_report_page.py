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
from local.lake.bars import bars, drawn, said, words
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
    console = Console(file=io.StringIO(), width=200)
    console.print(*shown(result), sep="\n")
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined] # a StringIO
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


def test_something_is_drawn_of_every_figure() -> None:
    for result in results():
        assert drawn(result) in result.figure.columns


def test_of_a_single_row_the_terminal_cuts_no_number_off() -> None:
    console = Console(file=io.StringIO(), width=80)
    result = of("cost_per_referral")
    console.print(*shown(result), sep="\n")
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined] # a StringIO
    for name in ("staff", "total", "per completed"):
        (line,) = (one for one in lines if one.startswith(f"│ {name} "))
        column = next(c for c in result.columns if words(c.name) == name)
        assert said(column, result.rows[0].values[column.name]) in line


def test_the_terminal_shows_the_numbers_with_bars() -> None:
    console = Console(file=io.StringIO(), width=200)
    console.print(*shown(a_conversion(("en", 40, 20), by="payer")), sep="\n")
    text = console.file.getvalue()  # type: ignore[attr-defined] # a StringIO
    assert "50.0 %" in text
    assert "█" * 10 in text
    assert "America/New_York" in text
