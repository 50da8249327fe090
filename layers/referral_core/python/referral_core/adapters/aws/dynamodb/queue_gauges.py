"""What waits in each queue, counted from the sparse indexes: what is closed costs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.attributes import item
from referral_core.adapters.aws.dynamodb.schema import BY_QUEUE, BY_TEAM, PARTITION_KEY, Index
from referral_core.adapters.aws.service_errors import service_errors
from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Queue
from referral_core.domain.queue_gauge import QueueGauge
from referral_core.domain.work_items.lists import instant

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_UNREAD: Final = "What waits could not be counted"
_SECOND: Final = "%Y-%m-%dT%H:%M:%SZ"
_SECOND_LENGTH: Final = len("2026-03-02T15:00:00Z")


class QueueGauges:
    """Counts keys of indexes: some sixteen thousand entries cost a hundred read units."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        """Take a DynamoDB client and the table's name."""
        self._client = client
        self._name = name

    def tenants(self) -> Sequence[Tenant]:
        """List the tenants, as their profiles say.

        Raises:
            Retryable: the table is down or throttles.
        """
        with service_errors(_UNREAD):
            return [
                keys.tenant_of(entry[PARTITION_KEY]["S"])
                for page in self._pages(BY_TEAM, keys.TENANTS)
                for entry in page["Items"]
            ]

    def gauge(self, tenant: Tenant, queue: Queue, now: datetime) -> QueueGauge:
        """Count what waits in one queue.

        Raises:
            Retryable: the table is down or throttles.
        """
        with service_errors(_UNREAD):
            listed, team = keys.queue(tenant, queue), keys.team(tenant, queue)
            oldest, first_due = self._first(BY_QUEUE, listed), self._first(BY_TEAM, team)
            return QueueGauge(
                # A queue in which nothing waits, as most do, costs two reads and no count.
                open=self._count(BY_QUEUE, listed) if oldest else 0,
                oldest=oldest,
                items=self._count(BY_TEAM, team) if first_due else 0,
                overdue=self._count(BY_TEAM, team, before=instant(now))
                if first_due and first_due < now
                else 0,
                first_due=first_due,
            )

    def _first(self, index: Index, partition: str) -> datetime | None:
        """Return the instant at which the first entry of a list sorts; None: it is empty."""
        found = self._client.query(**self._query(index, partition), Limit=1)["Items"]
        if not found:
            return None
        written = found[0][index.sort]["S"][:_SECOND_LENGTH]
        return datetime.strptime(written, _SECOND).replace(tzinfo=UTC)

    def _count(self, index: Index, partition: str, before: str | None = None) -> int:
        pages = self._pages(index, partition, before=before, Select="COUNT")
        return sum(page["Count"] for page in pages)

    def _pages(
        self, index: Index, partition: str, *, before: str | None = None, **also: Any
    ) -> Any:
        query = self._query(index, partition, before)
        return self._client.get_paginator("query").paginate(**query, **also)

    def _query(self, index: Index, partition: str, before: str | None = None) -> dict[str, Any]:
        condition, values = f"{index.partition} = :partition", {":partition": partition}
        if before is not None:
            condition, values = (
                f"{condition} AND {index.sort} < :before",
                {
                    **values,
                    ":before": before,
                },
            )
        return {
            "TableName": self._name,
            "IndexName": index.name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": item(**values),
        }
