"""The record is restored as it was at some moment: what was open then goes on.

What happened since is forgotten by the record, not by the state machine: its executions are open,
or ended long ago, under names and with tokens that the restored record still believes in.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tests.simulation.kill_runs import ANSWERED, Sample, wrong_with
from tests.simulation.test_liveness import _answer
from tests.unit.timelines.world import PathwayWorld

_MOST_ANSWERS = 100
SOME: list[Sample] = [ANSWERED[0], ANSWERED[2], ANSWERED[-1]]


def begun(sample: Sample) -> PathwayWorld:
    return PathwayWorld(sample.pathway, sample.script)


def answered(world: PathwayWorld, times: int = _MOST_ANSWERS) -> int:
    """Let everybody answer so often, or until it is closed; return how often they did."""
    for number in range(times):
        if world.referral.is_closed:
            return number
        _answer(world)
    return times


def saved(world: PathwayWorld) -> dict[str, Any]:
    """The record as it is at this moment; the rest of it is no data."""
    data = (dict, list, set, int, str)
    return {k: deepcopy(v) for k, v in vars(world.referrals).items() if isinstance(v, data)}


def restored(world: PathwayWorld, then: dict[str, Any], *, executions_are_stopped: bool) -> None:
    vars(world.referrals).update(then)
    for name, execution in world.machine.executions.items():
        if executions_are_stopped and execution.status == "RUNNING":
            world.machine.stop(name)
    world.settle()


@pytest.mark.parametrize("stopped", [True, False])
@pytest.mark.parametrize("sample", SOME, ids=str)
def test_what_was_open_at_the_moment_goes_on_to_its_end(sample: Sample, *, stopped: bool) -> None:
    for moment in range(answered(begun(sample))):
        # Given a record of a moment, when all has ended since
        world = begun(sample)
        answered(world, moment)
        then = saved(world)
        open_then = world.referral.status
        answered(world)
        assert world.referral.is_closed
        # When it is restored, and the watchdog looks at what is due
        restored(world, then, executions_are_stopped=stopped)
        assert world.referral.status is open_then
        world.wait()
        answered(world)
        # Then it ends once more: a run of its own, no place held for nobody, no illegal move
        assert world.referral.is_closed
        assert world.referral.run > 1
        # What went out since that moment the record does not know: docs/runbook.md.
        assert [w for w in wrong_with(world) if not w.startswith("sent 2 times")] == []


def test_nobody_answers_and_a_person_sees_it() -> None:
    world = begun(ANSWERED[0])
    then = saved(world)
    answered(world)
    restored(world, then, executions_are_stopped=True)

    world.until(lambda referral: referral.work_item is not None)

    assert [w for w in wrong_with(world) if not w.startswith("sent")] == []
