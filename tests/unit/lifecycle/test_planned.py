"""The plan of a referral is what happens when nothing comes: time passes, and it is held to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import Final

import pytest

from referral_core.adapters.memory.payer import PayerScript
from referral_core.domain.events import EventKind
from referral_core.domain.lifecycle import Party
from referral_core.domain.pathway import Pathway
from referral_core.domain.pause import PauseScope
from referral_core.domain.planned import Planned, PlannedAct
from referral_core.domain.updates import Cancel, OfferDeclined, PatientReplied, Role
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.planned import planned
from referral_core.pathways import pathway
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import (
    accepted,
    acknowledged,
    agreed,
    booked,
    notified,
    reason_of,
    reported,
    seen,
)
from tests.unit.fhir.orders import an_order
from tests.unit.lifecycle.test_pauses import a_pause
from tests.unit.lifecycle.work_item_worlds import STANDS_AT, a_world, care, of_order
from tests.unit.timelines.world import PathwayWorld

_A, _K = PlannedAct, EventKind
LEADS_TO: Final[Mapping[PlannedAct, frozenset[EventKind]]] = {
    _A.INFORMATION_ASKED_AGAIN: frozenset({_K.INFORMATION_REQUESTED}),
    _A.ROUTED_AGAIN: frozenset({_K.WAITLIST_RETRIED}),
    _A.CLINIC_REMINDED_TO_ANSWER: frozenset({_K.OFFER_REMINDED}),
    _A.ANOTHER_CLINIC_CHOSEN: frozenset({_K.OFFER_SILENT}),
    _A.PAYER_CLOCK_WARNED: frozenset({_K.AUTHORIZATION_CLOCK_WARNED}),
    _A.PATIENT_CONTACTED: frozenset({_K.PATIENT_CONTACTED, _K.CALL_DUE}),
    _A.CALL_TO_BE_MADE: frozenset({_K.CALL_OVERDUE, _K.NO_REPLY}),
    _A.SERIES_ENDS: frozenset({_K.PATIENT_NOT_REACHED, _K.WORK_ITEM_NEEDED}),
    _A.PATIENT_REMINDED: frozenset({_K.PATIENT_REMINDED}),
    _A.PATIENT_TOLD: frozenset({_K.PATIENT_TOLD}),
    _A.CLINIC_REMINDED_OF_REPORT: frozenset({_K.REPORT_REMINDED}),
    _A.PERSON_LOOKS: frozenset({_K.WORK_ITEM_OPENED}),
    _A.ITEM_DUE: frozenset({_K.WORK_ITEM_OVERDUE}),
}
"""What is recorded when a planned act's time comes."""


def plan(world: World) -> tuple[Planned, ...]:
    state = world.referrals.load(TENANT, REFERRAL)
    return planned(world.engine.case(state.referral), state.mailbox)


def acts(world: World) -> list[PlannedAct]:
    return [one.act for one in plan(world)]


def _after(*done: Callable[[World], None], script: PayerScript | None = None) -> World:
    world = a_world(script=script)
    for act in done:
        act(world)
    return world


def _declined(world: World) -> None:
    while world.referral.offer is not None:
        world.report(OfferDeclined, offer=world.referral.offers[-1].number)


def _seen_in_time(world: World) -> None:
    world.clock.move(timedelta(days=8))
    seen(world)


def _at_the_last_offer() -> World:
    """Every clinic but the last that may be asked has stayed silent."""
    world = World(pathways=_with_two_offers)
    world.accept("happy-path")
    world.settle()
    while len(world.referral.offers) < _MOST_OFFERS:
        world.wait()
    return world


_MOST_OFFERS: Final = 2


def _with_two_offers(pathway_id: str, version: int) -> Pathway:
    rules = pathway(pathway_id, version)
    return rules.but(offer=rules.offer.but(offers=_MOST_OFFERS))


def _at_the_last_wait() -> World:
    """Nobody had room so often that a person looks next."""
    world = _after(_declined)
    while reason_of(world) is None and not _is_last(world):
        world.wait()
    return world


def _is_last(world: World) -> bool:
    rules = world.engine.case(world.referral).rules.routing
    return world.referral.waitlist_tries >= rules.waitlist_tries


def _withdrawn_at_night() -> World:
    world = _after(accepted, agreed, booked)
    world.clock.move(timedelta(days=1, hours=13))
    world.report(OfferDeclined, reason="specialist-left")
    return world


