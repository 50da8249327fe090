"""On moto: what an invocation's events carry, and its end says, is what the table was asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import botocore.session
import pytest
from moto import mock_aws

from referral_core.adapters.aws.dynamodb.referrals import ReferralTable
from referral_core.adapters.aws.dynamodb.schema import create_table_request
from referral_core.adapters.aws.metered_calls import count_calls
from referral_core.adapters.memory.metering import HASHED_KEYS
from referral_core.domain.change import change
from referral_core.domain.errors import StaleRun
from referral_core.domain.events import EventKind
from referral_core.domain.money.cost_ledger import STREAM_RECORDS, units
from referral_core.domain.writes import Commit, ReferralState
from referral_core.metering import METER
from tests.unit.builders import NOW, TENANT, a_new_referral, a_referral


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        boto3.client("dynamodb", "us-east-1").create_table(**create_table_request("referrals"))
        session = botocore.session.get_session()
        count_calls(session, METER)
        METER.begin({})
        yield session.create_client("dynamodb", "us-east-1")
        METER.end()


def a_commit(state: ReferralState) -> Commit:
    moved = change(
        state.referral,
        EventKind.READINESS_CONFIRMED,
        at=NOW,
        actor="router",
        status_reason="It goes on.",
        due_at=NOW,
    )
    return Commit(change=moved, mailbox_before=state.mailbox, mailbox=None)


def test_each_call_is_carried_by_one_event_or_said_at_the_end(client: Any) -> None:
    read: list[float] = []
    client.meta.events.register(
        "after-call.dynamodb",
        lambda parsed, model, **_: (
            read.append(parsed["ConsumedCapacity"]["CapacityUnits"])
            if model.name in {"GetItem", "Query"}
            else None
        ),
    )
    table = ReferralTable(client, "referrals", HASHED_KEYS)
    new = a_new_referral(a_referral(), b"{}", "A-1")
    table.accept([new])
    for _ in range(3):
        state = table.load(TENANT, new.referral.id)
    table.commit(a_commit(state))
    left = METER.so_far()
    until_then = sum(read)
    events = table.events(TENANT, new.referral.id)
    carried = units(events)
    assert carried["lambda_requests"] == 1
    assert carried.get("read_units", 0) + left.get("read_units", 0) == int(until_then)
    written = client.scan(TableName="referrals")["Items"]
    assert carried[STREAM_RECORDS] == len(written) + 1, "the referral was written twice"


def test_a_write_that_did_not_come_about_leaves_its_usage_to_the_next(client: Any) -> None:
    table = ReferralTable(client, "referrals", HASHED_KEYS)
    new = a_new_referral(a_referral())
    table.accept([new])
    state = table.load(TENANT, new.referral.id)
    METER.add("queue_operations", 5)
    stale = state.referral.but(run=7, version=9)
    with pytest.raises(StaleRun):
        table.commit(a_commit(ReferralState(referral=stale, mailbox=state.mailbox)))
    refused = METER.so_far()["single_write_units"]
    assert refused == 4, "the referral and the event, of less than a KB each, by two units"
    table.commit(a_commit(state))
    counted = [
        e.metered.get("queue_operations", 0) for e in table.events(TENANT, state.referral.id)
    ]
    assert counted == [0, 5]
    last = table.events(TENANT, state.referral.id)[-1]
    assert last.metered["single_write_units"] == refused, "billed, and no other event's"
