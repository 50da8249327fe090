"""Nothing that a patient says is shown to nobody: at every status, in every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from referral_core.domain.lifecycle import Queue, Step
from referral_core.domain.updates import Cancel, ChangedPart, Role
from referral_core.domain.work_items import Reason
from tests.in_memory import World
from tests.partner_actions import (
    acknowledged,
    notified,
    patient_told,
    reason_of,
    reported,
)
from tests.unit.lifecycle.test_authorization_revised import says
from tests.unit.lifecycle.test_order_changes import WAITS, put
from tests.unit.lifecycle.work_item_worlds import STANDS_AT, a_world, call, decide, reply


def asked_again(*_: Any) -> None:
    raise AssertionError("the payer is asked again")


def reported_on() -> World:
    world = STANDS_AT[Reason.PATIENT_WROTE_UNASKED]()
    decide(world, "keep-waiting")
    reported(world)
    return world


def ending() -> World:
    world = a_world()
    world.report(Cancel, role=Role.EHR)
    return world


_ASKED: Final = {Step.CONTACT_PATIENT, Step.AWAIT_VISIT}
UNASKED: Final[Mapping[str, Callable[[], World]]] = {
    **{step.value: make for step, make in WAITS.items() if step not in _ASKED},
    "the referrer is told": reported_on,
    "the referral is cancelled": ending,
}


@pytest.mark.parametrize("name", UNASKED)
@pytest.mark.parametrize("said", ["other", "no", "another-time"])
def test_what_is_said_unasked_is_read_at_once_and_the_referral_goes_on_as_it_was(
    name: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = UNASKED[name]()
    before, asked = world.referral, len(world.referral.notices)
    told = list(world.clinics.reminded)
    monkeypatch.setattr(world.payer, "submit", asked_again)
    reply(world, said)
    assert reason_of(world) is Reason.PATIENT_WROTE_UNASKED
    assert world.referral.queue is Queue.CONTACT_CENTER
    decide(world, "keep-waiting")
    after = world.referral
    assert after.work_item is None
    assert (after.status, after.current_step) == (before.status, before.current_step)
    # Nobody is asked, told or reminded again for it.
    assert len(after.notices) == asked
    assert world.clinics.reminded == told


@pytest.mark.parametrize("name", UNASKED)
def test_a_stop_is_one_and_opens_nothing(name: str) -> None:
    world = UNASKED[name]()
    reply(world, "stop")
    assert world.referral.opted_out
    assert world.referral.work_item is None


def test_a_yes_while_the_referral_ends_is_read() -> None:
    world = ending()
    reply(world, "yes")
    assert reason_of(world) is Reason.PATIENT_WROTE_UNASKED


def test_a_yes_of_who_was_seen_says_nothing() -> None:
    world = WAITS[Step.VERIFY_CLOSURE]()
    reply(world, "yes")
    assert world.referral.work_item is None


@pytest.mark.parametrize(
    ("result", "is_read"),
    [("declined", True), ("another-time", True), ("agreed", True), ("voicemail", False)],
)
def test_what_staff_hear_after_the_visit_is_read(result: str, *, is_read: bool) -> None:
    world = WAITS[Step.VERIFY_CLOSURE]()
    call(world, result)
    assert (reason_of(world) is Reason.PATIENT_WROTE_UNASKED) is is_read


@pytest.mark.parametrize("reason", [Reason.NO_CANDIDATE, Reason.REPORT_OVERDUE, Reason.FAULT])
def test_whoever_looks_at_something_else_is_told_that_the_patient_wrote(reason: Reason) -> None:
    world = STANDS_AT[reason]()
    for _ in range(2):
        reply(world, "other")
        assert world.referral.status_reason.count("The patient wrote meanwhile") == 1
    assert reason_of(world) is reason


def test_what_came_while_a_person_looked_at_something_else_is_read_next() -> None:
    world = STANDS_AT[Reason.REPORT_OVERDUE]()
    reply(world, "other")
    decide(world, "keep-waiting")
    assert reason_of(world) is Reason.PATIENT_WROTE_UNASKED


def test_nothing_is_closed_over_what_a_patient_wrote() -> None:
    world = STANDS_AT[Reason.PATIENT_WROTE_UNASKED]()
    reported(world)
    assert reason_of(world) is Reason.PATIENT_WROTE_UNASKED
    decide(world, "keep-waiting")
    for act in (notified, acknowledged, patient_told):
        act(world)
    assert world.referral.is_closed


@pytest.mark.parametrize("verdict", ["denied", "needs-review"])
def test_a_payers_word_hides_no_words_of_the_patient(verdict: str) -> None:
    world = WAITS[Step.REQUEST_AUTHORIZATION]()
    reply(world, "no")
    says(world, verdict)
    assert reason_of(world) is not Reason.PATIENT_WROTE_UNASKED
    assert world.referral.status_reason.endswith("The patient wrote meanwhile; read it.")


def test_a_new_version_after_the_visit_hides_no_words_of_the_patient() -> None:
    world = WAITS[Step.VERIFY_CLOSURE]()
    reply(world, "no")
    put(world, ChangedPart.STATUS)
    assert reason_of(world) is Reason.ORDER_CHANGED
    assert world.referral.status_reason.endswith("The patient wrote meanwhile; read it.")


def test_an_item_that_is_overdue_still_says_that_the_patient_wrote() -> None:
    world = STANDS_AT[Reason.NO_CANDIDATE]()
    reply(world, "other")
    world.wait()
    assert world.referral.status_reason.startswith("Overdue.")
    assert world.referral.status_reason.endswith("The patient wrote meanwhile; read it.")
