"""What waits in each queue: the table's indexes say what a recount of every referral says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from referral_core.adapters.aws.dynamodb.directory import config_item
from referral_core.adapters.aws.dynamodb.queue_gauges import QueueGauges
from referral_core.adapters.aws.dynamodb.referrals import ReferralTable
from referral_core.adapters.aws.dynamodb.schema import create_table_request
from referral_core.adapters.memory.queue_gauges import MemoryQueueGauges
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain.directory import TenantProfile
from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Outcome, Queue, Status
from referral_core.domain.queue_gauge import QueueGauge
from referral_core.domain.referral import Referral, WorkItem
from referral_core.domain.work_items import Reason
from tests.adapters.secret_keys import HASHED_KEYS
from tests.unit.builders import NOW, TENANT, a_new_referral, a_referral

OTHER = Tenant("hillside")


def a_profile(tenant: Tenant) -> TenantProfile:
    return TenantProfile(
        tenant=tenant,
        name=tenant,
        npi="1999900107",
        time_zone="America/New_York",
        holidays="US-MA",
        sender_name="Lakeside",
        call_back="+1 617 555 0100",
    )


def an_item(hours: float) -> WorkItem:
    return WorkItem(
        reason=Reason.NOT_ELIGIBLE,
        opened_at=NOW,
        resume_at="RouteReferral",
        actions=("retry",),
        due_at=NOW + timedelta(hours=hours),
    )


def referrals() -> Iterator[Referral]:
    """Two queues of two tenants: waiting, with items overdue and not, to the second; closed."""
    calls: dict[str, Any] = {"queue": Queue.CONTACT_CENTER, "status": Status.CONTACTING_PATIENT}
    for n in range(5):
        yield a_referral(f"open{n}", received_at=NOW - timedelta(hours=n, milliseconds=3))
    yield a_referral("due-now", work_item=an_item(0))
    yield a_referral("late", work_item=an_item(-26), **calls)
    yield a_referral("later", work_item=an_item(-1), **calls)
    yield a_referral("in-time", work_item=an_item(4), **calls)
    yield a_referral("theirs", tenant=OTHER, received_at=NOW - timedelta(days=9), **calls)
    for n in range(20):
        yield a_referral(
            f"closed{n}",
            status=Status.CLOSED,
            outcome=Outcome.SUPERSEDED,
            received_at=NOW - timedelta(days=300),
        )


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[QueueGauges, MemoryQueueGauges]]:
    """Given the same referrals in a table and in memory, and two tenants in the table."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("dynamodb", "us-east-1")
        client.create_table(**create_table_request("referrals"))
        table, memory = ReferralTable(client, "referrals", HASHED_KEYS), MemoryReferrals()
        for tenant in (TENANT, OTHER):
            client.put_item(TableName="referrals", Item=config_item(a_profile(tenant)))
        for referral in referrals():
            for store in (table, memory):
                store.accept([a_new_referral(referral, b"{}", f"s|{referral.id}")])
        counted = MemoryQueueGauges(memory, (OTHER, TENANT))
        yield QueueGauges(client, "referrals"), counted


def test_every_queue_of_every_tenant_is_counted_as_a_recount_does(
    stores: tuple[QueueGauges, MemoryQueueGauges],
) -> None:
    indexes, recount = stores

    assert sorted(indexes.tenants()) == sorted(recount.tenants())
    for tenant in recount.tenants():
        for queue in Queue:
            assert indexes.gauge(tenant, queue, NOW) == recount.gauge(tenant, queue, NOW)
    calls = indexes.gauge(TENANT, Queue.CONTACT_CENTER, NOW)
    assert (calls.open, calls.items, calls.overdue) == (3, 3, 2)
    assert calls.late(NOW) == timedelta(hours=26)
    assert indexes.gauge(TENANT, Queue.FRONT_OFFICE, NOW).overdue == 0


def test_what_is_closed_is_never_read(
    stores: tuple[QueueGauges, MemoryQueueGauges], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given how many entries the queries go over, however many referrals are closed
    indexes, _ = stores
    scanned: list[int] = []
    call = indexes._client._make_api_call  # type: ignore[attr-defined]

    def counted(operation: str, request: Any) -> Any:
        answer = call(operation, request)
        scanned.append(answer["ScannedCount"])
        return answer

    monkeypatch.setattr(indexes._client, "_make_api_call", counted)

    gauge = indexes.gauge(TENANT, Queue.FRONT_OFFICE, NOW)

    # one entry for the oldest and one for the first due, then the open ones and the items
    assert sum(scanned) == 1 + 1 + gauge.open + gauge.items
    assert gauge.open == 6


def test_queues_of_several_tenants_are_one_queue_of_the_cell() -> None:
    early, late = NOW - timedelta(days=2), NOW - timedelta(days=1)
    both = QueueGauge(2, late, 1, 1, early).with_those_of(QueueGauge(3, early, 1, 0, late))

    assert both == QueueGauge(5, early, 2, 1, early)
    assert QueueGauge().age(NOW) == QueueGauge().late(NOW) == timedelta(0)
    assert QueueGauge(first_due=NOW + timedelta(hours=1)).late(NOW) == timedelta(0)
