"""The index of what is due: all that the watchdog reads while nothing is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.schema import BY_DUE
from referral_core.domain.ids import ReferralId, Tenant

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class DueIndex:
    """The open referrals of all tenants by the minute in which they are due."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        """Take a DynamoDB client and the table's name."""
        self._client = client
        self._name = name

    def due(self, before: datetime, limit: int) -> Iterable[tuple[Tenant, ReferralId]]:
        """Iterate over due referrals, shard by shard, soonest due first.

        The index knows the minute only, so that a referral that goes through several steps in one
        minute moves once in it: one that is due later in the present minute may be among them.
        One that stays due, because it cannot be processed, hides nobody behind it.

        Args:
            before: the business instant.
            limit: how many are read at once from a shard.
        """
        for shard in keys.due_shards():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._name,
                IndexName=BY_DUE.name,
                KeyConditionExpression=f"{BY_DUE.partition} = :shard AND {BY_DUE.sort} <= :before",
                ExpressionAttributeValues={
                    ":shard": {"S": shard},
                    ":before": {"S": keys.minute(before)},
                },
                PaginationConfig={"PageSize": limit},
            )
            for page in pages:
                for found in page["Items"]:
                    yield keys.referral_of(found["pk"]["S"])
