"""One message a day and three a week to a patient, in their hours, and none after a STOP."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from referral_core.domain.directory import TenantProfile
from referral_core.domain.effects import ClaimDailyMessage
from referral_core.domain.ids import ReferralId
from referral_core.domain.outreach.plan import CAPPED, Channel, contact_hash
from referral_core.domain.referral import Contact, Referral
from referral_core.domain.updates import AppointmentBooked, OfferAccepted, PatientReplied, Reported
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.engine.apply_update import apply_update
from referral_core.lifecycle.engine.process_due import process_due
from referral_core.lifecycle.outreach.messages import free_at, message_claim, reachable
from tests.in_memory import REFERRAL, TENANT, World, a_new_referral_of
from tests.partner_actions import accepted, agreed, booked, reason_of
from tests.unit.fhir.orders import Json, a_coverage, a_patient, an_order
from tests.unit.lifecycle.work_item_worlds import DERMATOLOGY, PATIENT_PHONE, until

PHONE = contact_hash(PATIENT_PHONE)
OTHER = ReferralId("fedcba9876543210fedcba9876543210")
BOSTON = ZoneInfo("America/New_York")
HOME = {"line": ["14 Cedar Lane"], "city": "Worcester", "state": "MA", "postalCode": "01605"}


def order_of(**patient: Any) -> Json:
    return an_order(
        contained=[a_patient(**{"address": [HOME], **patient}), a_coverage()],
        performerType=DERMATOLOGY,
        code={"text": "Consultation"},
    )


def add(world: World, referral_id: ReferralId = REFERRAL, **patient: Any) -> Referral:
    """Accept an order of the patient, as intake does, phone and all."""
    new_referral = a_new_referral_of(
        world.read(json.dumps(order_of(**patient)).encode()), world.clock
    )
    referral = new_referral.referral.but(id=referral_id)
    event = new_referral.event.but(referral_id=referral_id)
    phone = PHONE if "telecom" not in patient else None
    world.referrals.accept([new_referral.but(referral=referral, event=event, contact_hash=phone)])
    world.settle()
    return world.referrals.load(TENANT, referral_id).referral


def report(world: World, referral_id: ReferralId, reported: type[Reported], **fields: Any) -> None:
    apply_update(world.engine, TENANT, referral_id, world.update(reported, **fields))
    world.settle()


def patients_days(world: World) -> dict[date, list[str]]:
    """Return the capped messages by the patient's day."""
    days: dict[date, list[str]] = {}
    for reference, at in world.sent_at:  # type: ignore[attr-defined]
        days.setdefault(at.astimezone(BOSTON).date(), []).append(reference)
    return days


@pytest.fixture
def world() -> World:
    """A world that keeps when each capped message was sent."""
    world = World()
    sent_at: list[tuple[str, datetime]] = []
    send = world.messenger.send

    def kept(message: Any) -> int:
        if message.channel in CAPPED:
            sent_at.append((message.reference, world.clock.now()))
        return send(message)

    world.messenger.send = kept  # type: ignore[method-assign]
    world.sent_at = sent_at  # type: ignore[attr-defined]
    return world


def pass_days(world: World, days: int) -> None:
    """Let days pass and process what is due, as fire_timers does every minute."""
    end = world.clock.now() + timedelta(days=days)
    while True:
        due = [r.referral.due_at for r in world.referrals.all() if not r.referral.is_closed]
        if not due or min(due) > end:
            break
        world.clock.move_to(max(min(due), world.clock.now()))
        for tenant, referral_id in list(world.referrals.due(world.clock.now(), 100)):
            process_due(world.engine, tenant, referral_id)
        world.settle()
    world.clock.move_to(end)


# --- the caps ---------------------------------------------------------------------------------


def test_a_patient_with_two_referrals_gets_one_message_a_day_and_three_a_week(world: World) -> None:
    # Given two referrals of one patient, both accepted on one day
    add(world)
    add(world, OTHER)
    for referral_id in (REFERRAL, OTHER):
        report(world, referral_id, OfferAccepted, offer=1)
    # When a month passes in silence
    pass_days(world, 30)
    # Then both were tried, and the patient's phone rang once a day and three times a week at most
    days = patients_days(world)
    assert {reference.partition("-")[0] for r in days.values() for reference in r} == {
        REFERRAL,
        OTHER,
    }
    assert all(len(references) == 1 for references in days.values())
    for day in days:
        week = [d for d in days if day <= d < day + timedelta(days=7)]
        assert len(week) <= 3


def test_a_message_that_the_channel_did_not_take_is_tried_again_on_its_own_day(
    world: World,
) -> None:
    # Given a carrier that is down when the first message is due
    world.messenger.mode = "down"
    add(world)
    accepted(world)
    assert not world.messenger.sent
    taken = dict(world.referrals.messaged(TENANT, PHONE, date(2026, 3, 1)))
    assert list(taken.values()) == [f"{REFERRAL}-c1"]
    # When it is up again an hour later, Then the message is sent today, under the same reference
    for _ in range(3):
        world.wait()
    world.messenger.mode = "up"
    world.wait()
    assert [m.reference for m in world.messenger.sent] == [f"{REFERRAL}-c1"]
    assert dict(world.referrals.messaged(TENANT, PHONE, date(2026, 3, 1))) == taken


