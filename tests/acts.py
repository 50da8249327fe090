"""What the partners of a world do, one act each, in the order of a referral that goes well."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from referral_core.domain.updates import Role, UpdateKind
from referral_core.domain.work import Reason
from tests.in_memory import World

REPORT = {"sha256": "a" * 64, "loinc": "11488-4"}


def accepted(world: World) -> None:
    world.tell(UpdateKind.OFFER_ACCEPTED, offer=world.referral.offers[-1].number)


def agreed(world: World) -> None:
    world.tell(UpdateKind.PATIENT_REPLIED, Role.PATIENT_CHANNEL, keyword="yes")


def booked(world: World, days: int = 7) -> None:
    start = world.clock.now() + timedelta(days=days)
    world.tell(UpdateKind.APPOINTMENT_BOOKED, start=start.isoformat())


def seen(world: World) -> None:
    world.tell(UpdateKind.VISIT_ATTENDED)


def reported(world: World, **facts: Any) -> None:
    world.tell(UpdateKind.REPORT_RECEIVED, **{**REPORT, **facts})


def told(world: World) -> None:
    notice = world.referral.notice
    assert notice is not None
    world.tell(UpdateKind.NOTICE_DELIVERED, Role.ROUTER, notice=notice.number)


def acknowledged(world: World) -> None:
    notice = world.referral.notice
    assert notice is not None
    world.tell(UpdateKind.NOTICE_ACKNOWLEDGED, Role.EHR, notice=notice.number)


TO_THE_END = (accepted, agreed, booked, seen, reported, told, acknowledged)


def reason_of(world: World) -> Reason | None:
    """Why a person must look; None when no work item is open."""
    item = world.referral.work_item
    return item.reason if item else None
