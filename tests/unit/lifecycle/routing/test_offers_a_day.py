"""Who waits is offered to so many clinics a day, and to another one on the next."""

from __future__ import annotations

from datetime import timedelta

from referral_core.domain.lifecycle import Status
from tests.unit.domain.routing.practitioners import a_practitioner
from tests.unit.lifecycle.routing.test_capacity_changes import offered
from tests.unit.lifecycle.routing.test_waitlist import NPI, RULES, WEEKS
from tests.unit.lifecycle.waiting_room import WaitingRoom

OTHER = "1000000002"
_ONE_A_DAY = RULES.routing.waitlist.but(offers_a_day=1)
RULE = RULES.but(routing=RULES.routing.but(weeks_ahead=2, waitlist=_ONE_A_DAY))


def test_a_second_place_of_a_day_is_offered_on_the_next_one() -> None:
    room = WaitingRoom(
        a_practitioner(NPI, weekly_capacity=1),
        a_practitioner(OTHER, weekly_capacity=0),
        rules=RULE,
    )
    room.arrive("a")
    offered(room, "a")
    room.decline("a")
    room.route("a")
    assert room.read("a").status is Status.WAITLISTED
    # When another clinic has room
    (known,) = (p for p in room.practitioners if p.npi == OTHER)
    records = [r for r in room.directory._records if r != known]
    room.directory._records = (*records, known.but(weeks={WEEKS[1]: 1}))
    # Then it is none of today's
    assert room.opened(OTHER, None) == 0
    room.clock.move(timedelta(days=1))
    assert room.opened(OTHER, None) == 1
