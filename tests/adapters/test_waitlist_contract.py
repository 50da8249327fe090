"""One contract for lines, limits and the directory's entries: memory and the table behave alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from referral_core.adapters.aws.dynamodb.directory import DynamoDbDirectory, config_items
from referral_core.adapters.aws.dynamodb.directory_store import DirectoryTable
from referral_core.adapters.aws.dynamodb.referrals import ReferralTable
from referral_core.adapters.aws.dynamodb.schema import create_table_request
from referral_core.adapters.memory.directory import MemoryDirectory
from referral_core.adapters.memory.directory_store import MemoryDirectoryStore
from referral_core.directories.importing import ImportState
from referral_core.domain.directory_facts import Dispute, Fact, FactSource
from referral_core.domain.errors import Conflict
from referral_core.domain.terminology import Priority
from tests.adapters.secret_keys import HASHED_KEYS
from tests.in_memory import START, TENANT, a_directory
from tests.unit.domain.routing.practitioners import a_practitioner
from tests.unit.lifecycle.routing.test_capacity_changes import TWO_WEEKS, WEEKS
from tests.unit.lifecycle.routing.test_waitlist import NPI
from tests.unit.lifecycle.waiting_room import WaitingRoom

Room = tuple[WaitingRoom, Any]
CLINIC = a_practitioner(NPI, weekly_capacity=1)


@pytest.fixture(params=["memory", "table"])
def room(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    if request.param == "memory":
        made = WaitingRoom(CLINIC, rules=TWO_WEEKS)
        yield made, MemoryDirectoryStore(made.store)
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("dynamodb", "us-east-1")
        client.create_table(**create_table_request("referrals"))
        listed = WaitingRoom(CLINIC).practitioners
        profile = a_directory(WaitingRoom().store).tenant(TENANT)
        for record in (profile, *listed):
            for one in config_items(record):
                client.put_item(TableName="referrals", Item=one)
        yield (
            WaitingRoom(
                CLINIC,
                store=ReferralTable(client, "referrals", HASHED_KEYS),
                directory=DynamoDbDirectory(client, "referrals", HASHED_KEYS),
                rules=TWO_WEEKS,
            ),
            DirectoryTable(client, "referrals"),
        )


def test_a_line_is_in_order_and_who_got_a_place_has_left_it(room: Room) -> None:
    waiting, _ = room
    for name in ("one", "two"):
        assert waiting.arrive(name).offers
    waiting.arrive("late", START + timedelta(hours=1))
    waiting.arrive("early", START)
    waiting.arrive("urgent", START + timedelta(hours=2), Priority.URGENT)
    assert waiting.waiting() == ["urgent", "early", "late"]
    assert waiting.opened(NPI, WEEKS[0]) == 0


def test_who_reserves_a_week_is_known_and_the_clinics_limit_holds(room: Room) -> None:
    waiting, store = room
    waiting.arrive("one")
    assert store.holders(TENANT, NPI, [WEEKS[0]]) == ["one"]
    assert store.holders(TENANT, NPI, [WEEKS[1]]) == []
    store.limit(TENANT, NPI, f"clinic-{NPI}", {WEEKS[1]: 0})
    # The directory still says that the second week has a place: the limit holds all the same
    with pytest.raises(Conflict):
        waiting.arrive("two")
    store.limit(TENANT, NPI, f"clinic-{NPI}", {WEEKS[1]: 1})
    waiting.route("two")
    assert store.holders(TENANT, NPI, [WEEKS[1]]) == ["two"]


def test_an_entry_is_found_by_npi_and_not_overwritten_unread(room: Room) -> None:
    waiting, store = room
    (entry,) = waiting.directory.entries_of(TENANT, NPI)
    assert waiting.directory.entries_of(TENANT, "1999999999") == []
    store.replace([(entry, entry.but(name="Dr. New"))])
    (written,) = waiting.directory.entries_of(TENANT, NPI)
    assert written.name == "Dr. New"
    with pytest.raises(Conflict):
        store.replace([(entry, entry.but(name="Dr. Stale"))])
    with pytest.raises(Conflict):
        store.replace([(None, entry)])


def test_an_organization_is_known_by_its_first_entry_and_by_one_that_moves_there(
    room: Room,
) -> None:
    waiting, store = room
    (entry,) = waiting.directory.entries_of(TENANT, NPI)
    new = [entry.but(npi=f"19999000{n}", organization="new-clinic") for n in (11, 12)]
    store.replace([(None, one) for one in new])
    (written,) = waiting.directory.entries_of(TENANT, NPI)
    store.replace([(written, written.but(organization="moved-to"))])
    assert isinstance(waiting.directory, MemoryDirectory | DynamoDbDirectory)
    assert {"new-clinic", "moved-to"} <= set(waiting.directory.organizations(TENANT))


def test_what_is_disputed_is_listed_until_it_is_verified(room: Room) -> None:
    waiting, store = room
    (entry,) = waiting.directory.entries_of(TENANT, NPI)
    said = Dispute(fact=Fact.CONTACT, said_by="staff", at=START)
    assert list(store.to_verify(TENANT, ("", ""), 9)) == []
    store.replace([(entry, entry.with_dispute(said))])
    (listed,) = store.to_verify(TENANT, ("", ""), 9)
    assert (listed.npi, listed.disputes) == (NPI, (said,))
    by_phone = FactSource(source="staff", as_of=START.date())
    store.replace([(listed, listed.verified({Fact.CONTACT}, by_phone))])
    assert list(store.to_verify(TENANT, ("", ""), 9)) == []


def test_how_far_an_import_is_is_kept_until_its_end(room: Room) -> None:
    _, store = room
    state = ImportState(source="nppes", line=80, added=79, refused=1)
    assert store.state(TENANT, "nppes") is None
    store.keep_state(TENANT, state, is_done=False)
    assert store.state(TENANT, "nppes") == state
    store.keep_state(TENANT, state, is_done=True)
    assert store.state(TENANT, "nppes") is None
