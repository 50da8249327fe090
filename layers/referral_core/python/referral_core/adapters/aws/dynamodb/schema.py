"""The table's schema, stated once: the template, the tests and the count of units read it."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

PARTITION_KEY: Final = "pk"
SORT_KEY: Final = "sk"
TTL_ATTRIBUTE: Final = "expires_at"
"""Seconds since 1970; an item without it is kept."""
STREAM_VIEW: Final = "NEW_AND_OLD_IMAGES"
PROJECTION: Final = "KEYS_ONLY"
"""Of every index: a body in an index is written, and paid for, a second time with each change."""


class Index(NamedTuple):
    """One global secondary index; its sort key changes only when a reader needs it to."""

    name: str
    partition: str
    sort: str


BY_DUE: Final = Index("by_due", "due_shard", "due_at")
"""Open referrals of all tenants, by the minute in which they are due."""
BY_QUEUE: Final = Index("by_queue", "queue_key", "received_at")
"""A tenant's referrals by the team that owns them; `closed` holds those that are closed."""
BY_PERFORMER: Final = Index("by_performer", "performer_key", "received_at")
"""A tenant's referrals by the organization that they are offered to, or were last."""
BY_TEAM: Final = Index("by_team", "item_team", "item_place")
"""A tenant's open work items by team, first due first; beside them those that are closed."""
BY_OWNER: Final = Index("by_owner", "item_owner", "item_place")
"""The same by whoever claimed them, and by team while nobody has."""
BY_EXCEPTION: Final = Index("by_exception", "exception_team", "item_place")
"""Of a tenant's open work items those that do not come up when all goes well, by team."""
BY_NUMBER: Final = Index("by_number", "number_key", "number_place")
"""A tenant's locks of orders' numbers by the number as people write it: folded, without its system,
and hashed. The locks, since only who writes orders writes them: no step needs the secret for it."""
BY_REFERRER: Final = Index("by_referrer", "referrer_key", "revised_at")
"""A tenant's orders by the EHR that sent them, in the order of their last versions."""
INDEXES: Final = (
    *(BY_DUE, BY_QUEUE, BY_PERFORMER, BY_REFERRER),
    *(BY_TEAM, BY_OWNER, BY_EXCEPTION, BY_NUMBER),
)


def create_table_request(name: str) -> dict[str, Any]:
    """Return the arguments of DynamoDB's CreateTable for a table of this schema; all keys text."""
    attributes = {PARTITION_KEY, SORT_KEY, *(k for i in INDEXES for k in (i.partition, i.sort))}
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": attribute, "AttributeType": "S"} for attribute in sorted(attributes)
        ],
        "KeySchema": _key_schema(PARTITION_KEY, SORT_KEY),
        "GlobalSecondaryIndexes": [
            {
                "IndexName": index.name,
                "KeySchema": _key_schema(index.partition, index.sort),
                "Projection": {"ProjectionType": PROJECTION},
            }
            for index in INDEXES
        ],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": STREAM_VIEW},
    }


def _key_schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]
