"""What the partners of a world do, one action each, in the order of a referral that goes well."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from referral_core.domain.lifecycle import Step
from referral_core.domain.updates import (
    AppointmentBooked,
    AppointmentFulfilled,
    NoticeAcknowledged,
    NoticeDelivered,
    OfferAccepted,
    PatientReplied,
    ReportReceived,
    Role,
)
from referral_core.domain.work_items import Reason
from tests.in_memory import World

REPORT = {"sha256": "a" * 64, "loinc": "11488-4"}


def accepted(world: World) -> None:
    world.report(OfferAccepted, offer=world.referral.offers[-1].number)


def agreed(world: World) -> None:
    world.report(PatientReplied, reply="yes")


def booked(world: World, days: int = 7) -> None:
    world.report(AppointmentBooked, start=world.clock.now() + timedelta(days=days))


def seen(world: World) -> None:
    world.report(AppointmentFulfilled)


def reported(world: World, **fields: Any) -> None:
    world.report(ReportReceived, **{**REPORT, **fields})


def notified(world: World) -> None:
    notice = world.referral.notice
    assert notice is not None
    world.report(NoticeDelivered, notice=notice.number)


def patient_told(world: World) -> None:
    """Let the message about the end go out: not on the day of another, nor at night."""
    while not world.referral.is_closed and world.referral.current_step is Step.CONTACT_PATIENT:
        world.wait()


def acknowledged(world: World) -> None:
    notice = world.referral.notice
    assert notice is not None
    world.report(NoticeAcknowledged, role=Role.EHR, notice=notice.number)


TO_THE_END = (accepted, agreed, booked, seen, reported, notified, acknowledged)


def reason_of(world: World) -> Reason | None:
    """Why a person must look; None when no work item is open."""
    item = world.referral.work_item
    return item.reason if item else None
