"""A booking names a slot, a Task and an explanation name the one reserved."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from referral_core.domain import exact_json
from referral_core.domain.errors import NotLegal
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Step
from referral_core.domain.mailbox import Wait
from referral_core.domain.routing.explanation import reason_of
from referral_core.domain.updates import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentFulfilled,
    AppointmentNoshow,
    AppointmentUpdate,
    Role,
)
from referral_core.entrypoints.http.updates.booked_slots import require_slot
from referral_core.fhir.errors import FhirError
from referral_core.fhir.inbound.partner_updates import AppointmentReport, read_appointment
from referral_core.fhir.outbound.tasks import task_b
from referral_core.lifecycle.engine.apply_update import apply_update
from referral_core.lifecycle.steps.await_visit import AwaitVisit
from tests.in_memory import START, TENANT
from tests.unit.lifecycle.routing.test_slots import FIRST, WHO, Clinic, accepted, hours, name

LATER: datetime = hours(2)[0]


@pytest.fixture
def clinic() -> Clinic:
    clinic = Clinic()
    clinic.publish(FIRST, hours(1)[0], LATER)
    clinic.arrive("a", "b")
    accepted(clinic, is_booked=False)
    return clinic


def check(clinic: Clinic, start: datetime, slot: str | None) -> None:
    report = AppointmentReport(
        referral_id="a", kind_class=AppointmentBooked, status="booked", start=start, slot=slot
    )
    require_slot(clinic.room.engine, clinic.room.read("a"), report)


@pytest.mark.parametrize(
    ("start", "slot"),
    [(FIRST, name(FIRST)), (LATER, name(LATER)), (hours(1)[0], None), (hours(9)[0], None)],
)
def test_ones_own_slot_a_free_one_or_none_is_booked(
    clinic: Clinic, start: datetime, slot: str | None
) -> None:
    check(clinic, start, slot)


@pytest.mark.parametrize(
    ("start", "slot"),
    [
        (hours(1)[0], name(hours(1)[0])),  # it is b's
        (LATER, name(FIRST)),
        (FIRST, name(LATER)),
        (hours(9)[0], "unknown"),
    ],
)
def test_a_slot_that_is_not_to_be_had_is_refused(
    clinic: Clinic, start: datetime, slot: str
) -> None:
    with pytest.raises(FhirError) as refused:
        check(clinic, start, slot)
    assert refused.value.status == 409


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "Slot/1000000001.a"},
        {"reference": "https://router.example.org/fhir/Slot/1000000001.a"},
        {
            "identifier": {
                "system": "https://referral-router.org/fhir/slot",
                "value": "1000000001.a",
            }
        },
    ],
)
def test_a_booking_names_its_slot_by_reference_or_identifier(reference: dict[str, object]) -> None:
    visit = {
        "resourceType": "Appointment",
        "status": "booked",
        "basedOn": [{"reference": "ServiceRequest/" + "0" * 32}],
        "start": FIRST.isoformat(),
        "end": (FIRST + timedelta(hours=1)).isoformat(),
        "slot": [reference],
        "participant": [{"status": "accepted"}],
    }
    body = exact_json.dumps(visit).encode()
    assert read_appointment(body, "application/fhir+json", START).slot == "1000000001.a"


@pytest.mark.parametrize("kind", [AppointmentCancelled, AppointmentNoshow, AppointmentFulfilled])
def test_what_became_of_a_visit_is_taken_whoever_has_its_slot(
    clinic: Clinic, kind: type[AppointmentUpdate]
) -> None:
    start = hours(1)[0]  # it is b's by now
    report = AppointmentReport(
        referral_id="a", kind_class=kind, status="cancelled", start=start, slot=name(start)
    )
    require_slot(clinic.room.engine, clinic.room.read("a"), report)


@pytest.mark.parametrize("slots", [["Slot/12345"], ["Slot/12345", "Slot/12346"]])
def test_a_slot_that_was_not_published_here_is_the_clinics_own_affair(slots: list[str]) -> None:
    assert read_appointment(a_visit(*slots), "application/fhir+json", START).slot is None


def a_visit(*slots: str) -> bytes:
    visit = {
        "resourceType": "Appointment",
        "status": "booked",
        "basedOn": [{"reference": "ServiceRequest/" + "0" * 32}],
        "start": FIRST.isoformat(),
        "end": (FIRST + timedelta(hours=1)).isoformat(),
        "slot": [{"reference": one} for one in slots],
        "participant": [{"status": "accepted"}],
    }
    return exact_json.dumps(visit).encode()


def test_a_booking_that_names_two_slots_is_refused() -> None:
    two = a_visit("Slot/1000000001.a", "Slot/1000000001.b")
    with pytest.raises(FhirError) as refused:
        read_appointment(two, "application/fhir+json", START)
    assert (refused.value.status, refused.value.issues[0].own_code) == (422, "several-slots")


def test_a_slot_that_is_named_twice_or_beside_the_clinics_own_is_one() -> None:
    body = a_visit("Slot/1000000001.a", "Slot/12345", "https://x.example.org/Slot/1000000001.a")
    assert read_appointment(body, "application/fhir+json", START).slot == "1000000001.a"


def test_a_booking_whose_slot_went_to_another_meanwhile_is_refused_and_not_written(
    clinic: Clinic,
) -> None:
    """It was free when it came in: who is first is known only once it is written."""
    room, others = clinic.room, iter([True])
    waits_for_the_visit(clinic, "a")
    before, commit = room.store.load(TENANT, "a"), room.store.commit

    def commit_after_another(change: Any) -> None:
        if next(others, False):
            held = {name(FIRST): "a", name(LATER): "other"}
            for at, week in room.store.slot_weeks.items():
                if week.holders:
                    room.store.slot_weeks[at] = week.but(holders=held)
        commit(change)

    room.store.commit = commit_after_another
    said = AppointmentBooked(
        id="booked-1",
        actor="c1",
        role=Role.CLINIC,
        organization=WHO.organization,
        received_at=START,
        start=LATER,
        slot=name(LATER),
    )
    with pytest.raises(NotLegal, match="name another, or none"):
        apply_update(room.engine, TENANT, ReferralId("a"), said)
    assert room.store.load(TENANT, "a") == before
    # Without the slot's name the visit is taken, beside the calendar
    apply_update(room.engine, TENANT, ReferralId("a"), said.but(id="booked-2", slot=None))
    assert room.read("a").appointment is not None
    assert clinic.held()[name(LATER)] == "other"


def waits_for_the_visit(clinic: Clinic, referral: str) -> None:
    """Let the visit be awaited, to be booked."""
    room, at = clinic.room, (TENANT, ReferralId(referral))
    awaits = AwaitVisit(messages=None, clinics=None)  # type: ignore[arg-type]
    room.engine.steps[Step.AWAIT_VISIT] = awaits  # type: ignore[index]
    state = room.store._referrals[at]
    wait = Wait(
        id="w1",
        step=Step.AWAIT_VISIT,
        token="t",
        accepts=awaits.accepted_updates(state.referral),
        deadline=START + timedelta(days=30),
    )
    waiting = state.referral.but(current_step=Step.AWAIT_VISIT)
    room.store._referrals[at] = state.but(
        referral=waiting, mailbox=state.mailbox.but(wait=wait, resolution=None)
    )


def test_the_clinics_task_names_the_slot_and_its_time(clinic: Clinic) -> None:
    referral = clinic.room.read("a")
    (offer,) = referral.offers
    (said,) = task_b(referral, offer)["input"]
    assert said["type"]["coding"][0]["code"] == "slot"
    assert said["valueReference"]["identifier"]["value"] == name(FIRST)
    assert said["valueReference"]["display"] == "2026-03-11T11:00-04:00/2026-03-11T11:30-04:00"


def test_the_explanation_says_when_as_the_clinics_clock_does(clinic: Clinic) -> None:
    (decision,) = clinic.room.store.routing_decisions(TENANT, "a")
    assert "a slot on 11 Mar 2026 at 11:00" in reason_of(decision.candidates[0])
