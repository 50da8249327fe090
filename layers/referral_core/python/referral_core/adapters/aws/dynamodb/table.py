"""The calls that the adapters make on the table: reads, and one conditional transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from referral_core.adapters.aws.dynamodb.attributes import Item, item, plain
from referral_core.adapters.aws.dynamodb.hashed_keys import NO_HASHED_KEYS, HashedKeys
from referral_core.adapters.aws.dynamodb.schema import PARTITION_KEY, SORT_KEY, Index
from referral_core.adapters.aws.dynamodb.write_units import units_of_refused
from referral_core.adapters.aws.service_errors import service_errors, translated
from referral_core.domain.errors import Retryable, TooLarge
from referral_core.metering import METER

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_A_BATCH: Final = 100
MOST_PARTS: Final = 100
"""Of one transaction of DynamoDB."""
_BATCHES_TRIED: Final = 5
_NEW: Final = "attribute_not_exists(pk)"
_UNWRITTEN: Final = "The table could not be written"


class Part(NamedTuple):
    """One item of a transaction. Attributes: name: says what could not be written."""

    name: str
    request: Mapping[str, Any]

    @property
    def is_put(self) -> bool:
        """Whether it puts an item; else it updates or checks one."""
        return "Put" in self.request

    @property
    def is_written(self) -> bool:
        """Whether it changes an item; else it only asks for a condition."""
        return "ConditionCheck" not in self.request


class ConditionsFailed(Exception):
    """The transaction was not written.

    Attributes:
        parts: names of those whose condition failed; empty where only writers met.
    """

    def __init__(self, parts: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(parts)))
        self.parts = parts


class Requests:
    """Composes the parts of transactions on one table; needs no client."""

    def __init__(self, name: str, hashed: HashedKeys = NO_HASHED_KEYS) -> None:
        """Take the table's name, and where hashed keys are composed."""
        self.name = name
        self.hashed = hashed

    def put(
        self,
        name: str,
        entry: Item,
        condition: str | None,
        names: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> Part:
        """Return the part of a transaction that puts an item, perhaps on a condition."""
        request: dict[str, Any] = {"TableName": self.name, "Item": entry}
        if condition:
            request["ConditionExpression"] = condition
        if names:
            request["ExpressionAttributeNames"] = names
        if values:
            request["ExpressionAttributeValues"] = values
        return Part(name, {"Put": request})

    def delete(self, name: str, key: Item) -> Part:
        """Return the part of a transaction that deletes an item, if it is there."""
        return Part(name, {"Delete": {"TableName": self.name, "Key": key}})

    def put_new(self, name: str, entry: Item) -> Part:
        """Return the part of a transaction that puts an item which must not be there yet."""
        return self.put(name, entry, _NEW)

    def check(
        self,
        name: str,
        key: Item,
        condition: str = _NEW,
        names: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> Part:
        """Return the part that only asks for a condition; without one, that nothing is there."""
        request: dict[str, Any] = {
            "TableName": self.name,
            "Key": key,
            "ConditionExpression": condition,
        }
        if names:
            request["ExpressionAttributeNames"] = names
        if values:
            request["ExpressionAttributeValues"] = values
        return Part(name, {"ConditionCheck": request})


class Table(Requests):
    """One table, by its name."""

    def __init__(
        self, client: DynamoDBClient, name: str, hashed: HashedKeys = NO_HASHED_KEYS
    ) -> None:
        """Take a DynamoDB client, the table's name, and where hashed keys are composed."""
        super().__init__(name, hashed)
        self.client = client

    # --- reads ------------------------------------------------------------------------------

    def get(self, pk: str, sk: str, *, consistent: bool = True) -> dict[str, Any] | None:
        """Read one item as plain values; None when it is not there."""
        with _reading():
            found = self.client.get_item(
                TableName=self.name, Key=item(pk=pk, sk=sk), ConsistentRead=consistent
            ).get("Item")
        return plain(found) if found else None

    def query(
        self, pk: str, prefix: str, *, consistent: bool = True, at_once: int | None = None
    ) -> Iterable[dict[str, Any]]:
        """Iterate over a partition's items whose sort key begins with a prefix.

        Args:
            pk: the partition.
            prefix: of the sort keys.
            consistent: whether what was written just now is seen.
            at_once: how many are read with one call; None: as many as fit.
        """
        condition = "pk = :pk AND begins_with(sk, :prefix)"
        values = {":pk": pk, ":prefix": prefix}
        return self._query(condition, values, consistent=consistent, at_once=at_once)

    def between(self, pk: str, first: str, last: str) -> Iterable[dict[str, Any]]:
        """Iterate over a partition's items from one sort key to another, both included."""
        condition = "pk = :pk AND sk BETWEEN :first AND :last"
        return self._query(condition, {":pk": pk, ":first": first, ":last": last}, consistent=True)

    def _query(
        self,
        condition: str,
        values: Mapping[str, str],
        *,
        consistent: bool,
        at_once: int | None = None,
    ) -> Iterable[dict[str, Any]]:
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=item(**values),
            ConsistentRead=consistent,
            PaginationConfig={"PageSize": at_once} if at_once else {},
        )
        with _reading():
            for page in pages:
                for found in page["Items"]:
                    yield plain(found)

    def page_of(
        self,
        index: Index,
        partition: str,
        limit: int,
        after: Mapping[str, str] | None,
        *,
        until: str | None = None,
    ) -> tuple[list[Mapping[str, str]], Mapping[str, str] | None]:
        """Read one page of an index: the entries (keys only), and where the next page begins.

        `until` is the last sort key of the list.
        """
        query = {**self._listed(index, partition, until), "Limit": limit}
        if after:
            query["ExclusiveStartKey"] = item(**after)
        with _reading():
            response = self.client.query(**query)
        last = response.get("LastEvaluatedKey")
        return [plain(entry) for entry in response["Items"]], plain(last) if last else None

    def count(self, index: Index, partition: str, *, until: str | None = None) -> int:
        """Count the entries of one partition of an index; a thousand cost some thirty units."""
        query = self._listed(index, partition, until)
        pages = self.client.get_paginator("query").paginate(**query, Select="COUNT")
        with _reading():
            return sum(page["Count"] for page in pages)

    def _listed(self, index: Index, partition: str, until: str | None) -> dict[str, Any]:
        """Return the query of one partition of an index, as far as a sort key."""
        last = {":until": {"S": until}} if until else {}
        return {
            "TableName": self.name,
            "IndexName": index.name,
            "KeyConditionExpression": f"{index.partition} = :partition"
            + (f" AND {index.sort} <= :until" if until else ""),
            "ExpressionAttributeValues": {":partition": {"S": partition}, **last},
        }

    def get_all(self, entries: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
        """Read the items of an index's entries, in their order; what is gone is left out.

        Raises:
            Retryable: the table throttles.
        """
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for begin in range(0, len(entries), _A_BATCH):
            wanted = [item(pk=e["pk"], sk=e["sk"]) for e in entries[begin : begin + _A_BATCH]]
            for read in map(plain, self._batch(wanted)):
                found[read["pk"], read["sk"]] = read
        ids = [(entry[PARTITION_KEY], entry[SORT_KEY]) for entry in entries]
        return [found[at] for at in ids if at in found]

    def _batch(self, wanted: Sequence[Item]) -> Iterable[Mapping[str, Any]]:
        asked: Any = {self.name: {"Keys": wanted, "ConsistentRead": True}}
        for _ in range(_BATCHES_TRIED):
            with _reading():
                response = self.client.batch_get_item(RequestItems=asked)
            yield from response["Responses"].get(self.name, [])
            asked = response.get("UnprocessedKeys")
            if not asked:
                return
        raise Retryable("The table could not be read: it throttles.")

    # --- one transaction ---------------------------------------------------------------------

    def transact(self, parts: Sequence[Part]) -> None:
        """Write all parts, or nothing.

        Raises:
            ConditionsFailed: conditions failed, or other writers were at the same items.
            Retryable: the table is down or throttles.
            TooLarge: more parts than one transaction has.
            Permanent: it refuses the request.
        """
        if len(parts) > MOST_PARTS:
            raise TooLarge("Too many referrals or identifiers for one transaction: send fewer.")
        requests: Any = [part.request for part in parts]
        try:
            self.client.transact_write_items(TransactItems=requests)
        except ClientError as error:
            reasons = error.response.get("CancellationReasons", [])
            codes = [reason.get("Code") for reason in reasons]
            if not {"ConditionalCheckFailed", "TransactionConflict"} & set(codes):
                raise translated(_UNWRITTEN, error) from error
            # Billed all the same, and stated by no event of its own: the next one carries it.
            METER.add("single_write_units", units_of_refused(p.request for p in parts))
            raise ConditionsFailed(
                frozenset(
                    part.name
                    for part, code in zip(parts, codes, strict=False)
                    if code == "ConditionalCheckFailed"
                )
            ) from error
        except BotoCoreError as error:
            raise translated(_UNWRITTEN, error) from error


def _reading() -> AbstractContextManager[None]:
    return service_errors("The table could not be read")
