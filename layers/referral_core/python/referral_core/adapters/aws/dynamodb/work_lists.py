"""What people work from: the open work items, list by list, and referrals by their number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.attributes import item, plain
from referral_core.adapters.aws.dynamodb.bodies import referral_in
from referral_core.adapters.aws.dynamodb.hashed_keys import NO_HASHED_KEYS, HashedKeys
from referral_core.adapters.aws.dynamodb.items import payload_in
from referral_core.adapters.aws.dynamodb.schema import (
    BY_EXCEPTION,
    BY_NUMBER,
    BY_OWNER,
    BY_QUEUE,
    BY_TEAM,
    PARTITION_KEY,
    SORT_KEY,
    Index,
)
from referral_core.adapters.aws.dynamodb.table import Table
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Queue
from referral_core.domain.referral import Referral
from referral_core.domain.work_items.lists import (
    FIRST,
    LAST,
    Closed,
    Exceptional,
    ItemList,
    OfOwner,
    OfTeam,
    Unassigned,
    Waiting,
    place_in_list,
)

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_READ_OF_A_TERM: Final = 500
"""Entries of a term that a search reads: some eight read units."""
_OF_A_SECOND: Final = 25
"""More than one post brings: a page is read so far beyond what it shows."""
_SAME_NUMBER: Final = 20
"""Referrals of one number that a search shows: several EHRs may count alike."""


class WorkLists:
    """The sparse indexes of open work items: what is closed or waits elsewhere costs nothing."""

    def __init__(
        self, client: DynamoDBClient, name: str, hashed: HashedKeys = NO_HASHED_KEYS
    ) -> None:
        """Take a DynamoDB client, the table's name, and where hashed keys are composed."""
        self._table = Table(client, name, hashed)
        self._client = client
        self._name = name

    def items(
        self,
        tenant: Tenant,
        of: ItemList,
        limit: int,
        *,
        after: str = FIRST,
        before: str = LAST,
    ) -> tuple[Sequence[Referral], str | None]:
        """Read one page of a list, first due first: (referrals, the place where it ends).

        Args:
            tenant: whose list it is.
            of: which list.
            limit: how many entries are read at most.
            after: the place behind which it begins.
            before: a place or an instant that it does not reach.

        Returns:
            The referrals that are in the list now, and the last entry's place; None at the end.
        """
        if not after < before:
            return [], None
        if isinstance(of, Waiting):
            return self._waiting(tenant, of, limit, after)
        index, partition = _partition(tenant, of)
        response = self._client.query(**self._query(index, partition, after, before), Limit=limit)
        entries = [plain(entry) for entry in response["Items"]]
        # The index lags behind: what left the list meanwhile is listed where it is now.
        page = [
            referral_in(found)
            for found in self._table.get_all(entries)
            if found.get(index.partition) == partition
        ]
        return page, entries[-1][index.sort] if "LastEvaluatedKey" in response else None

    def count(self, tenant: Tenant, of: ItemList, *, before: str = LAST) -> int:
        """Count a list's entries; of keys only, so that a thousand cost some thirty read units."""
        if isinstance(of, Waiting):
            return self._entries(BY_QUEUE, keys.queue(tenant, of.queue.value), FIRST, LAST) - (
                self.count(tenant, OfTeam(of.queue))
            )
        return self._entries(*_partition(tenant, of), FIRST, before)

    def _waiting(
        self, tenant: Tenant, of: Waiting, limit: int, after: str
    ) -> tuple[Sequence[Referral], str | None]:
        """Read one page of what a team has open, without the items: by the seconds of receipt.

        Referrals that were received in one second have no order in the index: a page ends between
        two seconds.
        """
        partition, begin = keys.queue(tenant, of.queue.value), after.partition("#")[0]
        asked = self._query(BY_QUEUE, partition, begin, LAST)
        if not after.endswith(f"#{LAST}"):
            # The page before ended within a second, whose others come now.
            asked["ExpressionAttributeValues"][":after"] = {"S": begin}
        response = self._client.query(**asked, Limit=limit + _OF_A_SECOND)
        entries = [plain(entry) for entry in response["Items"]]
        end = None
        if "LastEvaluatedKey" in response:
            last = entries[-1][BY_QUEUE.sort]
            whole = [e for e in entries if e[BY_QUEUE.sort] < last]
            entries = whole or entries
            end = f"{entries[-1][BY_QUEUE.sort]}#{LAST}"
        page = [
            referral_in(found)
            for found in self._table.get_all(entries)
            if found.get(BY_QUEUE.partition) == partition
        ]
        waiting = [r for r in page if r.work_item is None and place_in_list(r) > after]
        return sorted(waiting, key=place_in_list), end

    def _entries(self, index: Index, partition: str, after: str, before: str) -> int:
        pages = self._client.get_paginator("query").paginate(
            **self._query(index, partition, after, before), Select="COUNT"
        )
        return sum(page["Count"] for page in pages)

    def received(self, tenant: Tenant, queue: Queue) -> Iterator[datetime]:
        """Iterate over when each open referral of a team was received: of keys only."""
        pages = self._client.get_paginator("query").paginate(
            **self._query(BY_QUEUE, keys.queue(tenant, queue.value), FIRST, LAST)
        )
        for page in pages:
            for entry in page["Items"]:
                yield datetime.fromisoformat(plain(entry)[BY_QUEUE.sort])

    def with_number(self, tenant: Tenant, folded: str) -> Sequence[Referral]:
        """Return the referrals that bear a placer's number, the latest first."""
        places: set[str] = set()
        for partition in self._table.hashed.numbers(tenant, folded):
            response = self._client.query(
                TableName=self._name,
                IndexName=BY_NUMBER.name,
                KeyConditionExpression=f"{BY_NUMBER.partition} = :partition",
                ExpressionAttributeValues=item(**{":partition": partition}),
                ScanIndexForward=False,
                Limit=_SAME_NUMBER,
            )
            places |= {plain(entry)[BY_NUMBER.sort] for entry in response["Items"]}
        latest = sorted(places, reverse=True)[:_SAME_NUMBER]
        wanted = [_projection(tenant, keys.referral_at(place)) for place in latest]
        return [referral_in(found) for found in self._table.get_all(wanted)]

    def found_by(
        self, tenant: Tenant, terms: Sequence[str], limit: int
    ) -> tuple[Sequence[Referral], bool]:
        """Return referrals that bear all of some terms, and whether there may be more.

        The first term that few bear is read whole; whether its referrals bear the others is looked
        up, a hundred at once. Where many bear each of them, the last one's first hundreds are.
        """
        ids: list[ReferralId] = []
        is_whole, others = False, list(terms)
        for term in terms:
            ids, is_whole = self._bearing(tenant, term)
            others = [each for each in terms if each != term]
            if is_whole:
                break
        for term in others:
            ids = self._those_of(tenant, term, ids)
        page = [_projection(tenant, i) for i in ids[:limit]]
        found = [referral_in(entry) for entry in self._table.get_all(page)]
        return found, not is_whole or len(ids) > limit

    def _bearing(self, tenant: Tenant, term: str) -> tuple[list[ReferralId], bool]:
        """Return the first referrals that bear a term, and whether they are all."""
        found: dict[ReferralId, None] = {}
        is_whole = True
        for partition in self._table.hashed.identifiers(tenant, term):
            response = self._client.query(
                TableName=self._name,
                KeyConditionExpression=f"{PARTITION_KEY} = :partition",
                ExpressionAttributeValues=item(**{":partition": partition}),
                Limit=_READ_OF_A_TERM,
            )
            places = [plain(entry)[SORT_KEY] for entry in response["Items"]]
            found |= dict.fromkeys(map(keys.referral_under, places))
            is_whole = is_whole and "LastEvaluatedKey" not in response
        return list(found), is_whole

    def _those_of(self, tenant: Tenant, term: str, ids: Sequence[ReferralId]) -> list[ReferralId]:
        """Return those of some referrals that bear a term too."""
        partitions = self._table.hashed.identifiers(tenant, term)
        wanted = [
            {PARTITION_KEY: partition, SORT_KEY: keys.under(i)}
            for i in ids
            for partition in partitions
        ]
        found = self._table.get_all(wanted)
        return list(dict.fromkeys(keys.referral_under(entry[SORT_KEY]) for entry in found))

    def payloads(self, referrals: Sequence[Referral]) -> Mapping[ReferralId, bytes]:
        """Read the clinical payloads of a page of referrals at once; one that is gone is left out.

        Raises:
            Retryable: the table throttles.
        """
        wanted = [
            {
                PARTITION_KEY: keys.referral(r.tenant, r.id),
                SORT_KEY: keys.payload(r.payload_version),
            }
            for r in referrals
        ]
        found = self._table.get_all(wanted)
        return {keys.referral_of(e[PARTITION_KEY])[1]: payload_in(e) for e in found}

    def _query(self, index: Index, partition: str, after: str, before: str) -> dict[str, Any]:
        condition = f"{index.partition} = :partition AND {index.sort} BETWEEN :after AND :before"
        # Both ends lie between two places, never on one.
        begin = after if after == FIRST else f"{after}{LAST}"
        return {
            "TableName": self._name,
            "IndexName": index.name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": item(
                **{":partition": partition, ":after": begin, ":before": before}
            ),
        }


def _projection(tenant: Tenant, referral_id: ReferralId) -> Mapping[str, str]:
    return {
        PARTITION_KEY: keys.referral(tenant, referral_id),
        SORT_KEY: keys.Sort.REFERRAL.value,
    }


def _partition(tenant: Tenant, of: ItemList) -> tuple[Index, str]:
    match of:
        case OfTeam(queue):
            return BY_TEAM, keys.team(tenant, queue)
        case Unassigned(queue):
            return BY_OWNER, keys.unassigned(tenant, queue)
        case Exceptional(queue):
            return BY_EXCEPTION, keys.team(tenant, queue)
        case OfOwner(owner):
            return BY_OWNER, keys.owner(tenant, owner)
        case Waiting(queue):
            return BY_QUEUE, keys.queue(tenant, queue.value)
        case Closed():
            return BY_TEAM, keys.closed(tenant)
