"""What an earlier day's figures say otherwise now, and what was recorded in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from referral_core.domain.money.price_book import PriceBook, RevenueTable
from referral_core.reporting.composition import Policy, common_tables, values
from referral_core.reporting.export import metadata, plain
from referral_core.reporting.request import ReportRequest
from referral_core.reporting.result import Result, Value
from referral_core.reporting.rows import OVERHEAD, ms_of
from referral_core.reports import base_sql
from referral_core.reports.definition import ADDED

_WITH_OVERHEAD: Final = frozenset({"cost", "cost_per_referral"})
_MOST_CAUSES: Final = 5
_EPOCH: Final = date(1970, 1, 1)
Contract = PriceBook | RevenueTable


def causes_of(before: ReportRequest, after: ReportRequest, policy: Policy) -> str:
    """Return the statement that counts what was recorded between two instants, by day and kind."""
    compared = values(("since_ms",), [(ms_of(before.as_of),)])
    tables = common_tables(after, policy)
    return f"{tables},\ncompared AS (\n{compared}\n)\n{base_sql('recorded')}"


def restatements(
    before: Result, after: Result, recorded: Sequence[Sequence[Any]], books: Sequence[Contract]
) -> Mapping[str, Any]:
    """Return every figure of every day that differs, with before, after and cause.

    Args:
        before: by the day received, as of the earlier instant.
        after: the same as of the later one.
        recorded: rows of (day, kind of event, count) recorded in between.
        books: price books and revenue tables that became known in between.
    """
    events: dict[str, Counter[str]] = {}
    for day, kind, count in recorded:
        if kind == OVERHEAD and after.figure.name not in _WITH_OVERHEAD:
            continue
        received = (_EPOCH + timedelta(days=int(day))).isoformat()
        events.setdefault(received, Counter())[str(kind)] += int(count)
    return {
        **metadata(after),
        "since": metadata(before)["as_of"],
        "restatements": [
            {
                "day": None if day == "None" else day,
                "figure": name,
                "before": plain(was),
                "after": plain(now),
            }
            | {"cause": _cause(events.get(day, Counter()), books)}
            for day, name, was, now in _differences(before, after)
        ],
    }


def _differences(before: Result, after: Result) -> Iterator[tuple[str, str, Value, Value]]:
    was, now = (_by_day(result) for result in (before, after))
    for key in sorted(was.keys() | now.keys()):
        for column in after.figure.shown:
            old = was.get(key, {}).get(column.name)
            new = now.get(key, {}).get(column.name)
            if column.kind in ADDED:
                old, new = old or 0, new or 0
            if old != new:
                yield key[0], " ".join((column.name, *key[1:])), old, new


def _by_day(result: Result) -> dict[tuple[str, ...], Mapping[str, Value]]:
    """Index rows by their day and texts; the day itself is the first cut."""
    texts = [c.name for c in result.figure.shown if c.kind == "text"]
    return {
        (str(row.values["received_day"]), *(str(row.values[t]) for t in texts)): row.values
        for row in result.rows
    }


def _cause(events: Counter[str], books: Sequence[Contract]) -> str:
    most = [f"{count} {kind}" for kind, count in events.most_common(_MOST_CAUSES)]
    found = [
        f"{'price book' if isinstance(book, PriceBook) else 'revenue table'} {book.version}"
        for book in books
    ]
    if most:
        found.append(f"recorded since: {', '.join(most)}")
    return "; ".join(found) or "time passed"
