"""Every sample on a second interpreter of the ASL: moto's Step Functions, over the real steps."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local.inputs import inputs
from local.partners.scripts.script import Scripts
from local.simulation import loop
from local.simulation.day import Day
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.referral import Referral
from tests.contracts.referral_samples import told_once
from tests.simulation.moto_world import MotoWorld, moto_states, states_entered

SAMPLES = Path(__file__).parents[2] / "events/referrals"
SIDECARS = sorted(SAMPLES.glob("*.sidecar.json"))
HAPPY_PATH_STATES = 17


class Ended:
    """The day on moto, and how the executions went."""

    def __init__(self) -> None:
        self.day: Day
        self.histories: dict[str, list[str]] = {}

    def referral(self, source: str) -> Referral:
        (posted,) = (p for p in self.day.posted if p.source == source)
        assert posted.referral_id is not None, posted.refusal
        (found,) = (r for r in self.day.referrals if r.id == posted.referral_id)
        return found

    def statuses(self, referral: Referral) -> list[Status]:
        found: list[Status] = []
        for event in self.day.events(referral):
            if not found or found[-1] is not event.to_status:
                found.append(event.to_status)
        return found


@pytest.fixture(scope="module")
def ended() -> Iterator[Ended]:
    """Given all samples, posted one after the other, and their partners."""
    ended, monkeypatch = Ended(), pytest.MonkeyPatch()
    with ExitStack() as stack:
        stack.callback(monkeypatch.undo)
        client, machine, functions = stack.enter_context(moto_states(monkeypatch))

        async def live() -> Day:
            world = MotoWorld(client, machine, functions, Scripts(SAMPLES), "moto")
            # A second apart, so that no two of moto's threads compete for a clinic's place.
            return await world.live(inputs(SAMPLES), timedelta(seconds=1))

        ended.day = loop.run(live())
        for referral in ended.day.referrals:
            ended.histories[referral.id] = states_entered(client, machine, referral)
        yield ended


@pytest.mark.parametrize("sidecar", SIDECARS, ids=lambda p: p.name.removesuffix(".sidecar.json"))
def test_it_ends_as_its_sidecar_says(sidecar: Path, ended: Ended) -> None:
    expect: Mapping[str, Any] = json.loads(sidecar.read_text())["expect"]
    referral = ended.referral(sidecar.name.replace(".sidecar", ""))
    kinds = [event.kind for event in ended.day.events(referral)]
    assert told_once(ended.statuses(referral)) == expect["statuses"], kinds
    assert referral.outcome == expect["outcome"]
    assert referral.loop_closed is expect["loop_closed"]
    worklist = None if referral.is_closed else referral.queue.value
    assert worklist == expect["worklist"]


def test_happy_path_enters_seventeen_states(ended: Ended) -> None:
    entered = ended.histories[ended.referral("happy-path.json").id]
    steps = [state for state in entered if state in set(Step)]
    assert list(dict.fromkeys(steps)) == list(Step)[:9]
    # And two more for each reminder that was sent.
    reminders = steps.count(Step.AWAIT_VISIT) - 1
    assert len(entered) <= HAPPY_PATH_STATES + 2 * reminders


def test_every_closed_referral_ended_its_execution(ended: Ended) -> None:
    for referral in ended.day.referrals:
        if referral.is_closed:
            assert ended.histories[referral.id][-1] in {Step.CLOSE_REFERRAL, "RunSuperseded"}
