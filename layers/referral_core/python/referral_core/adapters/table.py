"""The DynamoDB table behind the Referrals port: every write is one conditional transaction."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from referral_core.adapters import keys
from referral_core.domain.errors import Conflict, NotFound, Retryable, StaleRun
from referral_core.domain.errors import Final as FinalError
from referral_core.domain.mailbox import Mailbox
from referral_core.domain.model import ReferralId, Tenant
from referral_core.domain.referral import Event, Hold, Referral
from referral_core.ports import Arrival, Commit, Key, Loaded, MessageSlot, NoCapacity, NotNow, Taken

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

MAX_PAYLOAD_BYTES: Final = 350 * 1024
"""Compressed; DynamoDB's item limit is 400 KB and the rest of the item needs room."""

_serialize: Final = TypeSerializer().serialize
_deserialize: Final = TypeDeserializer().deserialize
_TRANSACTION_ITEMS: Final = 100
_SLOTS_KEPT_S: Final = 30 * 86_400
"""How long a day's message is remembered: longer than the week that the cap looks back on."""


class PayloadTooLarge(FinalError):
    """The clinical payload does not fit one item, even compressed."""


def instant(moment: datetime) -> str:
    """Write an instant so that strings sort as time: UTC, microseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def item(**fields: Any) -> dict[str, Any]:
    """Return a DynamoDB item; fields that are None are left out."""
    return {name: _serialize(value) for name, value in fields.items() if value is not None}


def plain(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a DynamoDB item as plain values."""
    return {name: _deserialize(value) for name, value in found.items()}


def compressed(payload: bytes) -> bytes:
    """Compress a payload, refusing one that would not fit.

    Raises:
        PayloadTooLarge: over 350 KB compressed.
    """
    small = gzip.compress(payload, mtime=0)
    if len(small) > MAX_PAYLOAD_BYTES:
        raise PayloadTooLarge(
            "The referral is over 350 KB compressed: send documents by reference."
        )
    return small


