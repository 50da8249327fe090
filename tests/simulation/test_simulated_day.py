"""A third of Synthea's patients, with faults and without: nothing is lost, nothing is violated.

All of them are four minutes of two cores: `make simulate-day` sends them, with `--chaos` too.
"""

from __future__ import annotations

from collections import Counter

import pytest

from local.simulation.__main__ import checked
from local.simulation.chaos import ChaosWorld
from local.simulation.world import World
from tests.unit.simulation.days import HAS_DATA, NO_DATA, synthea_day

pytestmark = pytest.mark.skipif(not HAS_DATA, reason=NO_DATA)

PATIENTS = 205
PATHWAYS = 7


@pytest.mark.parametrize("kind", [World, ChaosWorld])
def test_every_patient_ends_or_stands_on_a_worklist(kind: type[World]) -> None:
    # Given many patients, partners who behave by chance, and a week of posts
    day, posted = synthea_day(PATIENTS, "2026", kind)
    # Then each input was accepted, over all pathways
    by_source = Counter(p.source for p in day.posted if p.referral_id is not None)
    assert len(by_source.keys() & {one.source for one in posted}) == PATIENTS
    assert len({r.pathway for r in day.referrals}) == PATHWAYS
    # And nothing is violated: the first invariant is that each one ended or waits for staff
    calm = kind is World
    assert {k: v[:3] for k, v in checked(day, posted, calm=calm).items() if v} == {}
