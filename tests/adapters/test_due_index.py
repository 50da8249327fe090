"""One contract of what is due, two sides; and what only the table's index has: its shards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.due import DueIndex
from referral_core.adapters.aws.dynamodb.referrals import ReferralTable
from referral_core.adapters.aws.dynamodb.schema import create_table_request
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain.change import change
from referral_core.domain.errors import Retryable
from referral_core.domain.events import EventKind
from referral_core.domain.ids import ReferralId
from referral_core.domain.referral import Notice
from referral_core.domain.writes import Commit
from referral_core.ports.lifecycle import DueIndex as DuePort
from tests.adapters.secret_keys import HASHED_KEYS
from tests.unit.builders import NOW, TENANT, a_new_referral, a_referral

SOON = NOW + timedelta(hours=1)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        made = boto3.client("dynamodb", "us-east-1")
        made.create_table(**create_table_request("t"))
        yield made


class Side:
    def __init__(self, store: Any, due: DuePort) -> None:
        self.store, self.index = store, due

    def add(self, name: str, **fields: Any) -> None:
        self.store.accept([a_new_referral(a_referral(name, **fields))])

    def found(self, after: timedelta = timedelta()) -> list[str]:
        return [i for _, i in self.index.due(SOON + after, 10)]


@pytest.fixture(params=["memory", "dynamodb"])
def side(request: pytest.FixtureRequest) -> Side:
    if request.param == "memory":
        memory = MemoryReferrals()
        return Side(memory, memory)
    client = request.getfixturevalue("client")
    return Side(ReferralTable(client, "t", HASHED_KEYS), DueIndex(client, "t"))


def test_a_referral_set_back_rests_and_comes_again(side: Side) -> None:
    side.add("r1", due_at=NOW)
    assert side.index.set_back(TENANT, ReferralId("r1"), SOON) == 1
    assert side.found() == []
    assert side.found(timedelta(minutes=1)) == ["r1"]
    assert side.index.set_back(TENANT, ReferralId("r1"), SOON + timedelta(minutes=1)) == 2
    assert side.found(timedelta(minutes=2)) == []
    assert side.found(timedelta(minutes=3)) == ["r1"]


def test_whatever_is_written_of_a_referral_ends_its_rest(side: Side) -> None:
    # Given a referral that failed often
    side.add("r1", due_at=NOW)
    for minutes in (0, 2, 5):
        side.index.set_back(TENANT, ReferralId("r1"), SOON + timedelta(minutes=minutes))
    assert side.found(timedelta(minutes=7)) == []
    # When it is written, and due again
    state = side.store.load(TENANT, ReferralId("r1"))
    written = change(
        state.referral,
        EventKind.RESOLUTION_RESENT,
        at=SOON,
        actor="t",
        status_reason="w",
        due_at=SOON + timedelta(minutes=6),
    )
    side.store.commit(Commit(change=written, mailbox_before=state.mailbox, mailbox=None))
    # Then it is found, and failing again it rests as after the first time
    assert side.found(timedelta(minutes=6)) == ["r1"]
    side.index.set_back(TENANT, ReferralId("r1"), SOON + timedelta(minutes=6))
    assert side.found(timedelta(minutes=7)) == ["r1"]


def test_one_that_is_not_due_any_more_is_not_set_back(side: Side) -> None:
    side.add("r1", due_at=SOON + timedelta(minutes=5))
    side.index.set_back(TENANT, ReferralId("r1"), SOON)
    assert side.found(timedelta(minutes=4)) == []
    assert side.found(timedelta(minutes=5)) == ["r1"]


def test_the_oldest_says_since_when(side: Side) -> None:
    assert side.index.oldest(SOON) is None
    side.add("r1", due_at=SOON - timedelta(minutes=3))
    side.add("r2", due_at=SOON - timedelta(minutes=7))
    side.add("r3", due_at=SOON + timedelta(minutes=7))
    assert side.index.oldest(SOON) == SOON - timedelta(minutes=7)


def test_a_notice_that_is_late_makes_its_referral_due(side: Side) -> None:
    notice = Notice(number=1, queued_at=NOW).watched(NOW)
    side.add("r1", due_at=NOW + timedelta(days=9), notices=(notice,))
    assert side.found() == ["r1"]


# --- the shards of the table's index --------------------------------------------------------------


def in_every_shard(client: Any, each: int) -> dict[str, int]:
    """Write some due referrals into each shard; return the shard of each."""
    store, found = ReferralTable(client, "t", HASHED_KEYS), dict.fromkeys(keys.due_shards(), 0)
    written: dict[str, int] = {}
    number = 0
    while min(found.values()) < each:
        name = f"r{number}"
        shard = keys.due_shard(ReferralId(name))
        if found[shard] < each:
            found[shard] += 1
            written[name] = keys.due_shards().index(shard)
            store.accept([a_new_referral(a_referral(name, due_at=NOW))])
        number += 1
    return written


def test_every_shard_has_its_turn_before_one_has_its_second(client: Any) -> None:
    shard_of = in_every_shard(client, 2)
    order = [shard_of[i] for _, i in DueIndex(client, "t").due(SOON, 1)]
    assert set(order[:8]) == set(range(8))
    assert set(order[8:]) == set(range(8))


def test_another_shard_is_the_first_each_minute(client: Any) -> None:
    shard_of = in_every_shard(client, 1)
    first = [
        shard_of[next(i for _, i in DueIndex(client, "t").due(SOON + timedelta(minutes=n), 1))]
        for n in range(8)
    ]
    assert sorted(first) == list(range(8))


def test_a_worker_sees_its_own_shards_only(client: Any) -> None:
    shard_of = in_every_shard(client, 1)
    seen = {shard_of[i] for _, i in DueIndex(client, "t", (1, 5)).due(SOON, 10)}
    assert seen == {1, 5}


def test_a_shard_that_cannot_be_read_hides_nothing_of_the_others(client: Any) -> None:
    shard_of = in_every_shard(client, 1)

    def throttle(params: dict[str, Any], **_: Any) -> None:
        if params["ExpressionAttributeValues"][":shard"] == {"S": "DUE#3"}:
            code = "ProvisionedThroughputExceededException"
            raise ClientError({"Error": {"Code": code}}, "Query")

    client.meta.events.register("provide-client-params.dynamodb.Query", throttle)
    found = DueIndex(client, "t").due(SOON, 10)
    seen = {shard_of[next(found)[1]] for _ in range(7)}
    assert seen == set(range(8)) - {3}
    with pytest.raises(Retryable):
        next(found)
