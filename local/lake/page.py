"""The figures as one page that needs nothing else: tables, and a plot of each as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from local.lake.bars import NOTHING, bars, cell, drawn, is_single, said, words
from local.lake.examples import example
from referral_core.reporting.export import metadata
from referral_core.reporting.result import Result
from referral_core.reports.definition import ColumnKind

_STYLE: Final = """
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}
h2{font-size:1.2rem;margin-top:3rem;border-top:1px solid #d5dde5;padding-top:1rem}
table{border-collapse:collapse;font-size:13px;display:block;overflow-x:auto}
th,td{padding:.2rem .6rem;text-align:right;border-bottom:1px solid #e6ebf0;white-space:nowrap}
th{white-space:normal;vertical-align:bottom}.glance td{text-align:left}
th.text,td.text{text-align:left}tfoot td{font-weight:600}.means{color:#51616f}
svg{display:block;margin:1rem 0;max-width:100%;height:auto}
svg text{font-size:12px;fill:#1b2733}svg rect{fill:#2f6f9f}
"""
_ROW, _LABEL, _BAR, _WIDTH = 22, 300, 420, 820
_GLANCE: Final = (
    *("volume", "conversion", "completion", "loop", "no_show", "attrition", "leakage"),
    *("authorization", "touches", "cost_per_referral"),
)
"""What stands first: the month in ten lines."""
_MOST_BARS: Final = 20
_LONGEST: Final = 44


def page(results: Sequence[Result], subject: str) -> str:
    """Return the page of some results.

    Args:
        results: in the order of the page.
        subject: what they are about, in a few words.
    """
    told = metadata(results[0])
    days = f"{told['period_from']} to {told['period_to']}"
    head = (
        f"<!doctype html><html lang=en><meta charset=utf-8>"
        f"<meta name=viewport content='width=device-width'><title>Referrals {days}</title>"
        f"<style>{_STYLE}</style><h1>Referrals, {days}</h1>"
        f"<p>{escape(subject)}. Days of {escape(told['time_zone'])} "
        f"(UTC{told['utc_offset']}), as of {told['as_of']}. What has no denominator is none.</p>"
    )
    found = {result.figure.name: result for result in results}
    glance = "".join(
        f'<tr><td><a href="#{name}">{escape(found[name].figure.title)}</a>'
        f"<td>{escape(example(found[name]))}"
        for name in _GLANCE
        if name in found
    )
    links = " · ".join(f'<a href="#{r.figure.name}">{escape(r.figure.title)}</a>' for r in results)
    sections = "".join(map(_section, results))
    return f"{head}<table class=glance>{glance}</table><p>{links}</p>{sections}</html>\n"


def _section(result: Result) -> str:
    figure = result.figure
    return (
        f'<h2 id="{figure.name}">{escape(figure.title)}</h2>'
        f"<p class=means>{escape(figure.definition)} <b>Numerator:</b> "
        f"{escape(figure.numerator)}. <b>Denominator:</b> {escape(figure.denominator)}. "
        f"<b>Exclusions:</b> {escape(figure.exclusions)}. <b>Basis:</b> "
        f"{result.request.basis}.</p>{plot(result)}{_table(result) if result.rows else ''}"
    )


def plot(result: Result) -> str:
    """Return the bars of a result as SVG."""
    found = bars(result)[:_MOST_BARS]
    if not found:
        return f"<p>{NOTHING}</p>"
    column = drawn(result)
    parts = []
    for place, bar in enumerate(found):
        y, length = place * _ROW, round((bar.share or 0) * _BAR, 1)
        label = bar.label if len(bar.label) <= _LONGEST else f"{bar.label[: _LONGEST - 1]}…"
        parts.append(
            f'<text x="{_LABEL - 8}" y="{y + 15}" text-anchor="end">{escape(label)}</text>'
            f'<rect x="{_LABEL}" y="{y + 4}" width="{length}" height="{_ROW - 8}"/>'
            f'<text x="{_LABEL + length + 6}" y="{y + 15}">{escape(bar.text)}</text>'
        )
    height = len(found) * _ROW
    return (
        f'<svg role="img" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}">'
        f"<title>{escape(column.means)}</title>{''.join(parts)}</svg>"
    )


def _table(result: Result) -> str:
    classes = ["text" if c.kind is ColumnKind.TEXT else "number" for c in result.columns]
    heads = "".join(
        f'<th class={kind} title="{escape(c.means)}">{words(c.name)}</th>'
        for c, kind in zip(result.columns, classes, strict=True)
    )
    body = ""
    for row in result.rows:
        body += _row([cell(result, row, c) for c in result.columns], classes)
    foot = "" if is_single(result) else f"<tfoot>{_row(_totals(result), classes)}</tfoot>"
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody>{foot}</table>"


def _totals(result: Result) -> Sequence[str]:
    """Return the control totals; what cannot be added has none."""
    added = result.totals.keys()
    cells = [
        said(c, result.totals[c.name]) if c.name in added and set(c.of or ()) <= added else ""
        for c in result.columns
    ]
    return cells if cells[0] else ["all", *cells[1:]]


def _row(cells: Sequence[str], classes: Sequence[str]) -> str:
    filled = (
        f"<td class={kind}>{escape(cell)}</td>" for cell, kind in zip(cells, classes, strict=True)
    )
    return f"<tr>{''.join(filled)}</tr>"
