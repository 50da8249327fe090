"""A sample of the kill runs, and that they find what is there."""

from __future__ import annotations

import pytest

from referral_core.ports import lifecycle
from tests.simulation.kill_runs import OUTSIDE, SAMPLES, Blow, Struck, findings, played, wrong_with

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