SILENT: Final[Mapping[str, Callable[[], World]]] = {
    "a draft": lambda: of_order(an_order(status="draft")),
    "what is missing": lambda: a_world("missing-information"),
    "a waitlist": lambda: _after(_declined),
    "the last clinic's answer": _at_the_last_offer,
    "a waitlist for the last time": _at_the_last_wait,
    "a payer": lambda: _after(script=PayerScript(authorization="A4-then-A1")),
    "a clinic's answer": _after,
    "a clinic's answer, with a reminder": lambda: PathwayWorld("high-risk-cardiology"),
    "a patient's answer": lambda: _after(accepted),
    "a patient of high risk": lambda: _accepted_of("high-risk-cardiology"),
    "a patient who needs food": lambda: _accepted_of("social-need"),
    "a booking": lambda: _after(accepted, agreed),
    "a visit": lambda: _after(accepted, agreed, booked),
    "a morning, to say that the visit is off": _withdrawn_at_night,
    "a report": lambda: _after(accepted, agreed, booked, _seen_in_time),
    "a delivery": lambda: _after(accepted, agreed, booked, _seen_in_time, reported),
    "an acknowledgement": lambda: _after(
        accepted, agreed, booked, _seen_in_time, reported, notified
    ),
}


def _accepted_of(pathway: str) -> PathwayWorld:
    world = PathwayWorld(pathway)
    accepted(world)
    return world


@pytest.mark.parametrize("awaited", SILENT)
def test_what_is_planned_for_the_due_time_happens_then(awaited: str) -> None:
    world = SILENT[awaited]()
    for _ in range(25):
        if world.referral.is_closed:
            break
        due = world.referral.due_at
        then = [one for one in plan(world) if one.at == due]
        assert then, (awaited, world.referral.status_reason, due, plan(world))
        known = world.referral.version
        world.wait()
        came = {e.kind for e in world.referrals.events(TENANT, REFERRAL) if e.version > known}
        wanted = [LEADS_TO[one.act] for one in then if one.act in LEADS_TO]
        assert any(came & kinds for kinds in wanted), (awaited, then, came)


@pytest.mark.parametrize("reason", STANDS_AT)
def test_a_person_who_must_look_is_planned_with_the_team_and_until_when(reason: Reason) -> None:
    world = STANDS_AT[reason]()
    item = [one for one in plan(world) if one.acts is Party.STAFF and one.queue is not None]
    assert (world.referral.item_due_at, world.referral.queue) in [(i.at, i.queue) for i in item]


def test_a_plan_is_in_the_order_of_its_times() -> None:
    for stage in SILENT.values():
        times = [one.at for one in plan(stage())]
        assert times == sorted(times)


def test_the_whole_series_is_planned_with_its_channels() -> None:
    world = _after(accepted)
    channels = [one.channel for one in plan(world) if one.act is _A.PATIENT_CONTACTED]
    rest = world.engine.case(world.referral).rules.outreach.attempts[1:]
    assert channels == [a.channel for a in rest if a.channel != "email"]  # of which there is none
    called = [one for one in plan(world) if one.channel == "call"]
    assert {one.acts for one in called} == {Party.STAFF}
    outreach = [a for a in acts(world) if a in {_A.PATIENT_CONTACTED, _A.SERIES_ENDS}]
    assert outreach[-1] is _A.SERIES_ENDS


def test_a_clinic_that_is_to_be_reminded_is_asked_twice_before_another() -> None:
    world = PathwayWorld("high-risk-cardiology")
    of_offer = {_A.CLINIC_REMINDED_TO_ANSWER, _A.ANOTHER_CLINIC_CHOSEN}
    reminded = [_A.CLINIC_REMINDED_TO_ANSWER, _A.ANOTHER_CLINIC_CHOSEN]
    assert [act for act in acts(world) if act in of_offer] == reminded


def test_a_booked_visit_is_planned_with_its_reminders() -> None:
    world = _after(accepted, agreed, booked)
    assert _A.VISIT in acts(world)
    assert acts(world).index(_A.PATIENT_REMINDED) < acts(world).index(_A.VISIT)


def test_who_may_not_be_texted_is_planned_no_reminder() -> None:
    world = _after(accepted, agreed, booked)
    world.report(PatientReplied, reply="stop")
    assert _A.PATIENT_REMINDED not in acts(world)


