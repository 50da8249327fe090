"""The outbox asks for the waitlist when a place opens or somebody joins, and for nothing else."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from referral_core.adapters.aws.dynamodb.attributes import item, plain
from referral_core.adapters.aws.dynamodb.directory import config_item
from referral_core.adapters.aws.dynamodb.items import capacity_item, referral_item
from referral_core.adapters.aws.dynamodb.openings import closings_in, opening_in
from referral_core.adapters.aws.dynamodb.projections import projected_in
from referral_core.adapters.aws.dynamodb.slot_attributes import holder_of, slot_named
from referral_core.adapters.memory.directory_store import MemoryDirectoryStore
from referral_core.adapters.memory.partners import MemoryNotices, MemoryWaitlistRequests
from referral_core.adapters.memory.workflow import MemoryWorkflow
from referral_core.domain.directory_facts import CapacityStatus, Dispute, Fact
from referral_core.domain.lifecycle import Status
from referral_core.domain.run import WaitlistRequest
from referral_core.domain.slots import Slot, SlotStatus
from referral_core.entrypoints.outbox import Outbox
from referral_core.entrypoints.waitlist import WaitlistService
from tests.in_memory import START
from tests.unit.builders import TENANT, a_referral
from tests.unit.domain.routing.practitioners import a_practitioner
from tests.unit.lifecycle.routing.test_waitlist import NPI, WEEKS, a_room


def asked(old: Any, new: Any) -> list[WaitlistRequest]:
    """Return what the outbox asks of the waitlist when an item is written."""
    requests = MemoryWaitlistRequests()
    outbox = Outbox(
        MemoryWorkflow(), MemoryNotices, projected_in, lambda: requests, opening_in, closings_in
    )
    outbox.publish(None if old is None else plain(old), plain(new))
    return requests.asked


def a_week(held: int) -> Any:
    return capacity_item(TENANT, NPI, WEEKS[0], held)


OPENED = WaitlistRequest(tenant=TENANT, npi=NPI, week=WEEKS[0])
MORE_ROOM = WaitlistRequest(tenant=TENANT, npi=NPI)


def test_a_place_that_is_given_back_is_an_opening_and_one_that_is_taken_is_none() -> None:
    assert asked(a_week(2), a_week(1)) == [OPENED]
    assert (
        asked(a_week(1), a_week(2)) == asked(None, a_week(1)) == asked(a_week(1), a_week(1)) == []
    )


def a_week_of_slots(*free: str, held: str | None = None, count: int = 1) -> Any:
    """Return the item of a week with three slots, of which some are free and one is reserved."""
    begins = {name: START + timedelta(hours=n) for n, name in enumerate("abc")}
    slots = {
        slot_named(name): Slot(
            id=name,
            organization="clinic-1",
            start=at,
            end=at + timedelta(minutes=30),
            status=SlotStatus.FREE if name in free else SlotStatus.BUSY,
        ).model_dump(mode="json")
        for name, at in begins.items()
    }
    holder = {holder_of(held): "r1"} if held else {}
    return item(**a_week_key(), held=count, slots_revision=1, **slots, **holder)


def a_week_key() -> dict[str, str]:
    return {name: value["S"] for name, value in a_week(0).items() if name in {"pk", "sk"}}


@pytest.mark.parametrize(
    ("before", "after", "opens"),
    [
        # A visit takes another slot of the week: the count stays
        (a_week_of_slots("a", "b", held="a"), a_week_of_slots("a", "b", held="b"), True),
        # Its clinic makes one free and another busy
        (a_week_of_slots("a"), a_week_of_slots("b"), True),
        (a_week_of_slots("a"), a_week_of_slots("a", "b"), True),
        (None, a_week_of_slots("a", count=0), True),
        (a_week_of_slots("a", "b"), a_week_of_slots("a"), False),
        (a_week_of_slots("a", "b"), a_week_of_slots("a", "b", held="b"), False),
        (a_week_of_slots("a", held="a"), a_week_of_slots("a", "b", held="b"), True),
        (a_week_of_slots("a"), a_week_of_slots("a"), False),
    ],
)
def test_a_slot_that_is_nobodys_by_now_is_an_opening(
    before: Any, after: Any, *, opens: bool
) -> None:
    assert asked(before, after) == ([OPENED] if opens else [])


def test_a_referral_asks_when_it_joins_and_not_while_it_stays() -> None:
    routing, waits = (referral_item(a_referral(status=s)) for s in (Status.ROUTING, "waitlisted"))
    joined = WaitlistRequest(tenant=TENANT, referral_id=a_referral().id)
    assert asked(routing, waits) == [joined]
    assert asked(waits, waits) == asked(waits, routing) == []


SAID = Dispute(fact=Fact.CONTACT, said_by="staff", at=START)


@pytest.mark.parametrize(
    ("before", "after", "opens"),
    [
        ({"weekly_capacity": 1}, {"weekly_capacity": 2}, True),
        ({"weekly_capacity": 2}, {"weekly_capacity": 1}, False),
        ({"weeks": {WEEKS[0]: 0}}, {"weeks": {WEEKS[0]: 1}}, True),
        ({"weeks": {WEEKS[0]: 0}}, {}, True),
        ({}, {"weeks": {WEEKS[0]: 0}}, False),
        ({"accepting": False}, {"accepting": True}, True),
        ({"accepting": True}, {"accepting": False}, False),
        ({"disputes": (SAID,)}, {"disputes": ()}, True),
        ({"capacity_status": CapacityStatus.CLOSED}, {"capacity_status": "limited"}, True),
        ({"weekly_capacity": 1}, {"weekly_capacity": 2, "accepting": False}, False),
        ({"name": "Dr. A"}, {"name": "Dr. B"}, False),
        ({"weekly_capacity": 0}, {"weekly_capacity": 0, "name": "Dr. B"}, False),
    ],
)
def test_a_directory_entry_opens_when_it_says_more_room(
    before: dict[str, Any], after: dict[str, Any], *, opens: bool
) -> None:
    old, new = (config_item(a_practitioner(NPI, **fields)) for fields in (before, after))
    assert asked(old, new) == ([MORE_ROOM] if opens else [])


def a_message(number: int, **fields: Any) -> dict[str, Any]:
    body = {"tenant": TENANT, "referral_id": None, "npi": None, "week": None, **fields}
    return {"messageId": str(number), "body": json.dumps(body)}


def test_a_message_that_fails_comes_again_alone() -> None:
    room = a_room()
    for name in ("holds", "waits"):
        room.arrive(name)
    room.free(NPI, WEEKS[0])
    broken = {"messageId": "1", "body": "{"}
    records = [broken, a_message(2, npi=NPI, week=WEEKS[0]), a_message(3, referral_id="unknown")]
    answer = WaitlistService(room.engine, MemoryDirectoryStore(room.store)).handle(
        {"Records": records}
    )
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert room.is_reserved("waits")
