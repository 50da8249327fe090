"""What is shown of rows: rates, totals, small cells; and each format says the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from referral_core.reporting.export import CONTROL_TOTALS, as_csv, as_json, as_parquet
from referral_core.reporting.result import HIDDEN, UNNAMED, Result, result_of
from referral_core.reports import definitions
from referral_core.reports.definition import Definition
from tests.unit.reporting.lakes import a_request

CONVERSION = definitions()["conversion"]
COST, COST_PER_REFERRAL = definitions()["cost"], definitions()["cost_per_referral"]


def a_conversion(*rows: tuple[str | None, int, int], by: str = "language", **shown: Any) -> Result:
    """Return a result of (cut, eligible, booked) a row, as an engine gives it: text or numbers.

    Behind each stand as many referrals as are eligible, where the cut is of patients.
    """
    wide = [
        (cut, None, None, str(e), b, 86_400_000, None, e, 0, 0, *([e] if by == "language" else []))
        for cut, e, b in rows
    ]
    return result_of(CONVERSION, a_request(by=(by,)), wide, **shown)


def a_cost(*units: str) -> Result:
    rows = [(None, None, None, "cloud", unit, 2, 0, "0.000050000") for unit in units]
    return result_of(COST, a_request(), rows)


def test_the_total_of_what_nobody_knows_is_none_and_that_of_no_rows_nothing() -> None:
    unpriced = (None, None, None, "payer", "payer_transactions", 7, 7, None)
    assert result_of(COST, a_request(), [unpriced]).totals["usd"] is None
    priced = (None, None, None, "cloud", "states", 2, 0, "0.5")
    assert result_of(COST, a_request(), [unpriced, priced]).totals["usd"] == Decimal("0.5")
    assert result_of(COST, a_request(), []).totals["usd"] == 0


def test_a_rate_without_a_denominator_is_none_and_not_nothing() -> None:
    result = a_conversion(("en", 0, 0), ("es", 40, 10))
    assert [row.values["conversion"] for row in result.rows] == [None, Decimal("0.2500")]


def test_times_are_days() -> None:
    (row,) = a_conversion(("en", 20, 10)).rows
    assert row.values["days_median"] == Decimal("1.00")
    assert row.values["days_p90"] is None


def test_totals_are_sums_and_the_rate_is_the_rate_of_the_sums() -> None:
    totals = a_conversion(("en", 20, 10), ("es", 20, 0)).totals
    assert totals["eligible"] == 40
    assert totals["conversion"] == Decimal("0.2500")
    assert "days_median" not in totals


@pytest.mark.parametrize(
    ("sizes", "hidden"),
    [
        ((40, 30), []),
        ((40, 30, 10, 9), [2, 3]),
        # A single hidden row would be the total less the others; see test_small_cells.py.
        ((40, 30, 10), [1, 2]),
        ((40, 11), []),
        ((40, 0), []),
    ],
)
def test_cells_of_few_patients_are_not_shown(sizes: Sequence[int], hidden: Sequence[int]) -> None:
    result = a_conversion(*((str(n), size, 1) for n, size in enumerate(sizes)))
    assert [n for n, row in enumerate(result.rows) if row.is_small] == hidden
    for n in hidden:
        numbers = {k: v for k, v in result.rows[n].values.items() if k != "language"}
        assert set(numbers.values()) == {None}
        assert as_json(result)["rows"][n]["eligible"] == HIDDEN


def a_cost_by_language(people: int, units: int) -> Result:
    rows = [
        (language, None, None, "cloud", unit, n, 0, "0.1", behind)
        for language, n, behind in (("en", 900, 40), ("es", units, people), ("fr", 700, 30))
        for unit in ("states", "write_units")
    ]
    return result_of(COST, a_request(by=("language",)), rows)


def test_a_row_of_many_units_is_a_small_cell_where_few_referrals_stand_behind_it() -> None:
    of_few = a_cost_by_language(people=2, units=50)
    hidden = {row.values["language"] for row in of_few.rows if row.is_small}
    assert hidden == {"es", "fr"}
    assert not any(row.is_small for row in a_cost_by_language(people=20, units=50).rows)


def test_what_the_cell_does_not_count_is_not_told_of_few_either() -> None:
    """By activity a referral of an earlier month has costs, and is received in none."""
    columns = (0, 1, 0, "1", 0, 0, 0, 0, None, "1", 0)
    rows = [("es", None, None, *columns, 3)]
    (row,) = result_of(COST_PER_REFERRAL, a_request(by=("language",)), rows).rows
    assert (row.is_small, row.values["total"], row.values["language"]) == (True, None, UNNAMED)


def test_of_one_language_only_its_total_would_say_the_number_so_it_is_not_named() -> None:
    (row,) = a_conversion(("sw", 3, 1)).rows
    assert (row.is_small, row.values["language"]) == (True, UNNAMED)


def test_a_row_a_referral_does_not_say_what_its_patient_is() -> None:
    figure = definitions()["referrals"]
    blank = [None] * (len(figure.selected) - 2)
    rows = [("es", None, None, f"r{n}", 1, *blank, 20) for n in range(20)]
    found = result_of(figure, a_request(by=("language",)), rows).rows
    assert {row.values["language"] for row in found} == {UNNAMED}
    assert [row.values["referral_id"] for row in found][:2] == ["r0", "r1"]


def test_the_place_of_a_row_does_not_say_what_its_patient_is() -> None:
    figure = definitions()["referrals"]
    blank = [None] * (len(figure.selected) - 2)
    languages = [("sw", "en", "es")[n % 3] for n in range(36)]
    rows = [(said, None, None, f"r{n:02}", 1, *blank, 12) for n, said in enumerate(languages)]
    found = result_of(figure, a_request(by=("language",)), rows).rows
    assert [row.values["referral_id"] for row in found] == [f"r{n:02}" for n in range(36)]


def test_in_another_order_of_the_cuts_and_in_another_figure_the_same_is_hidden() -> None:
    sizes = {("en", "a"): 20, ("en", "b"): 12, ("es", "a"): 4, ("es", "b"): 30}
    sizes |= {("pt", "a"): 20, ("pt", "b"): 12}

    def hidden(figure: str, by: tuple[str, str]) -> set[tuple[object, object]]:
        of, width = definitions()[figure], len(definitions()[figure].selected) - 1
        rows = [
            (*((a, b) if by[0] == "language" else (b, a)), None, n, *[0] * width, n)
            for (a, b), n in sizes.items()
        ]
        found = result_of(of, a_request(by=by), rows).rows
        return {(r.values["language"], r.values["specialty"]) for r in found if r.is_small}

    once = hidden("volume", ("language", "specialty"))
    assert once
    assert hidden("volume", ("specialty", "language")) == once
    assert hidden("conversion", ("language", "specialty")) == once


def test_a_cut_is_not_overwritten_by_a_column_of_that_name() -> None:
    columns = (20, 0, 0, "0", "0", "0", "4.50", "0", None, "4.50", 0)
    result = result_of(
        COST_PER_REFERRAL, a_request(by=("payer",)), [("acme", None, None, *columns)]
    )
    names = [column.name for column in result.columns]
    assert len(set(names)) == len(names)
    assert result.rows[0].values["by_payer"] == "acme"
    assert as_parquet(result)


def test_finance_and_cuts_that_say_nothing_of_a_patient_show_all_cells() -> None:
    assert not any(row.is_small for row in a_conversion(("en", 3, 1), small_cells=True).rows)
    assert not any(row.is_small for row in a_conversion(("harbor", 3, 1), by="payer").rows)


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv_ends_lines_as_rfc_4180_and_names_zone_offset_and_instant_in_each_row() -> None:
    text = as_csv(a_conversion(("en", 20, 10)))
    assert text.count("\r\n") == text.count("\n") == 3
    assert {row["time_zone"] for row in read(text)} == {"America/New_York"}
    # A formula begins with a sign: an offset does, too.
    assert {row["utc_offset"] for row in read(text)} == {"'-05:00 and -04:00"}
    assert read(text)[0]["as_of"] == "2027-02-28T19:00:00-05:00"


@pytest.mark.parametrize(
    ("first", "last", "offset"),
    [
        (date(2026, 1, 1), date(2026, 1, 31), "-05:00"),
        (date(2026, 6, 1), date(2026, 6, 30), "-04:00"),
        (date(2026, 3, 1), date(2026, 3, 7), "-05:00"),
        (date(2026, 3, 8), date(2026, 3, 8), "-05:00 and -04:00"),
        (date(2026, 3, 9), date(2026, 3, 9), "-04:00"),
        (date(2026, 1, 1), date(2026, 12, 31), "-05:00 and -04:00"),
    ],
)
def test_the_offset_is_that_of_the_days_whenever_the_report_is_made(
    first: date, last: date, offset: str
) -> None:
    for as_of in (datetime(2026, 7, 1, tzinfo=UTC), datetime(2027, 1, 5, tzinfo=UTC)):
        request = a_request(first_day=first, last_day=last, as_of=as_of)
        told = as_json(result_of(CONVERSION, request, []))
        assert told["utc_offset"] == offset
        assert told["as_of"][-6:] == ("-04:00" if as_of.year == 2026 else "-05:00")


def test_csv_has_control_totals_at_its_foot() -> None:
    *_, foot = read(as_csv(a_conversion(("en", 20, 10), ("es", 5, 1), by="payer")))
    assert (foot["payer"], foot["eligible"], foot["report"]) == (
        CONTROL_TOTALS,
        "25",
        CONTROL_TOTALS,
    )


@pytest.mark.parametrize("figure", definitions().values(), ids=definitions())
def test_each_export_of_each_figure_says_what_it_means(figure: Definition, tmp_path: Path) -> None:
    result = result_of(figure, a_request(), [])
    means = (figure.title, figure.definition, figure.numerator, figure.denominator)
    wanted = {*means, figure.exclusions}
    (foot,) = read(as_csv(result))
    assert wanted <= {text.removeprefix("'") for text in foot.values()}
    assert wanted <= {text for text in as_json(result).values() if isinstance(text, str)}
    path = tmp_path / "result.parquet"
    path.write_bytes(as_parquet(result))
    pairs = duckdb.execute("SELECT key, value FROM parquet_kv_metadata(?)", [str(path)]).fetchall()
    told = {key.decode(): value.decode() for key, value in pairs}
    assert wanted <= set(told.values())
    assert told[f"column {figure.cell}"] == next(
        column.means for column in figure.columns if column.name == figure.cell
    )


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_a_spreadsheet_would_run_is_neutralised(cell: str) -> None:
    (row, _) = read(as_csv(a_conversion((cell, 20, 10), by="location")))
    assert row["location"] == f"'{cell}"


@pytest.mark.parametrize("cell", ['say "a"', "a,b", "a\nb", "Łódź", "", "a=b"])
def test_any_other_text_comes_back_as_it_was(cell: str) -> None:
    (row, _) = read(as_csv(a_conversion((cell, 20, 10), by="location")))
    assert row["location"] == cell


def test_money_keeps_every_digit() -> None:
    (row, _) = read(as_csv(a_cost("states")))
    assert row["usd"] == "0.000050000"
    assert as_json(a_cost("states"))["rows"][0]["usd"] == "0.000050000"


def parquet(result: Result, folder: Path) -> tuple[list[str], list[tuple[Any, ...]], list[Any]]:
    path = folder / "result.parquet"
    path.write_bytes(as_parquet(result))
    found = duckdb.read_parquet(str(path))
    return found.columns, found.fetchall(), list(map(str, found.types))


def test_parquet_is_typed_and_says_the_same(tmp_path: Path) -> None:
    columns, rows, types = parquet(a_cost("states", "write_units"), tmp_path)
    assert columns[:5] == ["part", "unit", "units", "not_priced", "usd"]
    assert [row[:5] for row in rows] == [
        ("cloud", "states", 2, 0, Decimal("0.000050000")),
        ("cloud", "write_units", 2, 0, Decimal("0.000050000")),
    ]
    assert types[:5] == ["VARCHAR", "VARCHAR", "BIGINT", "BIGINT", "DECIMAL(38,12)"]


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 300])
def test_parquet_of_any_length_comes_back_with_its_nulls(tmp_path: Path, size: int) -> None:
    cuts = [None if n % 3 == 0 else f"clinic {n}" for n in range(size)]
    result = a_conversion(*((cut, n, 0) for n, cut in enumerate(cuts)), by="location")
    _, rows, _ = parquet(result, tmp_path)
    wanted = [(r.values["location"], r.values["eligible"]) for r in result.rows]
    assert [row[:2] for row in rows] == wanted
