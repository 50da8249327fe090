"""Which wait an update resolves, whenever it comes; what is posted twice; who wrote first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain.change import change
from referral_core.domain.effects import StorePayload
from referral_core.domain.errors import Conflict, NotLegal, VersionMoved
from referral_core.domain.events import EventKind
from referral_core.domain.lifecycle import End, Status, Step
from referral_core.domain.mailbox import Wait
from referral_core.domain.updates import (
    AppointmentBooked,
    DeadlinePassed,
    DecisionMade,
    InformationSupplied,
    OfferAccepted,
    Role,
    WorkItemUpdated,
)
from referral_core.domain.work_items import Reason
from referral_core.domain.writes import Commit
from referral_core.lifecycle.engine.apply_update import Receipt, apply_update
from referral_core.lifecycle.engine.process_due import DueResult, process_due
from referral_core.lifecycle.engine.run_step import run_step
from referral_core.lifecycle.step import StepInput
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import TO_THE_END, accepted
from tests.unit.lifecycle.work_item_worlds import STANDS_AT, a_world, decide


def wait_of(world: World) -> Wait:
    wait = world.referrals.load(TENANT, REFERRAL).mailbox.open_wait
    assert wait is not None
    return wait


def post(world: World, update: Any, **fields: Any) -> Receipt:
    return apply_update(world.engine, TENANT, REFERRAL, update, **fields)


# --- deadlines ------------------------------------------------------------------------------------


def test_the_deadline_of_another_wait_moves_nothing() -> None:
    # Given a wait whose time is up
    world = a_world()
    wait, before = wait_of(world), world.referral
    world.clock.move_to(wait.deadline)
    # When the deadline of another wait comes, Then nothing moves; with its own, it does
    another = world.update(DeadlinePassed, wait=f"{wait.id}0")
    assert post(world, another) is Receipt.DUPLICATE
    assert world.referral == before
    assert post(world, world.update(DeadlinePassed, wait=wait.id)) is not Receipt.DUPLICATE
    assert world.referral.version > before.version


def test_a_deadline_before_its_time_moves_nothing() -> None:
    world = a_world()
    wait, before = wait_of(world), world.referral
    world.clock.move_to(wait.deadline - timedelta(seconds=1))
    assert post(world, world.update(DeadlinePassed, wait=wait.id)) is Receipt.DUPLICATE
    assert world.referral == before


def test_a_referral_that_is_not_due_is_left_alone() -> None:
    world = a_world()
    before = world.referral
    assert before.due_at > world.clock.now()
    assert process_due(world.engine, TENANT, REFERRAL) is DueResult.NOT_DUE
    assert world.referral == before


# --- what came early ------------------------------------------------------------------------------


def test_what_resolves_a_wait_before_the_step_asks_is_not_asked_for() -> None:
    # Given a booking that comes while the clinic's acceptance is still awaited
    world = a_world()
    start = world.clock.now() + timedelta(days=7)
    assert post(world, world.update(AppointmentBooked, start=start)) is Receipt.PENDING
    # When the clinic accepts, Then the patient is not written to: the visit is booked
    accepted(world)
    assert world.referral.status is Status.SCHEDULED
    assert world.messenger.sent == []


def test_an_acceptance_that_comes_while_the_offer_is_sent_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Given a clinic that accepts before the router has recorded that it sent the offer
    world = World()
    world.accept("happy-path")
    receipts: list[Receipt] = []
    send = world.clinics.offer

    def answered_at_once(*arguments: Any, **named: Any) -> Any:
        sent = send(*arguments, **named)
        receipts.append(post(world, world.update(OfferAccepted, offer=1)))
        return sent

    monkeypatch.setattr(world.clinics, "offer", answered_at_once)
    # When the offer is sent, Then the acceptance waits for the wait, and resolves it
    world.settle()
    assert receipts == [Receipt.PENDING]
    assert world.referral.status is Status.CONTACTING_PATIENT


def test_a_decision_about_an_item_that_is_no_more_is_recorded_and_decides_nothing() -> None:
    # Given two who decide about the same item at once
    world = STANDS_AT[Reason.FAULT]()
    item = world.referral.work_item
    assert item is not None
    first, second = (
        world.update(DecisionMade, role=Role.STAFF, action="retry", item=item.opened_at)
        for _ in range(2)
    )
    assert post(world, first) is Receipt.RESOLVED
    assert post(world, second) is Receipt.PENDING
    # When the next item is open, Then the second decision is on record and decides nothing of it
    world.clock.move(timedelta(minutes=1))
    world.settle()
    following = world.referral.work_item
    assert following is not None
    assert following.opened_at > item.opened_at
    events = world.referrals.events(TENANT, REFERRAL)
    (unusable,) = (e for e in events if e.kind is EventKind.UPDATE_UNUSABLE)
    assert unusable.update == second.id


# --- what is posted twice, or of an old version ---------------------------------------------------


def test_what_is_done_already_is_a_duplicate_although_it_is_possible_no_more() -> None:
    # Given an item that was claimed and then decided about
    world = STANDS_AT[Reason.PATIENT_WROTE]()
    claim = world.update(WorkItemUpdated, role=Role.STAFF, act="claim")
    assert post(world, claim) is Receipt.RECORDED
    decide(world, "close:patient-declined")
    assert world.referral.work_item is None
    assert not world.referral.is_closed
    # When the claim is posted again, Then it is done; a new one is not possible
    assert post(world, claim) is Receipt.DUPLICATE
    with pytest.raises(NotLegal):
        post(world, world.update(WorkItemUpdated, role=Role.STAFF, act="claim"))


def test_a_version_that_its_sender_never_saw_is_not_replaced() -> None:
    world = a_world()
    before = world.referral
    supplied = world.update(InformationSupplied, role=Role.EHR)
    with pytest.raises(VersionMoved):
        post(world, supplied, known_version=before.payload_version + 1)
    assert world.referral == before
    assert post(world, supplied, known_version=before.payload_version) is not Receipt.DUPLICATE


def test_the_content_of_a_closed_referral_stays_as_it_was() -> None:
    world = a_world()
    for act in TO_THE_END:
        act(world)
    before = world.referral
    content = world.referrals.payload(before)
    supplied = world.update(InformationSupplied, role=Role.EHR)
    receipt = post(world, supplied, effects=(StorePayload(body=b"{}"),))
    assert receipt is Receipt.LATE
    assert world.referral.payload_version == before.payload_version
    assert world.referrals.payload(world.referral) == content


# --- other writers --------------------------------------------------------------------------------


class Contended(MemoryReferrals):
    """A record in which another writer is first, as often as it is set to."""

    others = 0

    def commit(self, commit: Commit) -> None:
        if self.others:
            self.others -= 1
            raise Conflict("Another writer was first.")
        super().commit(commit)


def test_an_update_that_other_writers_were_before_is_written_after_them() -> None:
    referrals = Contended()
    world = World(referrals=referrals)
    world.accept("happy-path")
    world.settle()
    referrals.others = 3
    acceptance = world.update(OfferAccepted, offer=1)
    assert post(world, acceptance) is Receipt.RESOLVED
    assert referrals.others == 0
    assert referrals.has_update(TENANT, REFERRAL, acceptance.id)


# --- entries of a step: once more, or too late ----------------------------------------------------


def entry(step: Step, token: str | None = None) -> StepInput:
    return StepInput(tenant=TENANT, referral_id=REFERRAL, run=1, step=step, token=token)


def test_a_new_try_of_a_step_takes_its_wait_over_and_asks_nobody_again() -> None:
    # Given a clinic that was asked, and a state machine that tries the state once more
    world = a_world()
    wait = wait_of(world)
    world.clinics.offers.clear()
    assert run_step(world.engine, entry(Step.OFFER_REFERRAL, "another-token")) is None
    # Then the same wait has the new token, and the clinic is not asked again
    assert wait_of(world) == wait.but(token="another-token")
    assert world.clinics.offers == {}


def test_a_step_of_an_older_run_does_nothing() -> None:
    # Given a referral whose second run is at work
    world = a_world()
    state = world.referrals.load(TENANT, REFERRAL)
    restarted = change(
        state.referral,
        EventKind.RUN_RESTARTED,
        at=world.clock.now(),
        actor="router",
        status_reason="A new run resumes it.",
        due_at=state.referral.due_at,
        run=2,
    )
    world.referrals.commit(Commit(change=restarted, mailbox_before=state.mailbox))
    before = world.referrals.load(TENANT, REFERRAL)
    # When the first run enters a step, Then nothing is asked and nothing written
    world.clinics.offers.clear()
    assert run_step(world.engine, entry(Step.OFFER_REFERRAL)) is End.SUPERSEDED
    assert world.referrals.load(TENANT, REFERRAL) == before
    assert world.clinics.offers == {}


@pytest.mark.parametrize("step", [s for s in Step if s is not Step.CLOSE_REFERRAL])
def test_a_step_of_a_closed_referral_does_nothing(step: Step) -> None:
    world = a_world()
    for act in TO_THE_END:
        act(world)
    before = world.referrals.load(TENANT, REFERRAL)
    assert run_step(world.engine, entry(step)) is End.SUPERSEDED
    assert run_step(world.engine, entry(Step.CLOSE_REFERRAL)) is End.CLOSED
    assert world.referrals.load(TENANT, REFERRAL) == before
