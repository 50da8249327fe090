"""A clinic that closes with visits booked: a person asks about each, once, and no patient is told.

What the entry says reaches the outbox by its two images, and each share of those booked by a
message; here the three are joined as the stream joins them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any, Final

import pytest

from referral_core.adapters.aws.dynamodb.attributes import plain
from referral_core.adapters.aws.dynamodb.directory import config_item
from referral_core.adapters.aws.dynamodb.openings import closings_in
from referral_core.adapters.memory.directory_store import MemoryDirectoryStore
from referral_core.domain.access.principal import Principal
from referral_core.domain.directory import Practitioner
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Queue, Step
from referral_core.domain.referral import Appointment
from referral_core.domain.run import CLOSING_SHARES, ClosingRequest
from referral_core.domain.updates import Role, UpdateKind
from referral_core.domain.work_items import Reason
from referral_core.entrypoints.waitlist import WaitlistService
from referral_core.lifecycle.reactions.appointment import is_booked
from referral_core.lifecycle.routing import closings
from referral_core.lifecycle.routing.capacity_changes import CapacityChange, change_capacity
from referral_core.lifecycle.routing.closings import look_at_booked
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import accepted, agreed, booked, reason_of
from tests.unit.lifecycle.work_item_worlds import a_world, decide, reply

_DAY: Final = timedelta(days=1)


def with_a_visit() -> World:
    world = a_world()
    for act in (accepted, agreed, booked):
        act(world)
    return world


def visit_of(world: World) -> Appointment:
    visit = world.referral.appointment
    assert visit is not None
    return visit


def day_of(world: World) -> date:
    return visit_of(world).start.date()


def entries(world: World) -> list[Practitioner]:
    return list(world.directory.entries_of(TENANT, world.referral.offers[-1].npi))


def said_by_the_clinic(world: World, change: CapacityChange) -> None:
    clinic = world.referral.offers[-1]
    by = Principal(
        client_id="c1", tenant=TENANT, role=Role.CLINIC, organization=clinic.organization
    )
    store = MemoryDirectoryStore(world.referrals)
    change_capacity(world.engine, store, by, clinic.npi, change)


def asked_by(before: Practitioner, after: Practitioner | None) -> list[ClosingRequest]:
    """Return what the outbox asks by the two images of an entry."""
    new = plain(config_item(after)) if after is not None else None
    return list(closings_in(plain(config_item(before)), new))


def serve(world: World, requests: list[ClosingRequest]) -> int:
    service = WaitlistService(world.engine, MemoryDirectoryStore(world.referrals))
    told = sum(service.serve(asdict(request)) for request in requests)
    world.settle()
    return told


def closes(world: World, change: CapacityChange) -> list[ClosingRequest]:
    (before,) = entries(world)
    said_by_the_clinic(world, change)
    (after,) = entries(world)
    requests = asked_by(before, after)
    serve(world, requests)
    return requests


def leave(world: World, first: int, last: int | None, **fields: Any) -> CapacityChange:
    """Return leave by days before (after) the day of the visit."""
    day = day_of(world)
    return CapacityChange(
        first_day=day + first * _DAY,
        last_day=None if last is None else day + last * _DAY,
        places=0,
        **fields,
    )


CLOSED: Final[Mapping[str, Callable[[World], CapacityChange]]] = {
    "that day": lambda world: leave(world, 0, 0),
    "leave over the day": lambda world: leave(world, -2, 3),
    "until further notice": lambda world: leave(world, -1, None),
}


@pytest.mark.parametrize("name", CLOSED)
def test_a_person_asks_about_a_visit_on_a_day_when_nobody_is_seen(name: str) -> None:
    world = with_a_visit()
    sent, notices = len(world.messenger.sent), world.referral.notices
    closes(world, CLOSED[name](world))
    assert reason_of(world) is Reason.CLINIC_CLOSED
    (entry,) = entries(world)
    assert entry.name in world.referral.status_reason
    assert day_of(world).isoformat() in world.referral.status_reason
    assert world.referral.queue is Queue.CONTACT_CENTER
    item = world.referral.work_item
    assert item is not None
    assert item.due_at is not None
    assert item.due_at <= visit_of(world).start
    # Whether it takes place the clinic says: until then it stands, and nobody says otherwise.
    assert is_booked(world.referral)
    assert len(world.messenger.sent) == sent
    assert world.referral.notices == notices


@pytest.mark.parametrize(
    "open_on_the_day",
    [
        lambda world: leave(world, 1, 5),
        lambda world: leave(world, -3, -1),
        lambda world: leave(world, -2, 3, visits_stand=True),
        lambda world: leave(world, -2, 3).but(places=1),
    ],
    ids=["after it", "before it", "no new patients", "fewer places"],
)
def test_a_visit_on_a_day_when_people_are_seen_stands(
    open_on_the_day: Callable[[World], CapacityChange],
) -> None:
    world = with_a_visit()
    version = world.referral.version
    closes(world, open_on_the_day(world))
    assert reason_of(world) is None
    assert world.referral.version == version


def test_no_new_patients_by_a_fact_touches_nobody_who_is_booked() -> None:
    world = with_a_visit()
    (entry,) = entries(world)
    assert asked_by(entry, entry.but(accepting=False, weekly_capacity=0)) == []


@pytest.mark.parametrize("gone", ["removed", "moved"])
def test_who_leaves_the_directory_is_asked_about(gone: str) -> None:
    world = with_a_visit()
    (entry,) = entries(world)
    others = tuple(r for r in world.directory._records if r != entry)
    after = entry.but(organization="elsewhere") if gone == "moved" else None
    world.directory._records = (*others, after) if after else others
    serve(world, asked_by(entry, after))
    assert reason_of(world) is Reason.CLINIC_CLOSED
    assert entry.npi in world.referral.status_reason
    assert day_of(world).isoformat() in world.referral.status_reason


def test_it_is_said_once_however_often_the_messages_come() -> None:
    world = with_a_visit()
    requests = closes(world, leave(world, 0, 0))
    assert serve(world, requests) == 0
    decide(world, "keep-waiting")
    assert serve(world, requests) == 0
    assert reason_of(world) is None
    assert is_booked(world.referral)
    # And the same days said again are no other closure
    closes(world, leave(world, 0, 0))
    assert reason_of(world) is None


def test_another_closure_is_asked_about_though_the_first_was_let_stand() -> None:
    world = with_a_visit()
    closes(world, leave(world, 0, 0))
    decide(world, "keep-waiting")
    world.clock.move(timedelta(hours=1))
    closes(world, leave(world, -1, None))
    assert reason_of(world) is Reason.CLINIC_CLOSED


def test_what_comes_while_a_person_looks_at_something_else_is_seen_next() -> None:
    world = with_a_visit()
    reply(world, "other")
    closes(world, leave(world, 0, 0))
    assert reason_of(world) is Reason.PATIENT_WROTE
    decide(world, "keep-waiting")
    assert reason_of(world) is Reason.CLINIC_CLOSED


def test_a_visit_that_the_clinic_moves_out_of_it_settles_it() -> None:
    world = with_a_visit()
    closes(world, leave(world, 0, 0))
    booked(world, days=9)
    assert reason_of(world) is None


def test_a_visit_that_the_clinic_books_on_such_a_day_is_asked_about_before_any_reminder() -> None:
    world = with_a_visit()
    closes(world, leave(world, 1, 3))
    assert reason_of(world) is None
    booked(world, days=9)
    assert reason_of(world) is Reason.CLINIC_CLOSED


def test_a_closure_that_is_taken_back_is_none_any_more() -> None:
    world = with_a_visit()
    said_by_the_clinic(world, leave(world, 1, 3))
    said_by_the_clinic(world, leave(world, 1, 3).but(places=2))
    (entry,) = entries(world)
    assert entry.closures == ()


@pytest.mark.parametrize(
    ("opened", "closed"),
    [
        ((-1, None), [(-4, -2)]),
        ((2, 9), [(-4, 1)]),
        ((-9, -3), [(-2, 5)]),
        ((0, 1), [(-4, -1), (2, 5)]),
        ((-4, 5), []),
        ((6, 9), [(-4, 5)]),
    ],
)
def test_only_what_is_left_of_a_closure_stays_closed(
    opened: tuple[int, int | None], closed: list[tuple[int, int]]
) -> None:
    world = with_a_visit()
    said_by_the_clinic(world, leave(world, -4, 5))
    said_by_the_clinic(world, leave(world, *opened).but(places=2))
    (entry,) = entries(world)
    day = day_of(world)
    left = [(day + first * _DAY, day + last * _DAY) for first, last in closed]
    assert [(c.first_day, c.last_day) for c in entry.closures] == left


def test_who_was_closed_until_further_notice_is_open_from_the_day_it_says() -> None:
    world = with_a_visit()
    said_by_the_clinic(world, leave(world, -2, None))
    said_by_the_clinic(world, leave(world, 0, None).but(places=2))
    booked(world, days=9)
    assert reason_of(world) is None
    (entry,) = entries(world)
    assert entry.sees_on(day_of(world) + 30 * _DAY)


def test_who_has_no_visit_there_is_left_alone() -> None:
    world = a_world()
    accepted(world)
    (entry,) = entries(world)
    version = world.referral.version
    world.directory._records = tuple(r for r in world.directory._records if r != entry)
    assert serve(world, asked_by(entry, None)) == 0
    assert world.referral.version == version


class FiveThousand:
    """Who holds places of a clinic with five thousand visits."""

    def holders(self, _tenant: Any, _npi: str, _weeks: Any) -> list[ReferralId]:
        return [ReferralId(f"{n:032x}") for n in range(5000)]


def test_five_thousand_visits_are_shared_among_messages_and_each_is_one_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[list[str]] = []
    world = with_a_visit()
    monkeypatch.setattr(closings, "_tell", lambda _engine, _request, one: told[-1].append(one) or 1)
    (entry,) = entries(world)
    for request in asked_by(entry, None):
        told.append([])
        assert look_at_booked(world.engine, FiveThousand(), request) == len(told[-1])
    assert len(told) == CLOSING_SHARES
    assert max(map(len, told)) < 800
    assert sorted(one for share in told for one in share) == FiveThousand().holders(0, "", ())


def test_the_closure_itself_names_no_step_but_the_visit() -> None:
    world = with_a_visit()
    accepts = {s for s, step in world.engine.steps.items() if _accepts(step, world)}
    assert accepts == {Step.AWAIT_VISIT, Step.VERIFY_CLOSURE}


def _accepts(step: Any, world: World) -> bool:
    referral = world.referrals.load(TENANT, REFERRAL).referral
    return UpdateKind.CLINIC_CLOSED in step.accepted_updates(referral)
