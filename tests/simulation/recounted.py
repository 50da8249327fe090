"""Every report of a simulated month against the recount, and every cut's sums against the total.

`python -m tests.simulation.recounted` does it for all patients and three seeds, by both bases and
by every cut there is, and prints what it compared.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from decimal import Decimal
from io import StringIO
from typing import Any, Final, NamedTuple

from local.lake.duck import DuckLake
from local.simulation.day import Day
from referral_core.domain.events import Event
from referral_core.reporting.composition import Policy
from referral_core.reporting.request import CUTS, MOST_CUTS, Basis, ReportRequest, local_day
from referral_core.reports import definitions
from referral_core.reports.definition import ADDED
from tests.unit.reporting.lakes import POLICY, ZONE, a_request, rows
from tests.unit.reporting.recount import One, referrals, with_maturity
from tests.unit.reporting.recounts import RECOUNTS
from tests.unit.reporting.test_recount import by_cut
from tests.unit.simulation.days import HAS_DATA, NO_DATA, synthea_day

EVERY_CUT: Final = ((), *(CUTS[n : n + MOST_CUTS] for n in range(0, len(CUTS), MOST_CUTS)))


Sums = dict[str, dict[str, Any]]


class Compared(NamedTuple):
    """One report. Attributes: rows: how many were compared; wrong: what differs."""

    figure: str
    rows: int
    wrong: Sequence[str]


class Recounted:
    """Some events in a lake, and every report of them counted again."""

    def __init__(self, lake: DuckLake, events: Sequence[Event], policy: Policy = POLICY) -> None:
        self._lake = lake
        self._events = events
        self._policy = policy

    def reports(self, request: ReportRequest, cuts: Sequence[Sequence[str]]) -> Iterator[Compared]:
        """Yield every report by every one of some cuts: each adds up to what the first does."""
        totals: Sums = {}
        for by in cuts:
            asked = request.but(by=tuple(by))
            ones = referrals(self._events, asked, self._policy)
            for name in RECOUNTS:
                found = rows(self._lake, name, asked, self._policy)
                wrong = [f"{name} by {by} {line}" for line in _unlike(name, found, ones)]
                sums = _sums(name, found)
                if totals.setdefault(name, sums) != sums:
                    wrong.append(f"{name} by {by}: {sums} is not {totals[name]}")
                yield Compared(name, len(found), wrong)

    def wrong(self, request: ReportRequest, cuts: Sequence[Sequence[str]]) -> list[str]:
        """List what differs."""
        return [line for each in self.reports(request, cuts) for line in each.wrong]


def asked(day: Day, basis: Basis) -> ReportRequest:
    """Ask for all days on which a day's referrals came, as of its end."""
    received = [local_day(r.received_at, ZONE) for r in day.referrals]
    return a_request(basis=basis, first_day=min(received), last_day=max(received), as_of=day.ended)


def _unlike(name: str, found: list[dict[str, Any]], ones: list[One]) -> Iterator[str]:
    wanted = RECOUNTS[name](ones)
    if definitions()[name].matures:
        wanted = with_maturity(wanted, ones)
    here = by_cut(name, [{k: v for k, v in row.items() if k != "people"} for row in found])
    for place in here.keys() | wanted.keys():
        if here.get(place) != wanted.get(place):
            yield f"{place}: {here.get(place)} is not {wanted.get(place)}"


def _sums(name: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    added = [c.name for c in definitions()[name].selected if c.kind in ADDED]
    return {n: sum((row[n] or 0 for row in found), Decimal(0)) for n in added}


def main() -> int:
    """Compare everything; return 0 when nothing differs, 2 when there is nothing to compare."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.recounted")
    parser.add_argument("--patients", type=int, default=615, help="how many")
    parser.add_argument("--seeds", nargs="+", default=["7", "8", "9"], help="a month each")
    chosen = parser.parse_args()
    if not HAS_DATA:
        sys.stdout.write(f"{NO_DATA}\n")
        return 2
    logging.disable(logging.CRITICAL)
    differing = 0
    for seed in chosen.seeds:
        with redirect_stdout(StringIO()):  # metrics
            day, _ = synthea_day(chosen.patients, seed)
        whole = [event for r in day.referrals for event in day.events(r)]
        counted = Recounted(day.lake, whole)
        found = [c for basis in Basis for c in counted.reports(asked(day, basis), EVERY_CUT)]
        wrong = [line for each in found for line in each.wrong]
        differing += len(wrong)
        told = f"{len(day.referrals)} referrals, {len(whole)} events"
        said = f"{len(found)} reports, {sum(each.rows for each in found)} rows, {len(wrong)} differ"
        sys.stdout.write("\n".join([f"seed {seed}: {told}; {said}", *wrong, ""]))
        sys.stdout.flush()
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
