"""What a clinic says of visits: each word is one, however often it is sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from referral_core.domain.referral import Appointment
from tests.acts import accepted, agreed
from tests.in_memory import REFERRAL, World
from tests.unit.api.office import Office, Reply
from tests.unit.steps.desks import a_world


def an_appointment(start: datetime, status: str = "booked", **fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "Appointment",
        "status": status,
        "start": start.isoformat(),
        "end": (start + timedelta(minutes=30)).isoformat(),
        "basedOn": [{"reference": f"ServiceRequest/{REFERRAL}"}],
        "participant": [{"status": "accepted", "actor": {"display": "the patient"}}],
        **fields,
    }


def to_be_booked() -> tuple[Office, World]:
    world = a_world()
    accepted(world)
    agreed(world)
    return Office(world), world


def book(office: Office, start: datetime) -> Reply:
    return office.call("POST", "/fhir/Appointment", an_appointment(start), client="clinic-1")


def visit_of(world: World) -> Appointment:
    visit = world.referral.appointment
    assert visit is not None
    return visit


def test_booked_moved_and_moved_back_are_three_words() -> None:
    office, world = to_be_booked()
    monday = world.clock.now() + timedelta(days=7)
    for start in (monday, monday + timedelta(days=1), monday):
        assert book(office, start).status == 201
        assert visit_of(world).start == start


def test_a_booking_said_twice_is_one_and_has_one_id() -> None:
    office, world = to_be_booked()
    start = world.clock.now() + timedelta(days=7)
    first, second = book(office, start), book(office, start)
    assert first.body["id"] == second.body["id"] == f"{REFERRAL}.v1"
    kinds = [e.kind for e in world.referrals.events(world.referral.tenant, REFERRAL)]
    assert kinds.count("appointment-booked") == 1


def test_a_visit_that_is_moved_by_put_can_be_cancelled_under_its_id() -> None:
    office, world = to_be_booked()
    start = world.clock.now() + timedelta(days=7)
    own_id = book(office, start).body["id"]
    later = an_appointment(start + timedelta(days=2), id=own_id)
    url = f"/fhir/Appointment/{own_id}"
    assert office.call("PUT", url, later, client="clinic-1").status == 200
    assert visit_of(world).start == start + timedelta(days=2)
    cancelled = {**later, "status": "cancelled"}
    assert office.call("PUT", url, cancelled, client="clinic-1").status == 200
    assert visit_of(world).status == "cancelled"


def test_cancelling_the_visit_that_was_booked_anew_leaves_the_new_one() -> None:
    office, world = to_be_booked()
    start = world.clock.now() + timedelta(days=7)
    old = book(office, start).body["id"]
    book(office, start + timedelta(days=2))
    gone = an_appointment(start, "cancelled", id=old)
    assert office.call("PUT", f"/fhir/Appointment/{old}", gone, client="clinic-1").status == 200
    assert visit_of(world).status == "booked"
    assert visit_of(world).start == start + timedelta(days=2)