def test_a_reminder_waits_for_the_day_after_an_invitation_of_another_referral(world: World) -> None:
    # Given a visit in a little more than a day, whose reminder is due in an hour
    add(world)
    accepted(world)
    agreed(world)
    world.clock.move(timedelta(days=2))
    start = world.clock.now() + timedelta(days=1, hours=1)
    report(world, REFERRAL, AppointmentBooked, start=start)
    # When another referral's invitation is sent today
    add(world, OTHER)
    report(world, OTHER, OfferAccepted, offer=1)
    pass_days(world, 1)
    # Then the reminder is sent once the patient's next day has come, and before the visit
    days = patients_days(world)
    assert all(len(references) == 1 for references in days.values())
    assert any("-r" in reference for r in days.values() for reference in r)


@pytest.fixture(scope="module")
def asked() -> tuple[World, Referral]:
    """Given one referral for all examples: they differ in what its patient was sent."""
    world = World()
    return world, add(world)


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 20), max_size=12), st.integers(0, 13), st.integers(0, 23))
def test_a_free_day_keeps_to_the_caps_whatever_was_sent(
    asked: tuple[World, Referral], taken: set[int], day: int, hour: int
) -> None:
    world, referral = asked
    monday = date(2026, 3, 2)
    sent = {monday + timedelta(days=offset): f"other-c{offset}" for offset in taken}
    world.referrals.message_claims[TENANT, PHONE] = sent
    at = datetime(2026, 3, 2, hour, tzinfo=UTC) + timedelta(days=day)
    free = free_at(world.engine.case(referral), "sms", at)
    local = free.astimezone(BOSTON)
    assert free >= at
    assert 8 <= local.hour < 21
    days = {monday + timedelta(days=offset) for offset in taken}
    before = {d for d in days if local.date() - timedelta(days=7) < d < local.date()}
    assert local.date() not in days or (local.date() - at.astimezone(BOSTON).date()).days >= 14
    assert len(before) < 3 or (local.date() - at.astimezone(BOSTON).date()).days >= 14


@pytest.mark.parametrize("channel", ["letter", "portal"])
def test_letters_and_portal_messages_are_not_capped_and_wake_nobody(
    world: World, channel: Channel
) -> None:
    referral = add(world)
    world.referrals.message_claims[TENANT, PHONE] = {
        date(2026, 3, 2) + timedelta(days=n): f"other-c{n}" for n in range(5)
    }
    midnight = datetime(2026, 3, 3, 5, tzinfo=UTC)
    assert free_at(world.engine.case(referral), channel, midnight) == midnight
    contact = Contact(number=1, channel=channel, at=midnight, state="sending")
    assert message_claim(world.engine.case(referral), contact) == ()


@pytest.mark.parametrize("channel", sorted(CAPPED))
def test_what_is_capped_claims_the_day_of_the_patients_own_day(
    world: World, channel: Channel
) -> None:
    referral = add(world)
    late = datetime(2026, 3, 3, 1, tzinfo=UTC)  # 20:00 of the day before, in Boston
    contact = Contact(number=4, channel=channel, at=late, state="due")
    (claim,) = message_claim(world.engine.case(referral), contact)
    assert isinstance(claim, ClaimDailyMessage)
    assert (claim.contact_hash, claim.day, claim.reference) == (
        PHONE,
        date(2026, 3, 2),
        f"{REFERRAL}-c4",
    )
    assert claim.stoppable is (channel != "email")


def test_a_patient_without_a_phone_is_capped_by_the_email_address(world: World) -> None:
    mail = [{"system": "email", "value": "m.whitlock@example.org"}]
    referral = add(world, telecom=mail)
    contact = Contact(number=1, channel="email", at=world.clock.now(), state="sending")
    (claim,) = message_claim(world.engine.case(referral), contact)
    assert isinstance(claim, ClaimDailyMessage)
    assert claim.contact_hash == contact_hash("m.whitlock@example.org")


# --- quiet hours ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "zone"),
    [("CA", "America/Los_Angeles"), ("Hawaii", "Pacific/Honolulu"), ("MA", "America/New_York")],
)
def test_a_message_waits_for_the_patients_own_morning(world: World, state: str, zone: str) -> None:
    # Given a clinic that accepts at eight in the morning in Boston
    world.clock.move_to(datetime(2026, 3, 3, 13, 0, tzinfo=UTC))
    add(world, address=[{**HOME, "state": state}])
    accepted(world)
    pass_days(world, 1)
    (at,) = [at for _, at in world.sent_at]  # type: ignore[attr-defined]
    assert at.astimezone(ZoneInfo(zone)).hour == 8


