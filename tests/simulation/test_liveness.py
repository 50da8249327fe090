"""Nothing can stand still unseen: the machine check of liveness.

Every place (status and step) that a referral of any pathway comes to in any branch is visited, the
run is killed right there, and then either nobody says anything, or everybody answers.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import NamedTuple

import pytest

from referral_core.domain.lifecycle import LEGAL, RESPONSIBLE, Party, Queue, Status, Step
from referral_core.domain.referral import Referral
from referral_core.domain.updates import AppointmentFulfilled, AuthorizationDecided
from referral_core.domain.work_items import WORK_ITEM_POLICIES, Reason
from referral_core.domain.writes import Commit
from referral_core.pathways import pathways
from tests.partner_actions import accepted, acknowledged, notified
from tests.unit.timelines.branches import branches_of
from tests.unit.timelines.world import ORDERS, PathwayWorld, order

OPEN = [status for status in Status if status is not Status.CLOSED]
_MOST_SILENCE = timedelta(days=120)
_MOST_DEADLINES = 100
_MOST_ANSWERS = 60


class Place(NamedTuple):
    status: Status
    current_step: Step


class Killed(BaseException):
    """The worker died right after a write: no handler of the product sees it."""


def place_of(referral: Referral) -> Place:
    return Place(referral.status, referral.current_step)


@cache
def places(pathway_id: str) -> dict[Place, str]:
    """Return every place that a pathway's referrals come to, and a branch that leads there."""
    found: dict[Place, str] = {}
    for name, play in branches_of(pathway_id).items():
        for _, after in play(pathway_id).passed:
            if not after.is_closed:
                found.setdefault(place_of(after), name)
    return found


def brought_to(place: Place, pathway_id: str, monkeypatch: pytest.MonkeyPatch) -> PathwayWorld:
    """Return a world whose referral has just come to the place, with no active execution."""
    worlds: list[PathwayWorld] = []
    accept = PathwayWorld.settle

    def settle(world: PathwayWorld) -> None:
        if not worlds:
            worlds.append(world)
            commit = world.referrals.commit

            def deadly(one: Commit) -> None:
                commit(one)
                if place_of(one.change.after) == place:
                    raise Killed

            world.referrals.commit = deadly  # type: ignore[method-assign]
        if place_of(world.referral) == place:
            raise Killed  # where intake puts it: the start was lost
        accept(world)

    with monkeypatch.context() as patch:
        patch.setattr(PathwayWorld, "settle", settle)
        with pytest.raises(Killed):
            branches_of(pathway_id)[places(pathway_id)[place]](pathway_id)
    (world,) = worlds
    world.referrals.commit = type(world.referrals).commit.__get__(world.referrals)  # type: ignore[method-assign]
    for name in list(world.machine.executions):
        world.machine.stop(name)
    return world


@pytest.mark.parametrize("pathway_id", ORDERS)
def test_every_open_status_is_visited(pathway_id: str) -> None:
    rules = next(p for p in pathways().values() if p.id == pathway_id)
    never = {Status.AUTHORIZATION_DENIED_REVIEW} if rules.authorization.policy == "none" else set()
    if "priority" in ORDERS[pathway_id]:
        never.add(Status.WAITLISTED)  # what is urgent goes to a person at once
    assert {place.status for place in places(pathway_id)} == set(OPEN) - never


@pytest.mark.parametrize("status", OPEN)
def test_every_open_status_has_one_owner_and_a_way_to_the_end(status: Status) -> None:
    assert isinstance(RESPONSIBLE[status].queue, Queue)
    assert Status.CLOSED in LEGAL[status]
    reached, before = {status}, set[Status]()
    while reached != before:
        before, reached = reached, reached.union(*(LEGAL[s] for s in reached))
    assert set(OPEN) - {Status.RECEIVED} <= reached or status is Status.CANCEL_REQUESTED


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_team_and_something_that_moves_it(reason: Reason) -> None:
    policy = WORK_ITEM_POLICIES[reason]
    assert isinstance(policy.queue, Queue)
    # How it ends is decided already, the visit took place, or a clinician reads first.
    of_the_end = {
        Reason.CRITICAL_RESULT,
        Reason.PATIENT_NOT_TOLD,
        Reason.ENDING_CONTRADICTED,
        Reason.AUTHORIZATION_DENIED_LATE,
    }
    assert bool(policy.closes) is (reason not in of_the_end)
    assert policy.actions or reason is Reason.FAULT


