"""The index of what is due: all that the watchdog reads while nothing is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.attributes import item
from referral_core.adapters.aws.dynamodb.schema import BY_DUE
from referral_core.adapters.aws.service_errors import service_errors
from referral_core.domain.errors import RouterError
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.run import pause_after

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

_UNREAD: Final = "What is due could not be read"


class DueIndex:
    """The open referrals of all tenants by the minute in which they are due."""

    def __init__(self, client: DynamoDBClient, name: str, shards: Sequence[int] = ()) -> None:
        """Take a DynamoDB client, the table's name, and the shards to look at; none: all."""
        self._client = client
        self._name = name
        every = keys.due_shards()
        self._shards = tuple(every[n] for n in shards) or every

    def due(self, before: datetime, limit: int) -> Iterator[tuple[Tenant, ReferralId]]:
        """Iterate over due referrals, soonest due first, page by page from each shard in turn.

        The index knows the minute only, so that a referral that goes through several steps in one
        minute moves once in it: one that is due later in the present minute may be among them.
        No shard waits for the end of another one's backlog, and another one is the first each
        minute. One that cannot be read hides nothing of the others.

        Args:
            before: the business instant.
            limit: how many are read at once from a shard.

        Raises:
            Retryable: some shard could not be read; raised once the others are exhausted.
        """
        unread: RouterError | None = None
        first = before.minute % len(self._shards)
        ahead = deque(
            self._pages(shard, before, limit)
            for shard in (*self._shards[first:], *self._shards[:first])
        )
        while ahead:
            pages = ahead.popleft()
            try:
                page = next(pages, None)
            except RouterError as error:
                unread = error
                continue
            if page is not None:
                yield from page
                ahead.append(pages)
        if unread is not None:
            raise unread

    def oldest(self, before: datetime) -> datetime | None:
        """Return the minute of the referral that has been due for the longest; None: none is."""
        found: list[str] = []
        for shard in self._shards:
            with service_errors(_UNREAD):
                page = self._client.query(**self._query(shard, before), Limit=1)
            found += [entry[BY_DUE.sort]["S"] for entry in page["Items"]]
        return keys.instant(min(found)) if found else None

    def set_back(self, tenant: Tenant, referral_id: ReferralId, now: datetime) -> int:
        """Let a referral that could not be processed be due later, the later the more often.

        Only the index learns of it; whatever is written of the referral undoes it.
        """
        failures = 0
        with (
            service_errors("The due time could not be set back"),
            suppress(self._client.exceptions.ConditionalCheckFailedException),
        ):
            failures = self._update(tenant, referral_id, now, "ADD due_failures :value", {"N": "1"})
            until = keys.minute(now + pause_after(failures))
            expression = f"SET {BY_DUE.sort} = :value"
            self._update(tenant, referral_id, now, expression, {"S": until})
        return failures

    def _update(
        self,
        tenant: Tenant,
        referral_id: ReferralId,
        now: datetime,
        expression: str,
        value: AttributeValueTypeDef,
    ) -> int:
        """Change the projection's place in the index while it is due; return its failures."""
        answer = self._client.update_item(
            TableName=self._name,
            Key=item(pk=keys.referral(tenant, referral_id), sk=keys.Sort.REFERRAL.value),
            UpdateExpression=expression,
            ConditionExpression=f"{BY_DUE.sort} <= :now",
            ExpressionAttributeValues={":value": value, ":now": {"S": keys.minute(now)}},
            ReturnValues="ALL_NEW",
        )
        return int(answer["Attributes"]["due_failures"]["N"])

    def _query(self, shard: str, before: datetime) -> dict[str, Any]:
        return {
            "TableName": self._name,
            "IndexName": BY_DUE.name,
            "KeyConditionExpression": f"{BY_DUE.partition} = :shard AND {BY_DUE.sort} <= :before",
            "ExpressionAttributeValues": {
                ":shard": {"S": shard},
                ":before": {"S": keys.minute(before)},
            },
        }

    def _pages(
        self, shard: str, before: datetime, limit: int
    ) -> Iterator[list[tuple[Tenant, ReferralId]]]:
        pages = self._client.get_paginator("query").paginate(
            **self._query(shard, before), PaginationConfig={"PageSize": limit}
        )
        with service_errors(_UNREAD):
            for page in pages:
                yield [keys.referral_of(found["pk"]["S"]) for found in page["Items"]]
