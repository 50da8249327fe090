"""The audit's own table: entries are put, once, and nothing of ours changes or deletes one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from referral_core.adapters.aws.dynamodb.attributes import item
from referral_core.adapters.aws.service_errors import service_errors
from referral_core.domain.access.audit import AuditEntry, Stretch, instant_text
from referral_core.domain.ids import ReferralId, Tenant

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

PARTITION_KEY: Final = "pk"
SORT_KEY: Final = "sk"
_AT_ONCE: Final = 100
"""Items of one transaction."""
_NOBODYS: Final = "@"
"""In the place of a tenant, of an entry that names none; no id holds it."""
_PARTS_OF_A_DAY: Final = 16
"""Partitions of a tenant's day: who is refused all day long holds up nobody's answers."""
_AFTER_ALL: Final = "~"


def create_audit_table_request(name: str) -> dict[str, Any]:
    """Return the arguments of DynamoDB's CreateTable; both keys are text."""
    keys = ((PARTITION_KEY, "HASH"), (SORT_KEY, "RANGE"))
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": k, "AttributeType": "S"} for k, _ in keys],
        "KeySchema": [{"AttributeName": k, "KeyType": kind} for k, kind in keys],
    }


class AuditTable:
    """The audit trail in DynamoDB."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        """Take a DynamoDB client and the audit table's name."""
        self._client = client
        self._name = name

    def record(self, entries: Sequence[AuditEntry]) -> None:
        """Put entries, all of a hundred or none; what is there is never put again."""
        for begin in range(0, len(entries), _AT_ONCE):
            self._put(entries[begin : begin + _AT_ONCE])

    def of_referral(
        self, tenant: Tenant, referral_id: ReferralId, stretch: Stretch
    ) -> Sequence[AuditEntry]:
        """List entries of a referral, the latest first."""
        return self._read(f"T#{tenant}#R#{referral_id}", stretch)

    def of_day(self, tenant: Tenant, day: date, stretch: Stretch) -> Sequence[AuditEntry]:
        """List entries of a day (of UTC) that name no referral, the latest first."""
        parts = (_part_of_day(tenant, day, part) for part in range(_PARTS_OF_A_DAY))
        return stretch.of(entry for part in parts for entry in self._read(part, stretch))

    def _read(self, partition: str, stretch: Stretch) -> Sequence[AuditEntry]:
        values = {
            ":pk": partition,
            ":since": instant_text(stretch.since),
            ":before": stretch.before or _AFTER_ALL,
        }
        with service_errors("The audit could not be read"):
            response = self._client.query(
                TableName=self._name,
                KeyConditionExpression=(
                    f"{PARTITION_KEY} = :pk AND {SORT_KEY} BETWEEN :since AND :before"
                ),
                ExpressionAttributeValues=item(**values),
                ScanIndexForward=False,
                Limit=stretch.limit + 1,  # the place before which it is asked for is read too
            )
        return stretch.of(
            AuditEntry.model_validate_json(found["body"]["S"]) for found in response["Items"]
        )

    def _put(self, entries: Sequence[AuditEntry]) -> None:
        puts: Any = [
            {
                "Put": {
                    "TableName": self._name,
                    "Item": item(
                        pk=_partition(entry),
                        sk=entry.place,
                        body=entry.model_dump_json(exclude_none=True),
                    ),
                    "ConditionExpression": f"attribute_not_exists({PARTITION_KEY})",
                }
            }
            for entry in entries
        ]
        with service_errors("What was to be seen could not be put on record"):
            try:
                self._client.transact_write_items(TransactItems=puts)
            except self._client.exceptions.TransactionCanceledException as cancelled:
                new = _not_yet(entries, cancelled.response)
                if len(new) == len(entries):
                    raise
                if new:
                    self._put(new)


def _not_yet(entries: Sequence[AuditEntry], response: Mapping[str, Any]) -> Sequence[AuditEntry]:
    """Return which entries of a cancelled transaction are not on record; an access has one id."""
    reasons = response.get("CancellationReasons") or [{}] * len(entries)
    return [
        entry
        for entry, reason in zip(entries, reasons, strict=True)
        if reason.get("Code") != "ConditionalCheckFailed"
    ]


def _partition(entry: AuditEntry) -> str:
    if entry.referral_id is not None:
        return f"T#{entry.tenant or _NOBODYS}#R#{entry.referral_id}"
    part = crc32(entry.id.encode()) % _PARTS_OF_A_DAY
    return _part_of_day(entry.tenant, entry.at.astimezone(UTC).date(), part)


def _part_of_day(tenant: Tenant | None, day: date, part: int) -> str:
    return f"T#{tenant or _NOBODYS}#D#{day.isoformat()}#{part:02}"
