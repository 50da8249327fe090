"""A place that opens goes to exactly one who waits: by priority, then age, whatever happens."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from referral_core.domain.directory_facts import Dispute, Fact
from referral_core.domain.errors import NotFound
from referral_core.domain.events import EventKind
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.routing.capacity import weeks_from
from referral_core.domain.routing.published import ListedService, unpublished
from referral_core.domain.terminology import Priority
from referral_core.domain.writes import ReferralState
from referral_core.lifecycle.routing.turns import may_use
from tests.in_memory import START, TENANT
from tests.unit.domain.routing.practitioners import a_practitioner
from tests.unit.lifecycle.waiting_room import RULES, WaitingRoom

NPI = "1000000001"
WEEKS = weeks_from(START.date(), RULES.routing.weeks_ahead)
ONE_WEEK = RULES.but(routing=RULES.routing.but(weeks_ahead=1))


def a_room(places: int = 1, rules: object = ONE_WEEK) -> WaitingRoom:
    """One specialist with so many places in the one week that the pathway looks at."""
    return WaitingRoom(a_practitioner(NPI, weekly_capacity=places), rules=rules)  # type: ignore[arg-type]


def test_a_place_that_opens_goes_to_who_waits_longest() -> None:
    room = a_room()
    room.arrive("first")
    for n, name in enumerate(("older", "younger"), start=1):
        assert room.arrive(name, START + timedelta(minutes=n)).status is Status.WAITLISTED
    room.free(NPI, WEEKS[0])
    assert room.opened(NPI, WEEKS[0]) == 1
    assert (room.is_reserved("older"), room.is_reserved("younger")) == (True, False)
    assert room.waiting() == ["younger"]
    taken = room.read("older")
    assert (taken.current_step, taken.status) == (Step.REQUEST_AUTHORIZATION, Status.ROUTING)
    # And who did not get it was not touched: nothing is written for being passed over
    assert room.store.events(TENANT, ReferralId("younger"))[-1].kind is EventKind.WAITLISTED


def test_who_is_more_urgent_comes_first_however_young() -> None:
    room = a_room()
    room.arrive("holds")
    for n, priority in enumerate(Priority):
        room.arrive(priority.value, START + timedelta(hours=n), priority)
    assert room.waiting() == ["stat", "asap", "urgent", "routine"]
    for wanted in ("stat", "asap", "urgent", "routine"):
        room.free(NPI, WEEKS[0])
        assert room.opened(NPI, WEEKS[0]) == 1
        assert room.is_reserved(wanted)


def test_the_same_opening_served_twice_gives_one_place() -> None:
    room = a_room()
    for name in ("holds", "a", "b"):
        room.arrive(name)
    room.free(NPI, WEEKS[0])
    assert [room.opened(NPI, WEEKS[0]) for _ in range(3)] == [1, 0, 0]
    assert len(room.reserved(["a", "b"])) == 1


def test_who_cannot_use_the_place_is_passed_over() -> None:
    near = a_practitioner(NPI, weekly_capacity=1, networks=("harbor",))
    room = WaitingRoom(near, rules=ONE_WEEK)
    room.arrive("holds")
    room.arrive("declined-before", START)
    room.arrive("second", START + timedelta(minutes=1))
    # Given that the first in line was declined by this very clinic
    lost = room.read("holds").offers[-1].but(status="declined", reservation=None)
    at = (TENANT, ReferralId("declined-before"))
    state = room.store._referrals[at]
    room.store._referrals[at] = state.but(referral=state.referral.but(offers=(lost,)))
    room.free(NPI, WEEKS[0])
    assert room.opened(NPI, WEEKS[0]) == 1
    assert (room.is_reserved("second"), room.waiting()) == (True, ["declined-before"])


def declined_by_this_clinic(room: WaitingRoom, name: str, holder: str) -> None:
    """Let who waits have been declined by the clinic of whose places this is about."""
    lost = room.read(holder).offers[-1].but(status="declined", reservation=None)
    at = (TENANT, ReferralId(name))
    state = room.store._referrals[at]
    room.store._referrals[at] = state.but(referral=state.referral.but(offers=(lost,)))


def test_who_cannot_use_a_place_keeps_no_newcomer_from_it() -> None:
    room = a_room()
    room.arrive("holds")
    room.arrive("waits", START)
    declined_by_this_clinic(room, "waits", "holds")
    room.free(NPI, WEEKS[0])
    room.arrive("newcomer", START + timedelta(hours=1))
    assert (room.is_reserved("newcomer"), room.waiting()) == (True, ["waits"])


def test_behind_one_who_can_use_it_a_newcomer_waits_whoever_else_cannot() -> None:
    room = a_room()
    room.arrive("holds")
    for n, name in enumerate(("cannot", "can")):
        room.arrive(name, START + timedelta(minutes=n))
    declined_by_this_clinic(room, "cannot", "holds")
    room.free(NPI, WEEKS[0])
    assert room.arrive("newcomer", START + timedelta(hours=1)).status is Status.WAITLISTED
    assert room.joined("newcomer") == 1
    assert room.is_reserved("can")


def test_an_opening_routes_nobody_who_cannot_use_it() -> None:
    """Of a long line only those are routed for whom the place is; the others cost two reads."""
    room = a_room()
    room.arrive("holds")
    names = [f"w{n}" for n in range(5)]
    for n, name in enumerate(names):
        room.arrive(name, START + timedelta(minutes=n))
    for name in names[:-1]:
        declined_by_this_clinic(room, name, "holds")
    room.free(NPI, WEEKS[0])
    looked: list[object] = []
    read = room.directory.listed
    room.directory.listed = lambda *args: looked.append(args) or read(*args)
    assert room.opened(NPI, WEEKS[0]) == 1
    assert (room.is_reserved("w4"), len(looked)) == (True, 1)


def test_who_is_listed_since_the_market_was_published_is_found_by_who_waits() -> None:
    room = a_room(places=0)
    room.arrive("waits")
    assert room.waiting() == ["waits"]
    # Given a market without the clinician who comes into the directory now
    now = room.clock.now()
    market = unpublished(room.specialty, room.practitioners, now).but(
        version="published", valid_until=now + timedelta(hours=2)
    )
    room.store.markets[TENANT, room.specialty] = market
    new = a_practitioner("1000000099", tenant=TENANT, specialty=room.specialty)
    room.store.entries[TENANT, room.specialty, new.npi] = new
    assert room.opened(new.npi, None) == 1
    assert room.read("waits").offers[-1].npi == new.npi


@pytest.mark.parametrize(("hours", "first"), [(1, "1000000099"), (3, NPI)])
def test_what_was_published_of_places_is_believed_for_two_hours(hours: int, first: str) -> None:
    """While publishing fails, who was full then and has room now is looked at all the same."""
    full = a_practitioner(NPI, weekly_capacity=1, tier=1)
    free = a_practitioner("1000000099", weekly_capacity=1, tier=2)
    room = WaitingRoom(full, free, rules=ONE_WEEK)
    published = room.clock.now()
    listed = tuple(
        ListedService(practitioner=p, left=(0 if p.npi == NPI else 1,)) for p in room.practitioners
    )
    room.store.markets[TENANT, room.specialty] = unpublished(room.specialty, (), published).but(
        version="v1",
        valid_until=published + timedelta(hours=2),
        weeks=WEEKS[:1],
        services=listed,
    )
    room.clock.move_to(published + timedelta(hours=hours))
    room.arrive("a")
    assert room.read("a").offers[-1].npi == first


def test_who_comes_later_stands_behind_who_waits() -> None:
    room = a_room()
    room.arrive("holds")
    room.arrive("waits", START)
    # Given a place that has opened and that nobody was told of yet
    room.free(NPI, WEEKS[0])
    newcomer = room.arrive("newcomer", START + timedelta(hours=1))
    assert newcomer.status is Status.WAITLISTED
    # When the newcomer's joining is served, Then who waited before gets the place
    assert room.joined("newcomer") == 1
    assert (room.is_reserved("waits"), room.is_reserved("newcomer")) == (True, False)


def test_an_urgent_newcomer_does_not_stand_behind_the_routine() -> None:
    room = a_room()
    room.arrive("holds")
    room.arrive("waits", START)
    room.free(NPI, WEEKS[0])
    room.arrive("urgent", START + timedelta(hours=1), Priority.URGENT)
    assert room.is_reserved("urgent")


def test_a_place_that_opened_while_a_referral_joined_is_not_lost() -> None:
    room = a_room()
    room.arrive("holds")
    room.arrive("joins")
    # The opening was served before the referral stood in line
    room.free(NPI, WEEKS[0])
    assert room.joined("joins") == 1
    assert room.is_reserved("joins")
    assert room.joined("joins") == 0


def test_joining_without_a_place_writes_nothing() -> None:
    room = a_room()
    room.arrive("holds")
    room.arrive("joins")
    version = room.read("joins").version
    assert room.joined("joins") == 0
    assert room.read("joins").version == version


@pytest.mark.parametrize(("hours", "offered"), [(0, True), (47, True), (49, False), (90, False)])
def test_no_place_is_offered_that_lies_too_near(hours: int, *, offered: bool) -> None:
    # START is a Monday at 10: the week's last working day ends 110 hours later
    room = a_room()
    room.arrive("holds")
    room.arrive("waits")
    room.clock.move_to(START + timedelta(hours=hours - 10))
    room.free(NPI, WEEKS[0])
    assert room.opened(NPI, WEEKS[0]) == int(offered)


@pytest.mark.parametrize(("wanted_from", "uses"), [(0, True), (4, True), (7, False), (21, False)])
def test_a_week_before_the_order_wants_it_is_no_place_for_it(
    wanted_from: int, *, uses: bool
) -> None:
    # START is a Monday: whoever wants it from its Friday may have that Friday.
    room = a_room()
    room.arrive("waits")
    (entry,) = room.practitioners
    referral = room.read("waits")
    urgency = referral.service.urgency.but(starts_on=START.date() + timedelta(days=wanted_from))
    service = referral.service.but(urgency=urgency)
    case = room.engine.case(referral.but(service=service))
    assert may_use(case, entry, WEEKS[0]) is uses


def test_more_room_in_the_directory_wakes_who_waits() -> None:
    room = a_room()
    for name in ("holds", "a", "b", "c"):
        room.arrive(name)
    (known,) = room.practitioners
    records = [r for r in room.directory._records if r != known]
    room.directory._records = (*records, known.but(weeks={WEEKS[0]: 3}))
    assert room.opened(NPI, None) == 2
    assert len(room.waiting()) == 1


def test_nobody_is_woken_for_a_place_that_the_directory_is_to_verify() -> None:
    room = a_room()
    for name in ("holds", "a"):
        room.arrive(name)
    (known,) = room.practitioners
    said = Dispute(fact=Fact.ACCEPTING, said_by="clinic", at=START)
    records = [r for r in room.directory._records if r != known]
    room.directory._records = (*records, known.but(disputes=(said,)))
    room.free(NPI, WEEKS[0])
    assert room.opened(NPI, WEEKS[0]) == 0


def test_two_hundred_for_fifty_places_at_once_then_thirty_openings() -> None:
    room = a_room(places=50)
    ids = [f"r{n:03d}" for n in range(200)]
    for n, name in enumerate(ids):
        room.accept(name, START + timedelta(seconds=n))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(room.route, ids))
        # Nobody waits yet when the first fifty are placed; whoever is later stands in line.
        list(pool.map(room.joined, ids))
        reserved = room.reserved(ids)
        assert len(reserved) == room.store.reserved[TENANT, NPI, WEEKS[0]] == 50
        waiting = room.waiting()
        assert (len(waiting), set(waiting) | set(reserved)) == (150, set(ids))
        gone = reserved[:30]
        room.free(NPI, WEEKS[0], len(gone))
        served = list(pool.map(lambda _: room.opened(NPI, WEEKS[0]), gone))
    assert sum(served) == 30
    assert room.store.reserved[TENANT, NPI, WEEKS[0]] == 50
    assert room.waiting() == waiting[30:]
    assert set(room.reserved(ids)) == set(reserved) | set(waiting[:30])


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_interleaving_keeps_capacity_and_order(data: st.DataObject) -> None:
    """Arrivals, openings and servings in any order: none over, none lost, nobody overtaken."""
    places = data.draw(st.integers(0, 2))
    room = a_room(places=places)
    names, open_places = count(1), 0
    arrived: list[str] = []
    for _ in range(data.draw(st.integers(1, 12))):
        act = data.draw(st.sampled_from(("arrive", "open", "serve", "join")))
        if act == "arrive":
            name = f"r{next(names):02d}"
            priority = data.draw(st.sampled_from(Priority))
            room.arrive(name, START + timedelta(minutes=data.draw(st.integers(0, 60))), priority)
            arrived.append(name)
        elif act == "open" and room.store.reserved[TENANT, NPI, WEEKS[0]] > 0:
            room.free(NPI, WEEKS[0])
            open_places += 1
        elif act == "serve":
            waited = room.waiting()
            served = room.opened(NPI, WEEKS[0])
            assert room.waiting() == waited[served:]
        elif arrived:
            room.joined(data.draw(st.sampled_from(arrived)))
        assert room.store.reserved[TENANT, NPI, WEEKS[0]] <= places
    room.opened(NPI, WEEKS[0])
    reserved, waiting = room.reserved(arrived), room.waiting()
    assert sorted([*reserved, *waiting]) == sorted(arrived)
    assert len(reserved) - open_places == room.store.reserved[TENANT, NPI, WEEKS[0]]
    # Nobody waits while there is a place for them
    assert not waiting or room.store.reserved[TENANT, NPI, WEEKS[0]] == places


def test_a_turn_that_fails_stops_nobody_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    room = a_room()
    room.arrive("holds")
    for n, name in enumerate(("broken", "sound"), start=1):
        room.arrive(name, START + timedelta(minutes=n))
    room.free(NPI, WEEKS[0])
    load = room.store.load

    def failing(tenant: Tenant, referral_id: ReferralId) -> ReferralState:
        if referral_id == "broken":
            raise NotFound("its payload is not there")
        return load(tenant, referral_id)  # type: ignore[no-any-return]

    monkeypatch.setattr(room.store, "load", failing)
    assert room.opened(NPI, WEEKS[0]) == 1
    monkeypatch.undo()
    assert (room.is_reserved("broken"), room.is_reserved("sound")) == (False, True)


def test_a_place_of_a_week_that_has_ended_wakes_nobody() -> None:
    room = a_room()
    room.arrive("holds")
    room.arrive("waits", START + timedelta(minutes=1))
    room.free(NPI, WEEKS[0])
    room.clock.move(timedelta(weeks=1))
    assert room.opened(NPI, WEEKS[0]) == 0
    assert room.waiting() == ["waits"]
