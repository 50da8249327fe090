"""A sample of the kill runs, and that they find what is there."""

from __future__ import annotations

import pytest

from referral_core.ports import lifecycle
from tests.simulation.kill_runs import (
    OUTSIDE,
    SAMPLES,
    TURNED,
    Blow,
    Sample,
    Struck,
    findings,
    played,
    wrong_with,
)

STRUCK_ELSEWHERE = {
    "start": "the stream asks for it, and the watchdog again: test_liveness.py",
    "enqueue": "the sweeper asks again for what was not queued: test_outbox_sweep.py",
    "notify": "each delivery stands alone, and failing comes again: test_notices_once.py",
    "show": "a message of the EHR's portal is a message: test_portal_contract.py",
    "add": "a number is on our own list before it is on the carrier's: test_stop_at_once.py",
    "remove": "the same way back: test_sms_replies.py",
    "opt_out": "a text comes again until it was taken: test_sms_replies.py",
    "opt_in": "the same way back: test_sms_replies.py",
}
"""What changes something outside, and which suite fails it."""


def test_no_worker_that_is_killed_at_a_call_loses_or_repeats_anything() -> None:
    assert list(findings(SAMPLES[:1], every=3)) == []


@pytest.mark.parametrize("sample", TURNED[:6], ids=str)
def test_no_visit_that_is_called_off_is_so_for_half_of_those_who_know(sample: Sample) -> None:
    assert list(findings((sample,), every=11)) == []


@pytest.mark.parametrize("sample", TURNED, ids=str)
def test_every_turn_is_taken_once(sample: Sample) -> None:
    world = played(sample, None)
    events = world.referrals.events(world.referral.tenant, world.referral.id)
    assert [e.update for e in events].count(f"turn-{sample.turn}") == 1


def test_who_was_not_told_is_found() -> None:
    sample = next(one for one in TURNED if one.turn == "the referrer cancels a booked visit")
    world = played(sample, None)
    assert list(wrong_with(world)) == []
    world.clinics.withdrawn.clear()
    assert [wrong for wrong in wrong_with(world) if "the clinic does not know" in wrong]


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_every_sample_ends_when_nothing_happens(sample: Sample) -> None:
    world = played(sample, None)
    assert world.referral.is_closed
    assert len(world.calls) > 25
    assert list(wrong_with(world)) == []


def test_a_call_is_struck_once_and_the_worker_dies() -> None:
    calm = played(SAMPLES[0], None)
    sent = calm.calls.index("send")
    killed = played(SAMPLES[0], Struck(sent, Blow.KILLED_AFTER))
    assert (calm.kills, killed.kills) == (0, 1)
    assert len(killed.calls) > len(calm.calls)


def test_a_message_that_is_sent_twice_is_found() -> None:
    world = played(SAMPLES[0], None)
    world.messenger.sent.append(world.messenger.sent[0])
    assert [wrong for wrong in wrong_with(world) if "sent 2 times" in wrong]


def test_every_call_that_changes_something_outside_is_struck() -> None:
    """A port's new method is struck from its first day, or this fails."""
    ports = [port for port in vars(lifecycle).values() if isinstance(port, type)]
    changing = {
        name
        for port in ports
        if port.__module__ == lifecycle.__name__
        for name, method in vars(port).items()
        if getattr(method, "__annotations__", {}).get("return") == "None" and name[0] != "_"
    }
    assert changing - {name for names in OUTSIDE.values() for name in names} == set(
        STRUCK_ELSEWHERE
    )
