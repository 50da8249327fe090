"""A sample of the kill runs, and that they find what is there."""

from __future__ import annotations

import pytest

from tests.simulation.kill_runs import SAMPLES, Blow, Struck, findings, played, wrong_with


def test_no_worker_that_is_killed_at_a_call_loses_or_repeats_anything() -> None:
    assert list(findings(SAMPLES[:1], every=3)) == []


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_every_sample_ends_when_nothing_happens(sample: tuple[str, None]) -> None:
    world = played(*sample, None)
    assert world.referral.is_closed
    assert len(world.calls) > 25
    assert list(wrong_with(world)) == []


def test_a_call_is_struck_once_and_the_worker_dies() -> None:
    calm = played(*SAMPLES[0], None)
    sent = calm.calls.index("send")
    killed = played(*SAMPLES[0], Struck(sent, Blow.KILLED_AFTER))
    assert (calm.kills, killed.kills) == (0, 1)
    assert len(killed.calls) > len(calm.calls)


def test_a_message_that_is_sent_twice_is_found() -> None:
    world = played(*SAMPLES[0], None)
    world.messenger.sent.append(world.messenger.sent[0])
    assert [wrong for wrong in wrong_with(world) if "sent 2 times" in wrong]