@pytest.mark.parametrize("pathway_id", ORDERS)
def test_in_silence_a_person_sees_it(pathway_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in places(pathway_id):
        world = brought_to(place, pathway_id, monkeypatch)
        end = world.clock.now() + _MOST_SILENCE
        for _ in range(_MOST_DEADLINES):
            _has_one_owner_and_a_live_due_time(world)
            if world.referral.waits_for is Party.STAFF and world.referral.work_item:
                break
            if place.current_step is Step.CLOSE_REFERRAL and world.referral.is_closed:
                break  # everything was verified before: nobody needs to look
            world.wait()
        if place.current_step is Step.CLOSE_REFERRAL:
            assert world.referral.is_closed
            continue
        item = world.referral.work_item
        assert item, f"{place}: {world.referral.status_reason}"
        assert item.actions
        assert world.clock.now() < end, f"{place}: seen by nobody for {_MOST_SILENCE}"


@pytest.mark.parametrize("pathway_id", ORDERS)
def test_with_answers_it_ends(pathway_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in places(pathway_id):
        world = brought_to(place, pathway_id, monkeypatch)
        for _ in range(_MOST_ANSWERS):
            if world.referral.is_closed:
                break
            _answer(world)
        ended = world.referral
        assert ended.is_closed, (
            f"{place}: {ended.status} {ended.current_step}: {ended.status_reason}"
        )
        assert ended.outcome is not None


def _has_one_owner_and_a_live_due_time(world: PathwayWorld) -> None:
    referral = world.referral
    assert referral.is_closed or isinstance(referral.queue, Queue)
    known = [found for _, found in world.referrals.due(referral.due_at, 10)]
    assert referral.is_closed or known == [referral.id], (
        "the due index has it at its due time, once"
    )


# --- everybody answers -----------------------------------------------------------------------


def _answer(world: PathwayWorld) -> None:
    """Let whoever is waited for answer as they usually do; when nobody is, time passes."""
    wait = world.referrals.load(world.referral.tenant, world.referral.id).mailbox.open_wait
    if wait is None or (wait.step is Step.CONTACT_PATIENT and world.referral.is_ending):
        world.wait()  # the patient is told of the end, and nothing is asked
        return
    _ANSWERS[wait.step](world)


def _supply(world: PathwayWorld) -> None:
    world.supplies(order(world.referral.pathway))


def _make_room(world: PathwayWorld) -> None:
    world.clinics_named(world.specialty)
    world.wait()


def _authorize(world: PathwayWorld) -> None:
    known = world.referral.authorization
    assert known is not None
    world.report(AuthorizationDecided, trace=known.trace, verdict="approved", review_action="A1")


def _visit(world: PathwayWorld) -> None:
    visit = world.referral.appointment
    if visit is None or visit.status != "booked":
        world.clinic_books()
    else:
        world.patient_is_seen()


def _close(world: PathwayWorld) -> None:
    notice = world.referral.notice
    if notice is None:
        world.reports()
    elif notice.delivered_at is None:
        notified(world)
    else:
        acknowledged(world)


def _decide(world: PathwayWorld) -> None:
    """Take the first action that people would: what lets the referral go on."""
    item = world.referral.work_item
    assert item is not None
    if item.reason is Reason.MISSING_INFORMATION:
        _supply(world)
        return
    if (
        item.reason is Reason.NO_CANDIDATE
        and len(world.referral.offers) >= world.rules.offer.offers
    ):
        world.decide("close:no-provider-available")
        return
    if item.reason in _CLINIC_SETTLES:
        _CLINIC_SETTLES[item.reason](world)
        return
    if item.reason is Reason.NOT_ELIGIBLE:
        world.decide("self-pay", fee_class="B")
        return
    if "patient-agreed" in item.actions:
        world.decide("patient-agreed")
        return
    wanted = (
        *("sign-off", "enter-authorization", "acknowledged-by-phone", "self-pay", "retry"),
        *("patient-told", "keep-waiting"),
    )
    action = next(a for a in wanted if a in item.actions)
    if action == "enter-authorization":
        _authorize(world)
        return
    world.clinics_named(world.specialty)
    world.decide(action, **({"fee_class": "A"} if action == "self-pay" else {}))


_CLINIC_SETTLES: dict[Reason, Callable[[PathwayWorld], None]] = {
    Reason.NOT_BOOKED: lambda world: world.clinic_books(),
    Reason.VISIT_UNCONFIRMED: lambda world: world.report(AppointmentFulfilled) and None,
    Reason.REPORT_OVERDUE: lambda world: world.reports(),
    Reason.NOTICE_UNDELIVERED: notified,
    Reason.CLOSING_SIGN_OFF: lambda world: world.decide("sign-off"),
}
_ANSWERS: dict[Step, Callable[[PathwayWorld], None]] = {
    Step.CHECK_READINESS: _supply,
    Step.ROUTE_REFERRAL: _make_room,
    Step.REQUEST_AUTHORIZATION: _authorize,
    Step.OFFER_REFERRAL: accepted,
    Step.CONTACT_PATIENT: lambda world: world.patient_says("yes", "agreed"),
    Step.AWAIT_VISIT: _visit,
    Step.VERIFY_CLOSURE: _close,
    Step.OPEN_WORK_ITEM: _decide,
}
