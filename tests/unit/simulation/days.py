"""Small days to look at, and to break by hand."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from local.inputs import Input, inputs
from local.partners.scripts.script import Scripts
from local.simulation import loop
from local.simulation.day import Day
from local.simulation.synthea import present, synthea_inputs
from local.simulation.tenant import massachusetts
from local.simulation.world import World, simulate
from referral_core.domain.events import Event
from referral_core.domain.referral import Referral
from referral_core.domain.writes import ReferralState

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "events/referrals"
SYNTHEA = ROOT.parent / "shared/data/synthea-ma-2019-fhir"
NO_DATA = "Synthea's patients are not there: they are not part of the project"
HAS_DATA = present(SYNTHEA)


def samples(*names: str) -> list[Input]:
    wanted = {f"{name}.json" for name in names}
    return [one for one in inputs(SAMPLES) if one.source in wanted]


def a_day(*names: str, kind: type[World] = World) -> Day:
    """A new day with some samples, whose record a test may break."""
    return simulate(samples(*names), SAMPLES, "small", kind=kind)


@cache
def a_whole_day() -> Day:
    """A day with all samples, whose record no test may break."""
    return simulate(inputs(SAMPLES), SAMPLES, "samples")


def the_referral(day: Day) -> Referral:
    (referral,) = day.referrals
    return referral


def replaced(day: Day, referral: Referral, **fields: Any) -> None:
    """Write a projection past all conditions."""
    at = (referral.tenant, referral.id)
    loaded = day.table._referrals[at]
    broken = loaded.referral.model_copy(update=fields)
    day.table._referrals[at] = ReferralState(referral=broken, mailbox=loaded.mailbox)


def mailbox_replaced(day: Day, referral: Referral, **fields: Any) -> None:
    at = (referral.tenant, referral.id)
    loaded = day.table._referrals[at]
    broken = loaded.mailbox.model_copy(update=fields)
    day.table._referrals[at] = ReferralState(referral=loaded.referral, mailbox=broken)


def event_replaced(day: Day, referral: Referral, index: int, **fields: Any) -> None:
    events: list[Event] = day.table._events[referral.tenant, referral.id]
    events[index] = events[index].model_copy(update=fields)


def synthea_day(count: int, seed: str, kind: type[World] = World) -> tuple[Day, list[Input]]:
    posted = synthea_inputs(SYNTHEA, seed, count)

    async def live() -> Day:
        world = kind(Scripts(None, seed), seed, configured=massachusetts())
        return await world.live(posted, timedelta(minutes=30))

    return loop.run(live()), posted
