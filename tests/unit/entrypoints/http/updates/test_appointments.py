"""What a clinic says of visits: each word is one, however often it is sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from referral_core.domain.events import AppointmentFacts, EventKind
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


# --- an update is known by its version or key, and by what happened since ------------------------


def put(api: ApiClient, own_id: str, body: dict[str, Any], **headers: str) -> int:
    url, named = f"/fhir/Appointment/{own_id}", {**body, "id": own_id}
    return api.call("PUT", url, named, client="clinic-1", **headers).status


def counted(world: World, kind: EventKind) -> int:
    events = world.referrals.events(world.referral.tenant, REFERRAL)
    return [event.kind for event in events].count(kind)


def booked_and_cancelled() -> tuple[ApiClient, World, str, dict[str, Any]]:
    """A visit that is booked and cancelled, with the body that cancelled it."""
    api, world = to_be_booked()
    start = world.clock.now() + timedelta(days=7)
    own_id = str(book(api, start).body["id"])
    cancelled = an_appointment(start, "cancelled")
    assert put(api, own_id, cancelled) == 200
    assert visit_of(world).status == "cancelled"
    return api, world, own_id, cancelled


def test_a_visit_that_is_restored_and_cancelled_again_with_the_same_body_is_cancelled() -> None:
    api, world, own_id, cancelled = booked_and_cancelled()
    for times in (2, 3):
        assert put(api, own_id, {**cancelled, "status": "booked"}) == 200
        assert visit_of(world).status == "booked"
        assert put(api, own_id, cancelled) == 200
        assert visit_of(world).status == "cancelled"
        assert counted(world, EventKind.APPOINTMENT_CANCELLED) == times


def test_a_cancellation_that_is_only_sent_again_is_one() -> None:
    api, world, own_id, cancelled = booked_and_cancelled()
    version = world.referral.version
    for _ in range(3):
        assert put(api, own_id, cancelled) == 200
    assert world.referral.version == version


def test_one_that_was_lost_on_the_way_back_stays_one_after_another_was_said() -> None:
    # Given the answer to the second cancellation is lost, so that it is sent once more
    api, world, own_id, cancelled = booked_and_cancelled()
    put(api, own_id, {**cancelled, "status": "booked"})
    put(api, own_id, cancelled)
    version = world.referral.version
    assert put(api, own_id, cancelled) == 200
    assert world.referral.version == version


def test_a_key_says_which_update_it_is_whatever_happened_since() -> None:
    api, world, own_id, cancelled = booked_and_cancelled()
    put(api, own_id, {**cancelled, "status": "booked"})
    put(api, own_id, cancelled, idempotency_key="k-2")
    assert visit_of(world).status == "cancelled"
    put(api, own_id, {**cancelled, "status": "booked"})
    # Delayed on its way, the very same request arrives once more: the restored visit stands.
    put(api, own_id, cancelled, idempotency_key="k-2")
    assert visit_of(world).status == "booked"


def test_a_version_says_which_update_it_is_whatever_happened_since() -> None:
    api, world, own_id, cancelled = booked_and_cancelled()
    third, fourth = ({"meta": {"versionId": version}} for version in ("3", "4"))
    put(api, own_id, {**cancelled, **third, "status": "booked"})
    put(api, own_id, {**cancelled, **fourth})
    put(api, own_id, {**cancelled, "meta": {"versionId": "5"}, "status": "booked"})
    put(api, own_id, {**cancelled, **fourth})
    assert visit_of(world).status == "booked"
    put(api, own_id, {**cancelled, "meta": {"lastUpdated": "2026-03-03T10:00:00Z"}})
    assert visit_of(world).status == "cancelled"


def test_a_missed_visit_that_is_reported_again_was_missed_once() -> None:
    api, world = to_be_booked()
    start = world.clock.now() + timedelta(days=7)
    own_id = str(book(api, start).body["id"])
    world.clock.move_to(start + timedelta(hours=1))
    missed = an_appointment(start, "noshow")
    assert put(api, own_id, missed) == 200
    assert put(api, own_id, missed) == 200
    assert counted(world, EventKind.APPOINTMENT_NOSHOW) == 1


def test_a_status_that_comes_back_is_on_record_twice() -> None:
    api, world = to_be_booked()
    start = world.clock.now() + timedelta(days=7)
    sent = ("pending", "waitlist", "pending", "pending")
    before = counted(world, EventKind.UPDATE_RECORDED)
    for status in sent:
        body = an_appointment(start, status)
        assert api.call("POST", "/fhir/Appointment", body, client="clinic-1").status == 201
    assert counted(world, EventKind.UPDATE_RECORDED) - before == 3


def test_a_visit_written_in_utc_is_told_by_the_clinics_clock() -> None:
    api, world = to_be_booked()
    assert book(api, datetime.fromisoformat("2026-03-12T14:00:00+00:00")).status == 201
    while not any("3/12" in message.body for message in world.messenger.sent):
        world.wait()
    (said,) = [message.body for message in world.messenger.sent if "3/12" in message.body]
    assert "10:00 AM" in said
    assert "UTC" not in said


# --- what was seen, and when ----------------------------------------------------------------------


@pytest.mark.parametrize("is_booked", [True, False])
def test_a_patient_seen_earlier_than_booked_was_seen_then(*, is_booked: bool) -> None:
    api, world = to_be_booked()
    if is_booked:
        book(api, world.clock.now() + timedelta(days=7))
    seen = world.clock.now() - timedelta(hours=30)
    reply = api.call(
        "POST", "/fhir/Appointment", an_appointment(seen, "fulfilled"), client="clinic-1"
    )
    assert reply.status == 201
    assert (visit_of(world).start, visit_of(world).status) == (seen, "fulfilled")
    facts = [
        e.facts
        for e in world.referrals.events(world.referral.tenant, REFERRAL)
        if e.kind is EventKind.APPOINTMENT_FULFILLED
    ]
    assert [fact.start for fact in facts if isinstance(fact, AppointmentFacts)] == [seen]


def test_a_visit_that_lies_ahead_was_not_missed() -> None:
    api, world = to_be_booked()
    book(api, world.clock.now() + timedelta(days=7))
    moved_from = world.clock.now() - timedelta(days=2)
    missed = an_appointment(moved_from, "noshow")
    assert api.call("POST", "/fhir/Appointment", missed, client="clinic-1").status == 201
    assert visit_of(world).status == "booked"
    assert counted(world, EventKind.APPOINTMENT_NOSHOW) == 0
    # By its own name, the visit in hand was missed, whenever that was.
    assert put(api, f"{REFERRAL}.v1", missed) == 200
    assert visit_of(world).status == "noshow"


@pytest.mark.parametrize("patched", [True, False])
def test_a_task_is_not_completed_before_its_visit(*, patched: bool) -> None:
    api, world = to_be_booked()
    start = world.clock.now() + timedelta(days=7)
    book(api, start)
    url = f"/fhir/Task/{REFERRAL}.b1"
    task = api.call("GET", url, client="clinic-1").body

    def complete() -> Reply:
        if patched:
            return api.call("PATCH", url, {"status": "completed"}, client="clinic-1", **MERGE)
        return api.call("PUT", url, {**task, "status": "completed"}, client="clinic-1")

    early = complete()
    assert (early.status, early.code) == (422, "impossible-time")
    assert visit_of(world).status == "booked"
    world.clock.move_to(start - timedelta(minutes=30))
    assert complete().status == 200
    assert visit_of(world).status == "fulfilled"


MERGE = {"content_type": "application/merge-patch+json"}
