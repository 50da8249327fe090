"""What a clinic says of visits: each word is one, however often it is sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from referral_core.domain.events import EventKind
from referral_core.domain.referral import Appointment
from tests.in_memory import REFERRAL, World
from tests.partner_actions import accepted, agreed
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.lifecycle.work_item_worlds import a_world


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


def to_be_booked() -> tuple[ApiClient, World]:
    world = a_world()
    accepted(world)
    agreed(world)
    return ApiClient(world), world


def book(api: ApiClient, start: datetime) -> Reply:
    return api.call("POST", "/fhir/Appointment", an_appointment(start), client="clinic-1")


def visit_of(world: World) -> Appointment:
    visit = world.referral.appointment
    assert visit is not None
    return visit


def test_booked_moved_and_moved_back_are_three_words() -> None:
    api, world = to_be_booked()
    monday = world.clock.now() + timedelta(days=7)
    for start in (monday, monday + timedelta(days=1), monday):
        assert book(api, start).status == 201
        assert visit_of(world).start == start


def test_a_booking_said_twice_is_one_and_has_one_id() -> None:
    api, world = to_be_booked()
    start = world.clock.now() + timedelta(days=7)
    first, second = book(api, start), book(api, start)
    assert first.body["id"] == second.body["id"] == f"{REFERRAL}.v1"
    kinds = [e.kind for e in world.referrals.events(world.referral.tenant, REFERRAL)]
    assert kinds.count(EventKind.APPOINTMENT_BOOKED) == 1


def test_a_visit_that_is_moved_by_put_can_be_cancelled_under_its_id() -> None:
    api, world = to_be_booked()
    start = world.clock.now() + timedelta(days=7)
    own_id = book(api, start).body["id"]
    later = an_appointment(start + timedelta(days=2), id=own_id)
    url = f"/fhir/Appointment/{own_id}"
    assert api.call("PUT", url, later, client="clinic-1").status == 200
    assert visit_of(world).start == start + timedelta(days=2)
    cancelled = {**later, "status": "cancelled"}
    assert api.call("PUT", url, cancelled, client="clinic-1").status == 200
    assert visit_of(world).status == "cancelled"


def test_cancelling_the_visit_that_was_booked_anew_leaves_the_new_one() -> None:
    api, world = to_be_booked()
    start = world.clock.now() + timedelta(days=7)
    old = book(api, start).body["id"]
    book(api, start + timedelta(days=2))
    gone = an_appointment(start, "cancelled", id=old)
    assert api.call("PUT", f"/fhir/Appointment/{old}", gone, client="clinic-1").status == 200
    assert visit_of(world).status == "booked"
    assert visit_of(world).start == start + timedelta(days=2)
