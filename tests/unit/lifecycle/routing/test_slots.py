"""A clinic publishes slots: one is reserved for one referral, and given back when it is gone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from referral_core.adapters.memory.directory_store import MemoryDirectoryStore
from referral_core.domain.access.principal import Principal
from referral_core.domain.lifecycle import Status
from referral_core.domain.referral import Appointment, ReservedSlot
from referral_core.domain.routing.capacity import iso_week
from referral_core.domain.slots import SlotStatus, StatedSlot
from referral_core.domain.updates import AppointmentBooked, Role
from referral_core.lifecycle.engine.commit import commit_of
from referral_core.lifecycle.reactions import appointment
from referral_core.lifecycle.routing.slot_publication import (
    PublishedSlots,
    begin_publishing,
    end_publishing,
    publish_slots,
)
from tests.in_memory import START, TENANT
from tests.unit.domain.routing.practitioners import a_practitioner
from tests.unit.lifecycle.routing.test_capacity_changes import offered
from tests.unit.lifecycle.waiting_room import WaitingRoom

NPI: Final = "1000000001"
FREE, BUSY, AWAY = SlotStatus.FREE, SlotStatus.BUSY, SlotStatus.BUSY_UNAVAILABLE
WHO: Final = Principal(
    client_id="c1", tenant=TENANT, role=Role.CLINIC, organization=f"clinic-{NPI}"
)
FIRST: Final = START.replace(hour=15, minute=0) + timedelta(days=9)


class Clinic:
    """A waiting room whose one clinic publishes slots."""

    def __init__(self) -> None:
        self.room = WaitingRoom(a_practitioner(NPI, weekly_capacity=9))
        self.store = MemoryDirectoryStore(self.room.store)
        begin_publishing(self.room.engine, self.store, WHO, NPI)

    def publish(
        self,
        *starts: datetime,
        status: SlotStatus | None = FREE,
        specialties: tuple[str, ...] = (),
    ) -> PublishedSlots:
        """State half-hours; each is known by its day and hour."""
        said = [
            StatedSlot(name(at), at, at + timedelta(minutes=30), status, specialties)
            for at in starts
        ]
        return publish_slots(self.room.engine, self.store, WHO, NPI, said)

    def arrive(self, *names: str) -> None:
        for n, one in enumerate(names):
            self.room.arrive(one, START + timedelta(minutes=n))

    def slot(self, referral: str) -> ReservedSlot | None:
        offer = self.room.read(referral).offer
        return offer.reservation.slot if offer and offer.reservation else None

    def held(self) -> dict[str, str]:
        weeks = self.room.store.slot_weeks.values()
        return {k: by for week in weeks for k, by in week.holders.items()}


def name(at: datetime) -> str:
    return f"{NPI}.{at:%d-%H%M}"


def hours(*after: int) -> list[datetime]:
    return [FIRST + timedelta(hours=n) for n in after]


@pytest.fixture
def clinic() -> Clinic:
    return Clinic()


def test_the_soonest_free_slot_is_reserved_and_no_place_beside(clinic: Clinic) -> None:
    clinic.publish(*hours(2, 0))
    clinic.arrive("a", "b", "c")
    found = [clinic.slot(one) for one in "abc"]
    assert [slot.start if slot else None for slot in found] == [*hours(0, 2), None]
    assert clinic.room.read("c").status is Status.WAITLISTED
    assert clinic.held() == {name(FIRST): "a", name(hours(2)[0]): "b"}


def test_a_slot_too_soon_for_an_answer_is_not_offered(clinic: Clinic) -> None:
    clinic.publish(START + timedelta(hours=3), *hours(0))
    clinic.arrive("a")
    slot = clinic.slot("a")
    assert slot is not None
    assert slot.start == FIRST


def test_a_slot_for_another_specialty_is_none_of_this_service(clinic: Clinic) -> None:
    clinic.publish(*hours(0), specialties=("2084S0012X",))
    clinic.publish(*hours(5), specialties=("2084S0012X", clinic.room.specialty))
    clinic.arrive("a", "b")
    slot = clinic.slot("a")
    assert slot is not None
    assert slot.start == hours(5)[0]
    assert clinic.slot("b") is None


def test_the_third_next_available_is_the_day_of_the_third_slot(clinic: Clinic) -> None:
    clinic.publish(*hours(0, 24, 48, 72))
    clinic.arrive("a", "b")
    days = [
        clinic.room.store.events(TENANT, one)[-1].facts.third_next_days  # type: ignore[attr-defined]
        for one in "ab"
    ]
    assert days == [11, 12]


def test_busy_while_it_is_offered_it_is_given_back_once(clinic: Clinic) -> None:
    clinic.publish(*hours(0, 1))
    clinic.arrive("a")
    offered(clinic.room, "a")
    assert clinic.publish(FIRST, status=BUSY).given_back == 1
    assert clinic.publish(FIRST, status=BUSY).given_back == 0
    assert clinic.room.read("a").offers[-1].status == "declined"
    assert clinic.held() == {}
    clinic.room.route("a")
    assert clinic.held() == {name(hours(1)[0]): "a"}


def test_entered_in_error_it_is_given_back_too(clinic: Clinic) -> None:
    clinic.publish(*hours(0, 1))
    clinic.arrive("a")
    offered(clinic.room, "a")
    assert clinic.publish(FIRST, status=None).given_back == 1
    assert clinic.held() == {}


def accepted(clinic: Clinic, *, is_booked: bool) -> None:
    offered(clinic.room, "a")
    referral = clinic.room.read("a")
    at = (TENANT, referral.id)
    state = clinic.room.store._referrals[at]
    changed = referral.but(
        offers=referral.with_offer_changed(status="accepted"),
        status=Status.SCHEDULED if is_booked else Status.ACCEPTED,
        appointment=Appointment(number=1, start=FIRST) if is_booked else None,
    )
    clinic.room.store._referrals[at] = state.but(referral=changed)


@pytest.mark.parametrize("is_booked", [True, False])
def test_busy_with_whom_it_took_it_stays_theirs(clinic: Clinic, *, is_booked: bool) -> None:
    clinic.publish(*hours(0, 1))
    clinic.arrive("a")
    accepted(clinic, is_booked=is_booked)
    assert clinic.publish(FIRST, status=BUSY).given_back == 0
    assert clinic.held() == {name(FIRST): "a"}
    assert not clinic.room.store.has_update(
        TENANT, "a", f"clinic-closed-{NPI}-slot-{name(FIRST)}-2"
    )


def test_nobody_is_seen_when_somebody_is_booked_a_person_is_told_of_it(clinic: Clinic) -> None:
    clinic.publish(*hours(0, 1))
    clinic.arrive("a")
    accepted(clinic, is_booked=True)
    for _ in range(2):
        assert clinic.publish(FIRST, status=AWAY).given_back == 0
    told = f"clinic-closed-{NPI}-slot-{name(FIRST)}-2"
    assert list(clinic.room.store.updates[TENANT, "a"]).count(told) == 1
    assert clinic.held() == {name(FIRST): "a"}


def test_a_schedule_that_is_closed_gives_back_what_is_offered_and_asks_about_who_is_booked(
    clinic: Clinic,
) -> None:
    clinic.publish(*hours(0, 1, 2))
    clinic.arrive("a", "b")
    accepted(clinic, is_booked=True)
    offered(clinic.room, "b")
    for _ in range(2):
        end_publishing(clinic.room.engine, clinic.store, WHO, NPI)
    assert clinic.room.read("b").offers[-1].status == "declined"
    assert clinic.held() == {name(FIRST): "a"}
    told = f"clinic-closed-{NPI}-slot-{name(FIRST)}-2"
    assert list(clinic.room.store.updates[TENANT, "a"]).count(told) == 1
    clinic.arrive("c")
    assert clinic.slot("c") is None


def test_a_slot_that_was_published_while_its_schedule_was_closed_is_not_offered(
    clinic: Clinic,
) -> None:
    """The Schedule was closed between the look at it and the write."""
    clinic.publish(*hours(0))
    at = next(at for at in clinic.room.store.entries if at[2] == NPI)
    clinic.room.store.entries[at] = clinic.room.store.entries[at].but(schedule_active=False)
    clinic.arrive("a")
    assert clinic.slot("a") is None


def booked(clinic: Clinic, at: datetime, slot: str | None = None) -> dict[str, str]:
    """Let the clinic book a visit with whom it accepted; return what is reserved then."""
    said = AppointmentBooked(
        id=f"booked-{at.isoformat()}",
        actor="c1",
        role=Role.CLINIC,
        received_at=START,
        start=at,
        slot=slot,
    )
    store, engine = clinic.room.store, clinic.room.engine
    drafted = appointment.booked(engine.case(clinic.room.read("a")), said)
    store.commit(commit_of(drafted, store.load(TENANT, "a"), None))
    return clinic.held()


def test_a_visit_takes_the_slot_at_its_time_and_gives_back_the_other(clinic: Clinic) -> None:
    clinic.publish(*hours(0, 1, 24 * 7))
    clinic.arrive("a")
    accepted(clinic, is_booked=False)
    assert booked(clinic, FIRST + timedelta(minutes=10)) == {name(FIRST): "a"}
    assert booked(clinic, hours(1)[0]) == {name(hours(1)[0]): "a"}
    # In another week, whether the slot is named or not
    later = hours(24 * 7)[0]
    assert booked(clinic, later, name(later)) == {name(later): "a"}
    assert sum(clinic.room.store.reserved.values()) == 1
    # Where no slot is published, none is taken
    assert booked(clinic, hours(30)[0]) == {}
    assert sum(clinic.room.store.reserved.values()) == 0


def test_a_visit_that_is_moved_into_a_slot_takes_it(clinic: Clinic) -> None:
    clinic.publish(*hours(0))
    clinic.arrive("a")
    accepted(clinic, is_booked=False)
    assert booked(clinic, hours(9)[0]) == {}
    assert booked(clinic, FIRST + timedelta(minutes=1)) == {name(FIRST): "a"}
    assert sum(clinic.room.store.reserved.values()) == 1


def test_a_visit_takes_no_slot_that_is_another_referrals(clinic: Clinic) -> None:
    clinic.publish(*hours(0, 1))
    clinic.arrive("a", "b")
    accepted(clinic, is_booked=False)
    assert booked(clinic, hours(1)[0]) == {name(hours(1)[0]): "b"}


def test_who_waits_takes_a_slot_that_is_published_and_one_that_is_given_back(
    clinic: Clinic,
) -> None:
    clinic.arrive("a", "b")
    assert clinic.room.waiting() == ["a", "b"]
    clinic.publish(*hours(0))
    assert clinic.room.opened(NPI, None) == 1
    assert clinic.held() == {name(FIRST): "a"}
    offered(clinic.room, "a")
    clinic.room.decline("a")
    assert clinic.room.opened(NPI, iso_week(FIRST.date())) == 1
    assert clinic.held() == {name(FIRST): "b"}


def test_days_of_a_clinic_are_counted_where_it_is_also_when_its_clocks_change(
    clinic: Clinic,
) -> None:
    # 8 March 2026: from 02:00 on it is summer there.
    (slot,) = clinic.publish(datetime.fromisoformat("2026-03-09T03:30:00+00:00")).slots
    assert slot is not None
    assert slot.start.isoformat() == "2026-03-08T23:30:00-04:00"
    weeks = {week for (_, npi, week) in clinic.room.store.slot_weeks if npi == NPI}
    assert weeks == {"2026-W10"}


_ACT = st.sampled_from(["publish", "busy", "gone", "arrive", "decline", "wake"])


@settings(max_examples=40, deadline=None)
@given(acts=st.lists(st.tuples(_ACT, st.integers(0, 3)), max_size=25))
def test_in_any_order_a_slot_has_one_holder_who_knows_it(acts: list[tuple[str, int]]) -> None:
    clinic, names, status = Clinic(), list[str](), {"publish": FREE, "busy": BUSY, "gone": None}
    for act, number in acts:
        match act:
            case "arrive":
                names.append(f"r{len(names)}")
                clinic.room.arrive(names[-1], START + timedelta(minutes=len(names)))
            case "decline":
                holders = sorted(clinic.held().values())
                if number < len(holders):
                    offered(clinic.room, holders[number])
                    clinic.room.decline(holders[number])
            case "wake":
                clinic.room.opened(NPI, None)
            case _:
                clinic.publish(*hours(number), status=status[act])
        known = {slot.id: one for one in names if (slot := clinic.slot(one))}
        assert clinic.held() == known
        reserved = [n for (_, npi, _), n in clinic.room.store.reserved.items() if npi == NPI]
        assert sum(reserved) == len(known)
