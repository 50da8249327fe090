"""How old a cohort must be until its figures say what they will: its pathway's horizon."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import ceil
from typing import Final

from referral_core.domain.calendar import Span
from referral_core.domain.pathway import Pathway

_SPAN: Final = re.compile(r"(\d+)(bd|bh|d|h|m)")
_DAYS: Final[Mapping[str, float]] = {"bd": 7 / 5, "bh": 7 / 40, "d": 1, "h": 1 / 24, "m": 1 / 1440}
"""Calendar days that one of each comes to, of a week with five days of eight hours."""


def horizons(pathways: Iterable[Pathway]) -> dict[str, int]:
    """Return pathway → days that visit, report and acknowledgement may take by its rules."""
    found: dict[str, int] = {}
    for pathway in pathways:
        spans = (
            pathway.visit.seen_within,
            pathway.closure.report_within,
            pathway.closure.acknowledged_within,
        )
        days = ceil(sum(_days(span) for span in spans))
        found[pathway.id] = max(days, found.get(pathway.id, 0))
    return found


def _days(span: Span) -> float:
    found = _SPAN.fullmatch(span)
    if found is None:
        raise ValueError(f"{span!r} is no span")
    return int(found[1]) * _DAYS[found[2]]
