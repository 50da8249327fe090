"""A clinic says how many places there are: more wakes who waits, fewer gives offers back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from referral_core.adapters.memory.directory_store import MemoryDirectoryStore
from referral_core.domain.access.principal import Principal
from referral_core.domain.errors import Forbidden, NotFound
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.referral import Referral
from referral_core.domain.routing.capacity import first_day, weeks_from
from referral_core.domain.terminology import Priority
from referral_core.domain.updates import Role
from referral_core.domain.writes import NoCapacity
from referral_core.lifecycle.engine.commit import commit_of
from referral_core.lifecycle.engine.run_step import run_step
from referral_core.lifecycle.routing.capacity_changes import CapacityChange, change_capacity
from referral_core.lifecycle.step import StepInput
from tests.in_memory import START, TENANT
from tests.unit.domain.routing.practitioners import a_practitioner
from tests.unit.lifecycle.waiting_room import RULES, WaitingRoom

NPI = "1000000001"
WEEKS = weeks_from(START.date(), 8)
TWO_WEEKS = RULES.but(routing=RULES.routing.but(weeks_ahead=2))


def a_principal(role: Role = Role.CLINIC, organization: str = f"clinic-{NPI}") -> Principal:
    return Principal(client_id="c1", tenant=TENANT, role=role, organization=organization)


def a_room(places: int) -> WaitingRoom:
    return WaitingRoom(a_practitioner(NPI, weekly_capacity=places), rules=TWO_WEEKS)


def change(room: WaitingRoom, places: int, week: int = 0, who: Principal | None = None) -> int:
    monday = first_day(WEEKS[week])
    said = CapacityChange(first_day=monday, last_day=monday + timedelta(days=6), places=places)
    store = MemoryDirectoryStore(room.store)
    return change_capacity(room.engine, store, who or a_principal(), NPI, said)


def offered(room: WaitingRoom, name: str) -> Referral:
    """Let the clinic have been asked: it is waited for its answer."""
    referral = room.read(name)
    offers = referral.with_offer_changed(offered_at=room.clock.now())
    at = (TENANT, ReferralId(name))
    state = room.store._referrals[at]
    asked = {"offers": offers, "status": Status.OFFERED, "current_step": Step.OFFER_REFERRAL}
    asked["offers"] = tuple(o.but(payload_version=referral.payload_version) for o in offers)
    asked_of = state.referral.but(**asked)
    room.store._referrals[at] = state.but(referral=asked_of, mailbox=state.mailbox.closed())
    entry = StepInput(
        tenant=TENANT,
        referral_id=ReferralId(name),
        run=referral.run,
        step=Step.OFFER_REFERRAL,
        token="t",
    )
    room.engine.steps[Step.OFFER_REFERRAL].clinics.offer = lambda _: None  # type: ignore[attr-defined]
    run_step(room.engine, entry)
    return room.read(name)


def week_of(room: WaitingRoom, name: str) -> str | None:
    reservation = room.read(name).offers[-1].reservation
    return reservation.week if reservation else None


def test_a_week_of_leave_gives_back_what_was_offered_for_it_and_nothing_else() -> None:
    room = a_room(places=2)
    for n, name in enumerate(("a", "b", "c")):
        room.arrive(name, START + timedelta(minutes=n))
        offered(room, name)
    assert [week_of(room, name) for name in "abc"] == [WEEKS[0], WEEKS[0], WEEKS[1]]
    assert change(room, places=0) == 2
    assert [room.read(n).offers[-1].status for n in "abc"] == ["declined", "declined", "open"]
    assert room.store.reserved[TENANT, NPI, WEEKS[0]] == 0
    # And the same clinic may be asked for another week
    room.route("a")
    assert week_of(room, "a") == WEEKS[1]


def test_fewer_places_give_back_the_least_urgent_and_youngest() -> None:
    room = a_room(places=3)
    room.arrive("urgent-young", START + timedelta(hours=2), Priority.URGENT)
    room.arrive("old", START)
    room.arrive("young", START + timedelta(hours=1))
    for name in ("urgent-young", "old", "young"):
        offered(room, name)
    assert change(room, places=2) == 1
    assert room.read("young").offers[-1].status == "declined"
    assert change(room, places=1) == 1
    assert room.read("old").offers[-1].status == "declined"
    assert room.is_reserved("urgent-young")


def test_said_twice_it_gives_back_once() -> None:
    room = a_room(places=1)
    room.arrive("a")
    offered(room, "a")
    assert [change(room, places=0) for _ in range(2)] == [1, 0]
    assert room.store.reserved[TENANT, NPI, WEEKS[0]] == 0


def test_no_reservation_goes_beyond_what_the_clinic_said_meanwhile() -> None:
    room = a_room(places=1)
    room.accept("a")
    # Given a decision that was made before the clinic closed the week
    step = room.engine.steps[Step.ROUTE_REFERRAL]
    recorder = step.execute(room.engine.case(room.read("a")))
    change(room, places=0)
    drafted = recorder(room.engine.case(room.read("a")))
    with pytest.raises(NoCapacity):
        room.store.commit(commit_of(drafted, room.store.load(TENANT, ReferralId("a")), None))


def test_more_room_wakes_who_waits() -> None:
    room = a_room(places=0)
    assert room.arrive("a").status is Status.WAITLISTED
    assert change(room, places=1, week=1) == 0
    assert room.opened(NPI, None) == 1
    assert week_of(room, "a") == WEEKS[1]


def test_until_further_notice_is_every_week() -> None:
    room = a_room(places=0)
    said = CapacityChange(first_day=START.date(), places=4)
    change_capacity(room.engine, MemoryDirectoryStore(room.store), a_principal(), NPI, said)
    (entry,) = room.directory.entries_of(TENANT, NPI)
    assert (entry.weekly_capacity, {entry.places_in(w) for w in WEEKS}) == (4, {4})
    leave = CapacityChange(first_day=date(2026, 3, 6), last_day=date(2026, 3, 9), places=0)
    assert leave.weeks() == ("2026-W10", "2026-W11")


def test_only_the_clinic_itself_and_staff_may_say_it() -> None:
    room = a_room(places=1)
    with pytest.raises(NotFound):
        change(room, 0, who=a_principal(organization="another-clinic"))
    with pytest.raises(NotFound):
        change(room, 0, who=a_principal().but(tenant="riverside"))
    for role in (Role.EHR, Role.PAYER, Role.FINANCE):
        with pytest.raises(Forbidden):
            change(room, 0, who=a_principal(role))
    assert change(room, 0, who=a_principal(Role.STAFF, "lakeside")) == 0
