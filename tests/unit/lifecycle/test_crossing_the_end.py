"""What crosses, overlaps or is said by somebody else, where a patient and the end are concerned."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from referral_core.adapters.memory.directory import MemoryDirectory
from referral_core.domain.access.principal import Principal
from referral_core.domain.outreach.plan import contact_hash
from referral_core.domain.outreach.replies import read_reply
from referral_core.domain.outreach.vocabulary import Reply
from referral_core.domain.updates import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentFulfilled,
    InformationSupplied,
    Role,
    Superseded,
)
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.engine.apply_update import apply_update
from tests.in_memory import REFERRAL, TENANT
from tests.partner_actions import accepted, agreed, notified, reason_of
from tests.unit.entrypoints import test_sms_replies as sms
from tests.unit.entrypoints.http.api_client import ApiClient
from tests.unit.lifecycle.outreach.test_alternates import (
    DAUGHTER,
    until_another_is_called,
    with_contacts,
)
from tests.unit.lifecycle.outreach.test_told_of_the_end import ended, texts, with_a_visit
from tests.unit.lifecycle.work_item_worlds import a_world, reply


def test_what_nothing_can_use_does_not_keep_a_referral_from_closing() -> None:
    world = a_world()
    ended(world)
    crossing = [world.update(InformationSupplied, role=Role.EHR)]

    def before(execution: Any) -> None:
        if execution.state == "CloseReferral" and crossing:
            apply_update(world.engine, TENANT, REFERRAL, crossing.pop())

    world.machine.before_task = before
    notified(world)
    assert not world.referral.is_closed
    world.wait()
    assert world.referral.is_closed


@pytest.mark.parametrize(("spoke_with", "stops"), [("contact", False), ("patient", True)])
def test_a_stop_is_the_patients_only_where_the_patient_spoke(
    spoke_with: str, *, stops: bool
) -> None:
    """The call was to a daughter, but the patient may have been at her telephone."""
    world = with_contacts(DAUGHTER)
    until_another_is_called(world)
    said = {"spokeWith": spoke_with}
    assert ApiClient(world).decide("record-call", result="opted-out", **said).status == 200
    phone = world.engine.case(world.referral).content.patient.phone
    assert phone
    assert world.referrals.opted_out(TENANT, contact_hash(phone)) is stops
    assert (phone in world.messenger.opted_out) is stops
    assert world.referral.opted_out is stops


def test_who_is_told_nothing_more_does_not_decline_for_the_patient() -> None:
    world = with_contacts(DAUGHTER)
    until_another_is_called(world)
    assert (
        ApiClient(world).decide("record-call", result="declined", spokeWith="contact").status == 200
    )
    assert world.referral.proposed_outcome is None


def test_a_parent_of_who_is_of_age_is_told_nothing() -> None:
    mother = {"name": "Mo", "relationship": "MTH", "phone": "+15085550175"}
    assert "say nothing more" in until_another_is_called(with_contacts(mother))


def test_what_the_clinic_saw_while_the_end_is_written_reaches_a_person() -> None:
    world = with_a_visit()
    seen = [world.update(AppointmentFulfilled)]
    withdraw = world.clinics.withdraw

    def meanwhile(*said: Any) -> None:
        if seen:
            apply_update(world.engine, TENANT, REFERRAL, seen.pop())
        withdraw(*said)

    world.clinics.withdraw = meanwhile  # type: ignore[method-assign]
    before = len(texts(world))
    ended(world)
    assert reason_of(world) is Reason.ENDING_CONTRADICTED
    assert len(texts(world)) == before


@pytest.mark.parametrize("said", ["Yes, I need help", "sí, necesito ayuda", "YES INFO"])
def test_a_yes_beside_a_question_is_read_by_a_person(said: str) -> None:
    assert read_reply(said) is Reply.OTHER


def test_help_comes_from_the_tenants_own_number() -> None:
    world = sms.World("r1")
    channel = Principal(
        client_id=sms.NUMBER, tenant=TENANT, role=Role.PATIENT_CHANNEL, organization="carrier"
    )
    own = sms.PROFILE.but(phone_identity="pool-lakeside")
    directory = MemoryDirectory(world.referrals, [own, channel])
    replace(world.receive, directory=directory).handle(sms.an_event("I need help"))
    assert [m.sender for m in world.carrier.sent] == ["pool-lakeside"]


def test_who_heard_that_the_visit_is_off_does_not_hear_it_again() -> None:
    world = with_a_visit()
    before = len(texts(world))
    world.report(AppointmentCancelled)
    while len(texts(world)) == before:
        world.wait()
    world.clock.move(timedelta(days=1))
    ended(world, Superseded)
    assert len(texts(world)) == before + 1


def test_a_stop_has_the_visit_called_off_at_once() -> None:
    world = a_world()
    accepted(world)
    agreed(world)
    world.report(AppointmentBooked, start=world.clock.now() + timedelta(hours=22, minutes=15))
    world.clock.move(timedelta(hours=13))
    ended(world)
    reply(world, "stop")
    assert reason_of(world) is Reason.PATIENT_NOT_TOLD
