"""Every sample referral ends as its sidecar says, in one process and on virtual time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from local.simulation.invocations import A_PARTNER
from referral_core.domain.lifecycle import Status
from referral_core.domain.referral import Referral
from tests.contracts.referral_samples import told_once
from tests.unit.simulation.days import SAMPLES, a_whole_day

SIDECARS = sorted(SAMPLES.glob("*.sidecar.json"))


def expected(sidecar: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(sidecar.read_text())["expect"]
    return found


def ended(sidecar: Path) -> Referral:
    """The referral of a sidecar, as it stands at the end."""
    source = sidecar.name.replace(".sidecar", "")
    (posted,) = (p for p in a_whole_day().posted if p.source == source)
    assert posted.referral_id is not None, posted.refusal
    (referral,) = (r for r in a_whole_day().referrals if r.id == posted.referral_id)
    return referral


def statuses(referral: Referral) -> list[Status]:
    found: list[Status] = []
    for event in a_whole_day().events(referral):
        if not found or found[-1] is not event.to_status:
            found.append(event.to_status)
    return found


@pytest.mark.parametrize("sidecar", SIDECARS, ids=lambda p: p.name.removesuffix(".sidecar.json"))
def test_it_ends_as_its_sidecar_says(sidecar: Path) -> None:
    referral, expect = ended(sidecar), expected(sidecar)
    kinds = [event.kind for event in a_whole_day().events(referral)]
    assert told_once(statuses(referral)) == expect["statuses"], kinds
    assert referral.outcome == expect["outcome"]
    assert referral.loop_closed is expect["loop_closed"]
    worklist = None if referral.is_closed else referral.queue.value
    assert worklist == expect["worklist"]


def test_every_sample_has_a_sidecar_and_none_is_refused() -> None:
    sources = {posted.source for posted in a_whole_day().posted} - {A_PARTNER}
    assert sources == {path.name.replace(".sidecar", "") for path in SIDECARS}
    assert all(posted.referral_id for posted in a_whole_day().posted)


def test_no_dead_letters_are_left() -> None:
    assert not any(a_whole_day().dead.values())
    assert a_whole_day().bodies["stream-dead"] == []
