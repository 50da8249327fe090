"""Two hundred at once for fifty places, in the stack's emulator: none over, lost or twice."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from local.emulator import running
from referral_core.adapters.aws.dynamodb.directory import DynamoDbDirectory, config_items
from referral_core.adapters.aws.dynamodb.referrals import ReferralTable
from referral_core.adapters.aws.dynamodb.schema import create_table_request
from referral_core.domain.effects import Release
from referral_core.domain.events import EventKind
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Step
from referral_core.lifecycle.draft import draft
from referral_core.lifecycle.engine.commit import commit_of
from tests.adapters.secret_keys import HASHED_KEYS
from tests.in_memory import START, TENANT, a_directory
from tests.unit.domain.routing.practitioners import a_practitioner
from tests.unit.lifecycle.routing.test_waitlist import NPI, ONE_WEEK, WEEKS
from tests.unit.lifecycle.waiting_room import WaitingRoom

PLACES, REFERRALS, RELEASED = 50, 200, 30
TABLE = "waiting-room"
CLINIC = a_practitioner(NPI, weekly_capacity=PLACES)


@pytest.fixture
def room() -> Iterator[WaitingRoom]:
    """The line over a table of the emulator that the stack runs in, and nothing else of it."""
    with running({}) as emulator:
        yield _a_room(emulator.client("dynamodb"))


def _a_room(client: Any) -> WaitingRoom:
    client.create_table(**create_table_request(TABLE))
    profile = a_directory(WaitingRoom().store).tenant(TENANT)
    for record in (profile, *WaitingRoom(CLINIC).practitioners):
        for one in config_items(record):
            client.put_item(TableName=TABLE, Item=one)
    return WaitingRoom(
        CLINIC,
        store=ReferralTable(client, TABLE, HASHED_KEYS),
        directory=DynamoDbDirectory(client, TABLE, HASHED_KEYS),
        rules=ONE_WEEK,
    )


def give_back(room: WaitingRoom, name: str) -> None:
    """Let the clinic decline: the place is released with the same write."""
    state = room.store.load(TENANT, ReferralId(name))
    drafted = draft(
        room.engine.case(state.referral),
        EventKind.OFFER_DECLINED,
        "The clinic declined.",
        then=Step.ROUTE_REFERRAL,
        effects=(Release(reservation=state.referral.offers[-1].reservation),),
        offers=state.referral.with_offer_changed(status="declined", reservation=None),
    )
    room.store.commit(commit_of(drafted, state, None))


def test_two_hundred_for_fifty_places_then_thirty_releases_wake_thirty(room: WaitingRoom) -> None:
    ids = [f"r{n:03d}" for n in range(REFERRALS)]
    for n, name in enumerate(ids):
        room.accept(name, START + timedelta(seconds=n))

    def held() -> int:
        return room.directory.reserved(TENANT, NPI, WEEKS[:1])[WEEKS[0]]

    with ThreadPoolExecutor(8) as pool:
        # When all are routed at once, Then each has a place or waits for one
        list(pool.map(room.route, ids))
        reserved, waiting = room.reserved(ids), room.waiting()
        assert (len(reserved), held(), len(waiting)) == (PLACES, PLACES, REFERRALS - PLACES)
        assert {*reserved, *waiting} == set(ids)
        # When thirty places are given back at once, Then the first thirty of the line have them
        list(pool.map(partial(give_back, room), reserved[:RELEASED]))
        assert held() == PLACES - RELEASED
        served = list(pool.map(lambda _: room.opened(NPI, WEEKS[0]), range(RELEASED)))
    assert (sum(served), held()) == (RELEASED, PLACES)
    assert room.waiting() == waiting[RELEASED:]
    assert set(room.reserved(waiting)) == set(waiting[:RELEASED])