def test_nothing_is_planned_of_a_closed_referral() -> None:
    world = _after(accepted, agreed, booked, _seen_in_time, reported, notified)
    assert acts(world)
    acknowledged(world)
    assert world.referral.is_closed
    assert plan(world) == ()


def test_after_the_last_clinic_that_may_be_asked_a_person_looks() -> None:
    (then,) = [one for one in plan(_at_the_last_offer()) if one.acts is Party.STAFF]
    assert (then.act, then.reason) == (_A.PERSON_LOOKS, Reason.NO_CANDIDATE)
    assert _A.ANOTHER_CLINIC_CHOSEN not in acts(_at_the_last_offer())


def test_after_the_last_wait_for_room_a_person_looks() -> None:
    then = [one.reason for one in plan(_at_the_last_wait()) if one.act is _A.PERSON_LOOKS]
    assert then == [Reason.NO_CANDIDATE]


@pytest.mark.parametrize(
    "stage", ["a clinic's answer", "a patient's answer", "a visit", "a report"]
)
def test_what_operations_hold_back_is_planned_so(stage: str) -> None:
    """Held when its wait ends, or already: then nothing else happens at the due time."""
    world = SILENT[stage]()
    a_pause(world, PauseScope.TENANT, TENANT)
    for _ in range(2):
        due = world.referral.due_at
        (then,) = [one for one in plan(world) if one.at == due and one.act is not _A.VISIT]
        assert then.act is _A.PAUSE_LOOKED_AT
        world.wait()
    assert world.referral.paused is not None


def test_a_pause_of_somebody_else_changes_no_plan() -> None:
    world = _after()
    before = plan(world)
    a_pause(world, PauseScope.CLINIC, "another-clinic")
    assert plan(world) == before
    a_pause(world, PauseScope.CLINIC, world.referral.offers[-1].organization)
    assert _A.PAUSE_LOOKED_AT in acts(world)


def test_people_go_on_under_a_pause_and_the_plan_says_so() -> None:
    world = STANDS_AT[Reason.PATIENT_WROTE]()
    a_pause(world, PauseScope.TENANT, TENANT)
    assert _A.ITEM_DUE in acts(world)


def test_a_message_about_the_end_is_planned_for_its_hour() -> None:
    world = _after(accepted)
    world.report(Cancel, role=Role.EHR)
    assert (_A.PATIENT_TOLD, world.referral.due_at) in [(p.act, p.at) for p in plan(world)]


PASSED: Final[Mapping[str, timedelta]] = {
    "an hour past its due time": timedelta(hours=1),
    "a month past it": timedelta(days=31),
    "past the year's backstop": timedelta(days=400),
}


@pytest.mark.parametrize("passed", PASSED)
@pytest.mark.parametrize("awaited", SILENT)
def test_nobody_looked_in_time_and_the_plan_still_says_who_acts(awaited: str, passed: str) -> None:
    """The watchdog is late: what was due is still what happens next, and it has its sentence."""
    world = _standing(awaited)
    state = world.referrals.load(TENANT, REFERRAL)
    late = state.referral.due_at + PASSED[passed]
    case = world.engine.case(state.referral)
    found = planned(case.at(state.referral, late, late + timedelta(minutes=15)), state.mailbox)
    assert found, awaited
    assert min(one.at for one in found) <= late
    assert all(one.says and one.acts for one in found)
    assert [one.at for one in found] == sorted(one.at for one in found)


@cache
def _standing(awaited: str) -> World:
    return SILENT[awaited]()


@pytest.mark.parametrize(
    "reason", [Reason.PATIENT_WROTE, Reason.NO_CANDIDATE, Reason.AUTHORIZATION_DENIED]
)
def test_an_item_that_is_put_off_is_planned_to_be_shown_and_to_be_decided(reason: Reason) -> None:
    world = STANDS_AT[reason]()
    until = world.clock.now() + timedelta(hours=2)
    care(world, "snooze", until=until)
    assert (_A.ITEM_AWAKES, until) in [(one.act, one.at) for one in plan(world)]
    (due,) = [one for one in plan(world) if one.act is _A.ITEM_DUE]
    assert (due.queue, due.acts) == (world.referral.queue, Party.STAFF)


def test_a_person_is_planned_to_ask_about_an_order_on_hold() -> None:
    world = of_order(an_order(status="on-hold"))
    assert _A.PERSON_LOOKS in acts(world)