class Table:
    """The record of every referral, in one table."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        """Take a DynamoDB client and the table's name."""
        self._client = client
        self._name = name

    # --- accept -----------------------------------------------------------------------------

    def accept(self, arrivals: Sequence[Arrival]) -> tuple[Taken, ...]:
        """Write all arrivals in one transaction; return the locks taken already."""
        puts = [entry for arrival in arrivals for entry in self._arrival(arrival)]
        if len(puts) > _TRANSACTION_ITEMS:
            raise FinalError("Too many referrals for one transaction: send at most 20.")
        try:
            self._client.transact_write_items(TransactItems=puts)
        except ClientError as error:
            if not _failed_condition(error):
                raise _translated(error) from error
            return self._taken(arrivals)
        return ()

    def _arrival(self, arrival: Arrival) -> Iterable[Any]:
        referral = arrival.referral
        pk = keys.referral(referral.tenant, referral.id)
        yield self._put(_referral_item(referral), "attribute_not_exists(pk)")
        yield self._put(_event_item(arrival.event), "attribute_not_exists(pk)")
        yield self._put(
            item(
                pk=pk,
                sk=keys.payload(referral.payload_version),
                body=compressed(arrival.payload),
            ),
            "attribute_not_exists(pk)",
        )
        for key in arrival.keys:
            yield self._put(
                item(
                    pk=keys.lock(referral.tenant, key.kind, key.value),
                    sk=keys.Sort.KEY.value,
                    referral_id=referral.id,
                    content_hash=key.content_hash,
                ),
                "attribute_not_exists(pk)",
            )
        if arrival.phone_hash:
            yield self._put(_phone_item(referral, arrival.phone_hash), None)

    def _taken(self, arrivals: Sequence[Arrival]) -> tuple[Taken, ...]:
        wanted = [(arrival.referral.tenant, key) for arrival in arrivals for key in arrival.keys]
        found = tuple(held for tenant, key in wanted if (held := self.taken(tenant, key)))
        if not found:
            raise Conflict("Another post of the same referral is being written; post again.")
        return found

    def taken(self, tenant: Tenant, key: Key) -> Taken | None:
        """Read a lock; None when nobody holds it."""
        held = self._get(keys.lock(tenant, key.kind, key.value), keys.Sort.KEY.value)
        if held is None:
            return None
        return Taken(
            key=key,
            referral_id=ReferralId(held["referral_id"]),
            content_hash=held["content_hash"],
        )

    # --- read -------------------------------------------------------------------------------

    def load(self, tenant: Tenant, referral_id: ReferralId) -> Loaded:
        """Read a referral and its mailbox with one strongly consistent query."""
        found = {
            entry["sk"]: entry
            for entry in self._query(keys.referral(tenant, referral_id), prefix="@")
        }
        if keys.Sort.REFERRAL.value not in found:
            raise NotFound("There is no such referral.")
        mailbox = found.get(keys.Sort.MAILBOX.value)
        return Loaded(
            referral=Referral.model_validate_json(found[keys.Sort.REFERRAL.value]["body"]),
            # Its first write makes it: twenty referrals with a mailbox each are no one transaction.
            mailbox=Mailbox.model_validate_json(mailbox["body"]) if mailbox else Mailbox(),
        )

    def payload(self, referral: Referral) -> bytes:
        """Read the clinical payload of the referral's present version."""
        pk = keys.referral(referral.tenant, referral.id)
        found = self._get(pk, keys.payload(referral.payload_version))
        if found is None:
            raise NotFound("The referral's content is missing.")
        return gzip.decompress(bytes(found["body"]))

    def events(self, tenant: Tenant, referral_id: ReferralId) -> Sequence[Event]:
        """Read all events, oldest first."""
        found = self._query(keys.referral(tenant, referral_id), prefix=keys.Sort.EVENT.value)
        return [Event.model_validate_json(entry["body"]) for entry in found]

    def due(self, before: datetime, limit: int) -> Iterable[tuple[Tenant, ReferralId]]:
        """Iterate over due referrals, shard by shard, soonest due first.

        One that stays due, because it cannot be tended, hides nobody behind it.

        Args:
            before: the business instant.
            limit: how many are read at once from a shard.
        """
        for shard in keys.due_shards():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._name,
                IndexName="by_due",
                KeyConditionExpression="due_shard = :shard AND due_at <= :before",
                ExpressionAttributeValues={
                    ":shard": {"S": shard},
                    ":before": {"S": instant(before)},
                },
                PaginationConfig={"PageSize": limit},
            )
            for page in pages:
                for found in page["Items"]:
                    yield keys.referral_of(found["pk"]["S"])

    def by_phone(self, tenant: Tenant, phone_hash: str) -> Sequence[ReferralId]:
        """List the referrals of a phone number that are still open."""
        prefix = keys.Sort.REFERRAL_OF_PHONE.value
        found = self._query(keys.phone(tenant, phone_hash), prefix=prefix)
        ids = [ReferralId(entry["sk"].removeprefix(prefix)) for entry in found]
        return [i for i in ids if not self.load(tenant, i).referral.is_closed]

    def messaged(self, tenant: Tenant, phone_hash: str, since: date) -> Mapping[date, str]:
        """Return the message of each of a patient's days, from `since` on."""
        prefix = keys.Sort.MESSAGE_DAY.value
        found = self._query(keys.phone(tenant, phone_hash), prefix=prefix)
        days = {date.fromisoformat(e["sk"].removeprefix(prefix)): e["reference"] for e in found}
        return {day: str(reference) for day, reference in days.items() if day >= since}

    def opt_out(self, tenant: Tenant, phone_hash: str, at: datetime) -> None:
        """Put a number on the opt-out list; the first time counts."""
        listed = item(pk=keys.phone(tenant, phone_hash), sk=keys.Sort.OPT_OUT.value, at=instant(at))
        with suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.put_item(
                TableName=self._name, Item=listed, ConditionExpression="attribute_not_exists(pk)"
            )

    def opted_out(self, tenant: Tenant, phone_hash: str) -> bool:
        """Whether a number is on the opt-out list."""
        return self._get(keys.phone(tenant, phone_hash), keys.Sort.OPT_OUT.value) is not None

    def in_queue(
        self, tenant: Tenant, queue: str, limit: int, after: str | None = None
    ) -> tuple[Sequence[Referral], str | None]:
        """List one queue's referrals, soonest due first; returns (page, where the next begins)."""
        return self._list("by_queue", "queue_key", keys.queue(tenant, queue), limit, after)

    def of_performer(
        self, tenant: Tenant, organization: str, limit: int, after: str | None = None
    ) -> tuple[Sequence[Referral], str | None]:
        """List the referrals in an organization's hands, oldest change first."""
        partition = keys.performer(tenant, organization)
        return self._list("by_performer", "performer_key", partition, limit, after)

    def _list(
        self, index: str, attribute: str, partition: str, limit: int, after: str | None
    ) -> tuple[Sequence[Referral], str | None]:
        sort = "due_at" if index == "by_queue" else "updated_at"
        query: dict[str, Any] = {
            "TableName": self._name,
            "IndexName": index,
            "KeyConditionExpression": f"{attribute} = :partition",
            "ExpressionAttributeValues": {":partition": {"S": partition}},
            "Limit": limit,
        }
        if after:
            referral_id, _, at = after.partition("|")
            tenant = Tenant(partition.split("#")[1])
            query["ExclusiveStartKey"] = {
                "pk": {"S": keys.referral(tenant, ReferralId(referral_id))},
                "sk": {"S": keys.Sort.REFERRAL.value},
                attribute: {"S": partition},
                sort: {"S": at},
            }
        answer = self._client.query(**query)
        page = [Referral.model_validate_json(found["body"]["S"]) for found in answer["Items"]]
        last = answer.get("LastEvaluatedKey")
        if not last:
            return page, None
        _, referral_id = keys.referral_of(last["pk"]["S"])
        return page, f"{referral_id}|{last[sort]['S']}"

    # --- commit -----------------------------------------------------------------------------

    def commit(self, commit: Commit) -> None:
        """Write one commit; see the port."""
        writes = list(self._writes(commit))
        try:
            self._client.transact_write_items(TransactItems=[write for _, write in writes])
        except ClientError as error:
            if not _failed_condition(error):
                raise _translated(error) from error
            reasons = error.response.get("CancellationReasons", [])
            failed = {
                part
                for (part, _), reason in zip(writes, reasons, strict=False)
                if reason.get("Code") == "ConditionalCheckFailed"
            }
            raise self._conflict(commit, failed) from error

    def _writes(self, commit: Commit) -> Iterable[tuple[str, Any]]:
        change = commit.change
        before, after = change.before, change.after
        pk = keys.referral(after.tenant, after.id)
        yield (
            "referral",
            self._put(
                _referral_item(after),
                "#version = :version AND #run = :run",
                {"#version": "version", "#run": "run"},
                {":version": {"N": str(before.version)}, ":run": {"N": str(before.run)}},
            ),
        )
        yield "event", self._put(_event_item(change.event), "attribute_not_exists(pk)")
        if commit.mailbox is not None:
            yield (
                "mailbox",
                self._put(
                    _mailbox_item(after, commit.mailbox),
                    "#version = :version",
                    {"#version": "version"},
                    {":version": {"N": str(commit.mailbox_before.version)}},
                )
                if commit.mailbox_before.version
                else self._put(_mailbox_item(after, commit.mailbox), "attribute_not_exists(pk)"),
            )
        if commit.update is not None:
            yield (
                "update",
                self._put(
                    item(
                        pk=pk,
                        sk=f"{keys.Sort.UPDATE}{commit.update.id}",
                        body=commit.update.model_dump_json(),
                    ),
                    "attribute_not_exists(pk)",
                ),
            )
        if commit.payload is not None:
            yield (
                "payload",
                self._put(
                    item(
                        pk=pk,
                        sk=keys.payload(after.payload_version),
                        body=compressed(commit.payload),
                    ),
                    None,
                ),
            )
        if commit.decision is not None:
            yield (
                "decision",
                self._put(
                    item(
                        pk=pk,
                        sk=keys.decision(commit.decision.number),
                        body=commit.decision.model_dump_json(),
                    ),
                    "attribute_not_exists(pk)",
                ),
            )
        if commit.evidence is not None:
            yield (
                "evidence",
                self._put(
                    item(
                        pk=pk,
                        sk=f"{keys.Sort.EVIDENCE}{commit.evidence.sha256}",
                        body=commit.evidence.model_dump_json(),
                    ),
                    None,
                ),
            )
        if commit.phone_hash is not None:
            yield "phone", self._put(_phone_item(after, commit.phone_hash), None)
        if commit.slot is not None:
            yield from self._slot(after.tenant, commit.slot)
        if commit.hold is not None:
            yield "hold", self._capacity(after.tenant, commit.hold, 1, commit.hold_capacity)
        if commit.release is not None:
            yield "release", self._capacity(after.tenant, commit.release, -1, None)

    def _slot(self, tenant: Tenant, slot: MessageSlot) -> Iterable[tuple[str, Any]]:
        pk = keys.phone(tenant, slot.phone_hash)
        taken = item(
            pk=pk,
            sk=f"{keys.Sort.MESSAGE_DAY}{slot.day.isoformat()}",
            reference=slot.reference,
            expires_at=int(time.time()) + _SLOTS_KEPT_S,
        )
        free = "attribute_not_exists(pk) OR #reference = :reference"
        values = {":reference": {"S": slot.reference}}
        yield "slot", self._put(taken, free, {"#reference": "reference"}, values)
        if slot.stoppable:
            yield (
                "opt-out",
                {
                    "ConditionCheck": {
                        "TableName": self._name,
                        "Key": item(pk=pk, sk=keys.Sort.OPT_OUT.value),
                        "ConditionExpression": "attribute_not_exists(pk)",
                    }
                },
            )

    def _capacity(self, tenant: Tenant, hold: Hold, amount: int, most: int | None) -> Any:
        values: dict[str, Any] = {":zero": {"N": "0"}, ":amount": {"N": str(amount)}}
        condition = "held > :zero"
        if most is not None:
            values[":most"] = {"N": str(most)}
            condition = "attribute_not_exists(held) OR held < :most"
        return {
            "Update": {
                "TableName": self._name,
                "Key": item(pk=keys.capacity(tenant, hold.npi), sk=f"{keys.Sort.WEEK}{hold.week}"),
                "UpdateExpression": "SET held = if_not_exists(held, :zero) + :amount",
                "ConditionExpression": condition,
                "ExpressionAttributeValues": values,
            }
        }

    def _conflict(self, commit: Commit, failed: set[str]) -> Exception:
        if failed == {"hold"}:
            return NoCapacity("The week is full.")
        if failed and failed <= {"slot", "opt-out"}:
            return NotNow("The patient got a message today, or wants none.")
        before = commit.change.before
        present = self.load(before.tenant, before.id).referral
        if present.run != before.run:
            return StaleRun(f"Run {present.run} carries the referral.")
        return Conflict("Another writer was first.")

    # --- DynamoDB ---------------------------------------------------------------------------

    def _put(
        self,
        entry: Mapping[str, Any],
        condition: str | None,
        names: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> Any:
        put: dict[str, Any] = {"TableName": self._name, "Item": entry}
        if condition:
            put["ConditionExpression"] = condition
        if names:
            put["ExpressionAttributeNames"] = names
        if values:
            put["ExpressionAttributeValues"] = values
        return {"Put": put}

    def _get(self, pk: str, sk: str) -> dict[str, Any] | None:
        found = self._client.get_item(
            TableName=self._name, Key=item(pk=pk, sk=sk), ConsistentRead=True
        ).get("Item")
        return plain(found) if found else None

    def _query(self, pk: str, prefix: str) -> Iterable[dict[str, Any]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues={":pk": {"S": pk}, ":prefix": {"S": prefix}},
            ConsistentRead=True,
        )
        for page in pages:
            for found in page["Items"]:
                yield plain(found)


def _referral_item(referral: Referral) -> dict[str, Any]:
    """Return the projection's item; a closed referral leaves the due index."""
    queue = "closed" if referral.is_closed else referral.queue.value
    offer = referral.offers[-1] if referral.offers else None
    return item(
        pk=keys.referral(referral.tenant, referral.id),
        sk=keys.Sort.REFERRAL.value,
        version=referral.version,
        run=referral.run,
        status=referral.status.value,
        notice_number=len(referral.notices) or None,
        due_shard=None if referral.is_closed else keys.due_shard(referral.id),
        due_at=instant(referral.due_at),
        updated_at=instant(referral.updated_at),
        queue_key=keys.queue(referral.tenant, queue),
        performer_key=keys.performer(referral.tenant, offer.organization) if offer else None,
        body=referral.model_dump_json(),
    )


def _mailbox_item(referral: Referral, mailbox: Mailbox) -> dict[str, Any]:
    return item(
        pk=keys.referral(referral.tenant, referral.id),
        sk=keys.Sort.MAILBOX.value,
        version=mailbox.version,
        body=mailbox.model_dump_json(),
    )


def _event_item(event: Event) -> dict[str, Any]:
    return item(
        pk=keys.referral(event.tenant, event.referral_id),
        sk=keys.event(event.version),
        body=event.model_dump_json(),
    )


def _phone_item(referral: Referral, phone_hash: str) -> dict[str, Any]:
    return item(
        pk=keys.phone(referral.tenant, phone_hash),
        sk=f"{keys.Sort.REFERRAL_OF_PHONE}{referral.id}",
    )


def _failed_condition(error: ClientError) -> bool:
    if error.response["Error"]["Code"] != "TransactionCanceledException":
        return False
    reasons = error.response.get("CancellationReasons", [])
    codes = {reason.get("Code") for reason in reasons}
    return bool(codes & {"ConditionalCheckFailed", "TransactionConflict"})


def _translated(error: ClientError) -> Exception:
    code = error.response["Error"]["Code"]
    if code in {"ValidationException", "AccessDeniedException", "ResourceNotFoundException"}:
        return FinalError(f"The table refused the write: {code}.")
    return Retryable(f"The table could not be written: {code}.")
