"""Figures of simulated patients by both bases, as the stream delivered their events, recounted."""

from __future__ import annotations

from functools import cache

import pytest

from local.lake.duck import DuckLake
from local.simulation.chaos import ChaosWorld
from local.simulation.day import Day
from local.simulation.world import World
from referral_core.reporting.request import Basis, local_day
from referral_core.reports import definitions
from tests.unit.reporting.lakes import POLICY, ZONE, a_request, rows
from tests.unit.reporting.recount import referrals, with_maturity
from tests.unit.reporting.recounts import RECOUNTS
from tests.unit.reporting.test_recount import by_cut
from tests.unit.simulation.days import HAS_DATA, NO_DATA, synthea_day

pytestmark = pytest.mark.skipif(not HAS_DATA, reason=NO_DATA)
PATIENTS = 60
KINDS = {"calm": World, "faulty": ChaosWorld}


@cache
def a_month(kind: str, seed: str) -> Day:
    day, _ = synthea_day(PATIENTS, seed, KINDS[kind])
    return day


@pytest.mark.parametrize("basis", Basis)
@pytest.mark.parametrize("seed", ["7", "8"])
def test_every_figure_equals_its_recount(seed: str, basis: Basis) -> None:
    day = a_month("calm", seed)
    received = [local_day(r.received_at, ZONE) for r in day.referrals]
    request = a_request(
        basis=basis,
        by=("pathway", "payer"),
        first_day=min(received),
        last_day=max(received),
        as_of=day.ended,
    )
    events = [event for r in day.referrals for event in day.events(r)]
    ones = referrals(events, request, POLICY)
    for name, recount in RECOUNTS.items():
        wanted = recount(ones)
        if definitions()[name].matures:
            wanted = with_maturity(wanted, ones)
        assert by_cut(name, rows(day.lake, name, request)) == wanted, name


def test_a_stream_that_repeats_delays_and_reorders_changes_no_figure() -> None:
    day = a_month("faulty", "7")
    events = [event for r in day.referrals for event in day.events(r)]
    (delivered,) = day.lake.query("SELECT count(*) FROM referral_events")
    assert delivered[0] > len(events)  # some came twice
    once, request = DuckLake.of(events), a_request(as_of=day.ended)
    for name in definitions():
        wanted = by_cut(name, rows(once, name, request))
        assert by_cut(name, rows(day.lake, name, request)) == wanted, name
