"""Referrals in every work item, decided on in every way: no step leaves its declared edges."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from referral_core.domain.errors import NotLegal
from referral_core.domain.lifecycle import Next, Step
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.draft import Draft
from referral_core.lifecycle.step import LifecycleStep
from referral_core.lifecycle.steps.close_referral import CloseReferral
from tests.contracts.declared_edges import HeldToItsEdges, UndeclaredEdge
from tests.contracts.state_table import built
from tests.in_memory import World
from tests.unit.lifecycle.work_item_worlds import STANDS_AT, decide

Taken = dict[Step, Counter[Next]]


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Taken:
    """Given worlds whose steps are held to their edges, and the edges that they take."""
    counts: Taken = defaultdict(Counter)
    steps = World._steps

    def held(self: World) -> tuple[LifecycleStep, ...]:
        return tuple(HeldToItsEdges(step, counts[step.name]) for step in steps(self))

    monkeypatch.setattr(World, "_steps", held)
    return counts


@pytest.mark.parametrize("reason", list(Reason))
def test_whatever_is_decided_leads_along_declared_edges(reason: Reason, taken: Taken) -> None:
    item = STANDS_AT[reason]().referral.work_item
    assert item is not None
    for action in item.actions:
        world = STANDS_AT[reason]()
        try:
            decide(world, action)
        except NotLegal:
            continue  # it must say more than that
        for _ in range(2):
            if not world.referral.is_closed:
                world.wait()
    assert taken[Step.CHECK_READINESS]
    assert not {
        (step, following)
        for step, edges in taken.items()
        for following in edges
        if following not in built(step).goes_to
    }


class _LeadsElsewhere(CloseReferral):
    def start(self, case: Case) -> Draft:
        return super().start(case).to(Step.AWAIT_VISIT)


def test_an_undeclared_edge_is_noticed() -> None:
    """Guards the test above: what never raises would hold anything."""
    world = STANDS_AT[Reason.NOTICE_UNDELIVERED]()
    case = world.engine.case(world.referral)
    assert HeldToItsEdges(CloseReferral()).start(case).next is not None
    with pytest.raises(UndeclaredEdge, match="CloseReferral -> AwaitVisit"):
        HeldToItsEdges(_LeadsElsewhere()).start(case)
