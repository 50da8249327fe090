"""Unmatched items in the table: an item waits while the queue index lists it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.attributes import Item, item
from referral_core.adapters.aws.dynamodb.schema import BY_QUEUE
from referral_core.adapters.aws.dynamodb.table import ConditionsFailed, Part, Table
from referral_core.domain.errors import Conflict, NotFound, Retryable
from referral_core.domain.ids import Tenant
from referral_core.domain.unmatched import Unmatched

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_LIST: Final = "unmatched"
_TWO_DAYS: Final = 2 * 86_400
"""Seconds; a count is of one day."""


class UnmatchedTable:
    """The items of what belongs to no referral yet."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        """Take a DynamoDB client and the table's name."""
        self._table = Table(client, name)

    def keep(self, item: Unmatched) -> bool:
        """Keep an item, and say whether it was new; the same one again changes nothing."""
        try:
            self._table.transact([self._table.put_new("unmatched", unmatched_item(item))])
        except ConditionsFailed:
            return False
        return True

    def keep_few(self, item: Unmatched, most: int) -> bool:
        """Keep an order that was refused, unless `most` of its client, reason and day are kept."""
        new = self._table.put_new("unmatched", unmatched_item(item))
        try:
            self._table.transact([new, self._counted(item, most)])
        except ConditionsFailed as error:
            # Where both failed it is one of those that were kept; where only writers met, another
            # request is at the same count: the sender's next try finds room, or that there is none.
            if not error.parts:
                raise Retryable("The order could not be put before a person: try again.") from error
            return "unmatched" in error.parts
        return True

    def _counted(self, kept: Unmatched, most: int) -> Part:
        """Return the part that counts a refused order, on the condition that there is room."""
        day, code = kept.received_at.date(), kept.refused_for[0].code
        request = {
            "TableName": self._table.name,
            "Key": item(
                pk=keys.refused(kept.tenant, kept.client_id, code, day.isoformat()),
                sk=keys.Sort.REFUSED.value,
            ),
            "UpdateExpression": "ADD kept :one SET expires_at = :ends",
            "ConditionExpression": "attribute_not_exists(kept) OR kept < :most",
            "ExpressionAttributeValues": item(
                **{":one": 1, ":most": most, ":ends": int(kept.received_at.timestamp()) + _TWO_DAYS}
            ),
        }
        return Part("count", {"Update": request})

    def get(self, tenant: Tenant, item_id: str) -> Unmatched:
        """Read one item."""
        found = self._table.get(keys.unmatched(tenant, item_id), keys.Sort.UNMATCHED.value)
        if found is None:
            raise NotFound("There is no such item.")
        return _read(found)

    def waiting(
        self,
        tenant: Tenant,
        limit: int,
        after: str | None = None,
        *,
        until: datetime | None = None,
    ) -> tuple[Sequence[Unmatched], str | None]:
        """List what nobody has settled, first received first."""
        partition = keys.queue(tenant, _LIST)
        entries, last = self._table.page_of(
            *(BY_QUEUE, partition, limit, _entry(tenant, after) if after else None),
            until=keys.second(until) if until else None,
        )
        # The index lags behind: what was settled meanwhile is no longer listed.
        found = [_read(f) for f in self._table.get_all(entries) if BY_QUEUE.partition in f]
        if last is None:
            return found, None
        return found, f"{keys.unmatched_of(last['pk'])}|{last[BY_QUEUE.sort]}"

    def count(self, tenant: Tenant, until: datetime | None = None) -> int:
        """Count what nobody has settled; of keys only."""
        last = keys.second(until) if until else None
        return self._table.count(BY_QUEUE, keys.queue(tenant, _LIST), until=last)

    def choose(self, item: Unmatched) -> None:
        """Write to which referral it is about to be attached."""
        self._write(item)

    def release(self, item: Unmatched) -> None:
        """Take back what `choose` wrote."""
        free = item.but(attached_to=None, chosen_at=None, chosen_as=None, chosen_by=None)
        self._write(free, chosen=item.choice)

    def settle(self, item: Unmatched) -> None:
        """Write that a person settled it; it leaves the list."""
        self._write(item)

    def _write(self, kept: Unmatched, chosen: str | None = None) -> None:
        """Write an item that waits, and that nobody else is at attaching."""
        own = chosen or kept.choice
        free = "attribute_exists(#queue) AND (attribute_not_exists(chosen){})"
        part = self._table.put(
            "unmatched",
            unmatched_item(kept),
            free.format(" OR chosen = :chosen" if own else ""),
            {"#queue": BY_QUEUE.partition},
            values=item(**{":chosen": own}) if own else None,
        )
        try:
            self._table.transact([part])
        except ConditionsFailed as error:
            raise Conflict("Somebody else settles it, or did: look again.") from error


def unmatched_item(kept: Unmatched) -> Item:
    """Return the item of what belongs to no referral; settled, no list has it."""
    is_waiting = kept.settled_at is None
    return item(
        pk=keys.unmatched(kept.tenant, kept.id),
        sk=keys.Sort.UNMATCHED.value,
        body=kept.model_dump_json(exclude_none=True),
        chosen=kept.choice,
        received_at=keys.second(kept.received_at),
        queue_key=keys.queue(kept.tenant, _LIST) if is_waiting else None,
    )


def _read(found: Mapping[str, Any]) -> Unmatched:
    return Unmatched.model_validate_json(found["body"])


def _entry(tenant: Tenant, after: str) -> Mapping[str, str]:
    item_id, _, at = after.partition("|")
    return {
        "pk": keys.unmatched(tenant, item_id),
        "sk": keys.Sort.UNMATCHED.value,
        BY_QUEUE.partition: keys.queue(tenant, _LIST),
        BY_QUEUE.sort: at,
    }
