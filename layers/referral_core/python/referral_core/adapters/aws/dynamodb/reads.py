"""What is read of referrals: strongly consistent by key, by an index otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from referral_core.adapters.aws.dynamodb import items, keys
from referral_core.adapters.aws.dynamodb.bodies import event_in, referral_in
from referral_core.adapters.aws.dynamodb.due import DueIndex
from referral_core.adapters.aws.dynamodb.hashed_keys import (
    NO_HASHED_KEYS,
    HashedKeys,
    Partitions,
)
from referral_core.adapters.aws.dynamodb.mailboxes import mailbox_in
from referral_core.adapters.aws.dynamodb.schema import BY_PERFORMER, BY_QUEUE, BY_REFERRER, Index
from referral_core.adapters.aws.dynamodb.stored_text import text_of
from referral_core.adapters.aws.dynamodb.table import Table
from referral_core.domain.effects import RoutingDecision
from referral_core.domain.errors import NotFound
from referral_core.domain.events import Event
from referral_core.domain.evidence import Evidence
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.new_referral import KeyKind
from referral_core.domain.referral import Referral
from referral_core.domain.waitlist import Waiting
from referral_core.domain.writes import ReferralState

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_IN_LINE_AT_ONCE: Final = 10
"""A place that opens mostly goes to who is first."""


class ReferralReads:
    """The reading half of the record."""

    def __init__(
        self, client: DynamoDBClient, name: str, hashed: HashedKeys = NO_HASHED_KEYS
    ) -> None:
        """Take a DynamoDB client, the table's name, and where hashed keys are composed."""
        self._table = Table(client, name, hashed)
        self._due = DueIndex(client, name)

    def identified(self, tenant: Tenant, identifier: str) -> Sequence[ReferralId]:
        """List the referrals that have an identifier, as their own number or with others."""
        hashed = self._table.hashed
        numbers = hashed.locks(tenant, KeyKind.PLACER, identifier)
        own = self._every(numbers, keys.Sort.KEY_OF.value)
        found = [ReferralId(held["referral_id"]) for held in own]
        shared = self._referrals_of(hashed.identifiers(tenant, identifier))
        return sorted({*found, *shared})

    def _every(self, partitions: Partitions, prefix: str) -> Iterator[dict[str, Any]]:
        for partition in partitions:
            yield from self._table.query(partition, prefix)

    def load(self, tenant: Tenant, referral_id: ReferralId) -> ReferralState:
        """Read a referral and its mailbox with one strongly consistent query."""
        partition = keys.referral(tenant, referral_id)
        found = {entry["sk"]: entry for entry in self._table.query(partition, prefix="@")}
        if keys.Sort.REFERRAL.value not in found:
            raise NotFound("There is no such referral.")
        return ReferralState(
            referral=referral_in(found[keys.Sort.REFERRAL.value]),
            # Its first write makes it: twenty referrals with a mailbox each are no one transaction.
            mailbox=mailbox_in(found.get(keys.Sort.MAILBOX.value)),
        )

    def those_of(self, tenant: Tenant, ids: Sequence[ReferralId]) -> Sequence[Referral]:
        """Read some referrals, in their order, by batches; what is not there is left out."""
        sort = keys.Sort.REFERRAL.value
        found = self._table.get_all([{"pk": keys.referral(tenant, one), "sk": sort} for one in ids])
        return [referral_in(entry) for entry in found]

    def payload(self, referral: Referral) -> bytes:
        """Read the clinical payload of the referral's present version."""
        partition = keys.referral(referral.tenant, referral.id)
        found = self._table.get(partition, keys.payload(referral.payload_version))
        if found is None:
            raise NotFound("The referral's content is missing.")
        return items.payload_in(found)

    def has_update(self, tenant: Tenant, referral_id: ReferralId, update_id: str) -> bool:
        """Whether an update of this id is on record."""
        partition = keys.referral(tenant, referral_id)
        return self._table.get(partition, keys.update(update_id)) is not None

    def events(self, tenant: Tenant, referral_id: ReferralId) -> Sequence[Event]:
        """Read all events, oldest first."""
        partition = keys.referral(tenant, referral_id)
        return [event_in(e) for e in self._table.query(partition, keys.Sort.EVENT.value)]

    def routing_decisions(
        self, tenant: Tenant, referral_id: ReferralId
    ) -> Sequence[RoutingDecision]:
        """Read all routing decisions, oldest first."""
        partition = keys.referral(tenant, referral_id)
        found = self._table.query(partition, keys.Sort.DECISION.value)
        return [RoutingDecision.model_validate_json(text_of(entry["body"])) for entry in found]

    def documents_of(self, tenant: Tenant, referral_id: ReferralId) -> Sequence[Evidence]:
        """List what proves a referral's facts."""
        partition = keys.referral(tenant, referral_id)
        kept = self._table.query(partition, keys.Sort.EVIDENCE.value)
        return [Evidence.model_validate_json(str(entry["body"])) for entry in kept]

    def due(self, before: datetime, limit: int) -> Iterable[tuple[Tenant, ReferralId]]:
        """Iterate over due referrals, soonest due first; see `DueIndex`."""
        return self._due.due(before, limit)

    # --- a patient's number -----------------------------------------------------------------------

    def by_phone(self, tenant: Tenant, contact_hash: str) -> Sequence[ReferralId]:
        """List the referrals of a phone number that are still open."""
        ids = self.with_phone(tenant, contact_hash)
        return [i for i in ids if not self.load(tenant, i).referral.is_closed]

    def with_phone(self, tenant: Tenant, contact_hash: str) -> Sequence[ReferralId]:
        """List the referrals of a phone number, closed ones too."""
        return self._referrals_of(self._table.hashed.phones(tenant, contact_hash))

    def _referrals_of(self, partitions: Partitions) -> Sequence[ReferralId]:
        found = self._every(partitions, keys.Sort.REFERRAL_OF.value)
        return list(dict.fromkeys(keys.referral_under(entry["sk"]) for entry in found))

    def messaged(self, tenant: Tenant, contact_hash: str, since: date) -> Mapping[date, str]:
        """Return the message of each of a patient's days, from `since` on."""
        prefix = keys.Sort.MESSAGE_DAY.value
        found = self._every(self._table.hashed.phones(tenant, contact_hash), prefix)
        days = {date.fromisoformat(e["sk"].removeprefix(prefix)): e["reference"] for e in found}
        return {day: str(reference) for day, reference in days.items() if day >= since}

    def opted_out(self, tenant: Tenant, contact_hash: str) -> bool:
        """Whether a number is on the opt-out list."""
        partitions = self._table.hashed.phones(tenant, contact_hash)
        listed = [self._table.get(each, keys.Sort.OPT_OUT.value) for each in partitions]
        return any(each is not None and not each.get("ended") for each in listed)

    # --- the waitlist -----------------------------------------------------------------------------

    def waiting(self, tenant: Tenant, specialty: str) -> Iterable[Waiting]:
        """Iterate over the referrals that wait for a specialty, in the order of their turns."""
        line, prefix = keys.waitlist(tenant, specialty), keys.Sort.PLACE.value
        for entry in self._table.query(line, prefix, at_once=_IN_LINE_AT_ONCE):
            place = entry["sk"].removeprefix(prefix)
            yield Waiting(place, ReferralId(entry["referral_id"]))

    # --- lists ------------------------------------------------------------------------------------

    def in_queue(
        self, tenant: Tenant, queue: str, limit: int, after: str | None = None
    ) -> tuple[Sequence[Referral], str | None]:
        """List one queue's referrals, first received first; returns (page, where the next begins).

        A referral keeps its place while it stays in the queue, so that pages neither skip nor
        repeat one that changes meanwhile.
        """
        return self._list(BY_QUEUE, tenant, keys.queue(tenant, queue), limit, after)

    def of_performer(
        self, tenant: Tenant, organization: str, limit: int, after: str | None = None
    ) -> tuple[Sequence[Referral], str | None]:
        """List the referrals in an organization's hands, first received first."""
        return self._list(BY_PERFORMER, tenant, keys.performer(tenant, organization), limit, after)

    def of_referrer(
        self, tenant: Tenant, organization: str, limit: int, after: str | None = None
    ) -> tuple[Sequence[Referral], str | None]:
        """List the orders of an EHR, in the order of their last versions."""
        return self._list(BY_REFERRER, tenant, keys.referrer(tenant, organization), limit, after)

    def _list(
        self, index: Index, tenant: Tenant, partition: str, limit: int, after: str | None
    ) -> tuple[Sequence[Referral], str | None]:
        begin = _entry(index, tenant, partition, after) if after else None
        entries, last = self._table.page_of(index, partition, limit, begin)
        # The index lags behind: what left the list meanwhile is listed where it is now.
        page = [
            referral_in(found)
            for found in self._table.get_all(entries)
            if found.get(index.partition) == partition
        ]
        if last is None:
            return page, None
        _, referral_id = keys.referral_of(last["pk"])
        return page, f"{referral_id}|{last[index.sort]}"


def _entry(index: Index, tenant: Tenant, partition: str, after: str) -> Mapping[str, str]:
    """Return the entry of an index that a page token names."""
    referral_id, _, at = after.partition("|")
    return {
        "pk": keys.referral(tenant, ReferralId(referral_id)),
        "sk": keys.Sort.REFERRAL.value,
        index.partition: partition,
        index.sort: at,
    }