def test_a_call_is_planned_when_staff_work_and_the_patient_is_awake(world: World) -> None:
    referral = add(world, address=[{**HOME, "state": "CA"}])
    friday_evening = datetime(2026, 3, 6, 22, 30, tzinfo=UTC)  # 17:30 in Boston, 14:30 there
    at = free_at(world.engine.case(referral), "call", friday_evening)
    assert at == datetime(2026, 3, 9, 15, 0, tzinfo=UTC)  # Monday, 11:00 in Boston, 08:00 there


@pytest.mark.parametrize("state", ["GU", "HI", "MP", "AS"])
@pytest.mark.parametrize("part", ["morning", "afternoon", "evening", None])
def test_a_call_to_the_other_side_of_the_world_is_planned_all_the_same(
    world: World, state: str, part: Any
) -> None:
    # Staff in Boston and a patient in Guam are never at work and awake together.
    referral = add(world, address=[{**HOME, "state": state}])
    at = free_at(world.engine.case(referral), "call", world.clock.now(), part)
    assert world.clock.now() <= at <= world.clock.now() + timedelta(days=4)
    assert at == world.engine.case(referral).hours.opens(at)


# --- stop -------------------------------------------------------------------------------------


def stop(world: World) -> None:
    """Text STOP, as the carrier's topic brings it."""
    world.referrals.opt_out(TENANT, PHONE, world.clock.now())
    for referral_id in world.referrals.by_phone(TENANT, PHONE):
        update = world.update(PatientReplied, id="reply-1", reply="stop")
        apply_update(world.engine, TENANT, referral_id, update)
    world.settle()


def texts(world: World) -> list[str]:
    return [m.reference for m in world.messenger.sent if m.channel in {"sms", "voice"}]


def test_a_stop_ends_the_texts_of_every_referral_of_the_number_at_once(world: World) -> None:
    # Given two referrals of a number, one with a booked visit
    add(world)
    add(world, OTHER)
    for referral_id in (REFERRAL, OTHER):
        report(world, referral_id, OfferAccepted, offer=1)
    start = world.clock.now() + timedelta(days=10)
    report(world, REFERRAL, AppointmentBooked, start=start)
    sent = texts(world)
    # When the patient texts STOP
    stop(world)
    # Then neither referral's texts go on, whatever time passes; the visit stands
    assert all(loaded.referral.opted_out for loaded in world.referrals.all())
    pass_days(world, 9)
    assert texts(world) == sent
    visit = world.referrals.load(TENANT, REFERRAL).referral.appointment
    assert visit is not None
    assert visit.status == "booked"
    other = world.referrals.load(TENANT, OTHER).referral.work_item
    assert other is not None
    assert other.reason is Reason.PATIENT_OPTED_OUT


def test_a_stop_holds_for_a_referral_that_comes_later(world: World) -> None:
    # Given a number that wants no messages
    stop(world)
    # When another referral of it is accepted, Then it is not texted but called
    add(world)
    accepted(world)
    until(world, Reason.CALL_DUE)
    assert not texts(world)
    assert {c.state for c in world.referral.contacts if c.channel == "sms"} == {"skipped"}


def test_a_stop_between_planning_and_writing_is_still_honoured(world: World) -> None:
    # Given a stop that comes after the step looked at the list, and before it writes
    add(world)
    looked = world.referrals.opted_out
    calls: list[bool] = []

    def stops_after_the_look(tenant: Any, phone: str) -> bool:
        answer = looked(tenant, phone)
        if not calls:
            world.referrals.opt_out(TENANT, PHONE, world.clock.now())
        calls.append(answer)
        return answer

    world.referrals.opted_out = stops_after_the_look  # type: ignore[method-assign]
    accepted(world)
    # Then the write is refused, and looked at again
    assert calls[0] is False
    assert not texts(world)


def test_a_stop_of_one_tenant_is_not_anothers(world: World) -> None:
    referral = add(world)
    assert reachable(world.engine.case(referral), "sms")
    world.referrals.opt_out(TENANT, contact_hash("+15085550199"), world.clock.now())
    assert reachable(world.engine.case(referral), "sms")
    world.referrals.opt_out(TENANT, PHONE, world.clock.now())
    assert not reachable(world.engine.case(referral), "sms")
    assert reachable(world.engine.case(referral), "call")
    assert reachable(world.engine.case(referral), "letter")


def test_a_message_is_in_the_patients_language_with_the_tenants_name_and_number(
    world: World,
) -> None:
    spanish = {"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "es-US"}]}}
    add(world, communication=[spanish])
    accepted(world)
    booked(world)
    (message,) = world.messenger.sent
    profile = world.directory.tenant(TENANT)
    assert isinstance(profile, TenantProfile)
    assert message.language == "es"
    assert "su doctor" in message.body
    assert profile.sender_name in message.body
    assert profile.call_back in message.body
    assert reason_of(world) is None
