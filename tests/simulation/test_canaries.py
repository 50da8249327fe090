"""Canaries of every kind in every sample, followed through a whole day: none is where it must not.

The day runs every function over every sample to its end, with queues, topic, stream, lake, logs
and partners: what the router keeps, says or sends anywhere is searched.
"""

from __future__ import annotations

from functools import cache

import pytest

from local.inputs import inputs
from local.simulation.day import Day
from local.simulation.privacy import Canaries, leaks
from local.simulation.world import simulate
from tests.simulation.planted import Planted
from tests.unit.simulation.days import SAMPLES

AT_LEAST = 200
EVERYWHERE = {
    *("family names", "given names", "days of birth", "record numbers", "addresses", "emails"),
    *("social security numbers", "names of others", "numbers of others", "notes", "instructions"),
    *("order details", "extensions"),
}
"""Kinds of which each sample has one; the others are of those that have such an element."""


@cache
def planted() -> Planted:
    return Planted(inputs(SAMPLES))


@cache
def day() -> Day:
    return simulate(planted().inputs, SAMPLES, "canaries")


def kept() -> str:
    """All that payloads and documents hold, which are what may hold it."""
    documents = [content for content, _ in day().documents.values()]
    return b"\n".join([*day().table.payloads.values(), *documents]).decode(errors="replace")


def test_two_hundred_canaries_of_twenty_kinds_are_planted() -> None:
    samples = len(planted().inputs)
    values = {value for kind in planted().canaries.values() for value in kind}

    assert len(values) >= AT_LEAST
    assert len(planted().canaries) >= 20
    assert {kind for kind in EVERYWHERE if len(planted().canaries[kind]) < samples} == set()


def test_every_planted_sample_is_taken_and_goes_its_way() -> None:
    """A canary that nothing is done with would prove nothing."""
    assert [one.source for one in day().posted if one.refusal] == []
    assert sum(referral.is_closed for referral in day().referrals) > 30
    assert len(day().messages) > 60


@pytest.mark.parametrize("kind", sorted(planted().canaries))
def test_payloads_hold_canaries_of_each_kind(kind: str) -> None:
    held = kept()

    assert [value for value in planted().canaries[kind] if value in held] != []


def test_no_canary_of_any_kind_is_outside_payloads_and_documents() -> None:
    canaries = Canaries(value for kind in planted().canaries.values() for value in kind)

    assert sorted(set(leaks(day(), canaries))) == []
