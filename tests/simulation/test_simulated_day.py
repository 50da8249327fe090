"""A fifth of Synthea's patients, with faults and without: nothing lost, every figure its recount.

All that is to be said of a day is said in one test, since a day takes far longer than any look at
it. `make simulate-day` sends all patients, with `--chaos` too, and
`python -m tests.simulation.recounted` counts every report of three months again by every cut.
"""

from __future__ import annotations

from collections import Counter

import pytest

from local.simulation.__main__ import checked
from local.simulation.chaos import ChaosWorld
from local.simulation.day import Day
from local.simulation.world import World
from referral_core.domain.events import Event
from referral_core.reporting.request import Basis
from tests.simulation.recounted import Recounted, asked
from tests.unit.simulation.days import HAS_DATA, NO_DATA, synthea_day

pytestmark = pytest.mark.skipif(not HAS_DATA, reason=NO_DATA)

PATIENTS = 123
PATHWAYS = 7
CUTS = ((), ("pathway", "payer"))


def delivered(day: Day) -> int:
    """Count the rows that the stream brought into the lake."""
    ((rows,),) = day.lake.query("SELECT count(*) FROM referral_events WHERE event <> 'overhead'")
    return int(rows)


def every_event(day: Day) -> list[Event]:
    return [event for r in day.referrals for event in day.events(r)]


@pytest.mark.parametrize("kind", [World, ChaosWorld])
def test_every_patient_ends_or_is_seen_and_every_figure_equals_its_recount(
    kind: type[World],
) -> None:
    # Given many patients, partners who behave by chance, and a week of posts
    day, posted = synthea_day(PATIENTS, "2026", kind)
    calm = kind is World
    # Then each input was accepted, over all pathways
    by_source = Counter(p.source for p in day.posted if p.referral_id is not None)
    assert len(by_source.keys() & {one.source for one in posted}) == PATIENTS
    assert len({r.pathway for r in day.referrals}) == PATHWAYS
    # And nothing is violated: the first invariant is that each one ended or waits for staff
    assert {k: v[:3] for k, v in checked(day, posted, calm=calm).items() if v} == {}
    # And where there were faults, runs were restarted and the stream brought events twice
    events = every_event(day)
    assert calm or any(r.run > 1 for r in day.referrals)
    assert calm or delivered(day) > len(events)
    # And each figure of what the stream brought is what plain Python counts
    recounted = Recounted(day.lake, events)
    assert [w for basis in Basis for w in recounted.wrong(asked(day, basis), CUTS)] == []
