"""The audit's own table: entries are put, once, and nothing of ours changes or deletes one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from referral_core.adapters.aws.dynamodb.attributes import item
from referral_core.adapters.aws.service_errors import service_errors
from referral_core.domain.audit import AuditEntry
from referral_core.domain.ids import ReferralId, Tenant

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

PARTITION_KEY: Final = "pk"
SORT_KEY: Final = "sk"
_AT_ONCE: Final = 100
"""Items of one transaction."""
_NOBODYS: Final = "@"
"""In the place of a tenant or a referral, of an entry that names none; no id holds it."""


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
        """Put entries, all of a hundred or none; the same again changes nothing."""
        for begin in range(0, len(entries), _AT_ONCE):
            puts: Any = [self._put(entry) for entry in entries[begin : begin + _AT_ONCE]]
            with service_errors("What was to be seen could not be put on record"):
                self._client.transact_write_items(TransactItems=puts)

    def of_referral(
        self, tenant: Tenant, referral_id: ReferralId, since: datetime, limit: int
    ) -> Sequence[AuditEntry]:
        """List the entries of a referral from an instant on, the latest first."""
        with service_errors("The audit could not be read"):
            response = self._client.query(
                TableName=self._name,
                KeyConditionExpression=f"{PARTITION_KEY} = :pk AND {SORT_KEY} >= :since",
                ExpressionAttributeValues=item(
                    **{":pk": _partition(tenant, referral_id), ":since": _instant(since)}
                ),
                ScanIndexForward=False,
                Limit=limit,
            )
        return [AuditEntry.model_validate_json(e["body"]["S"]) for e in response["Items"]]

    def _put(self, entry: AuditEntry) -> dict[str, Any]:
        stored = item(
            pk=_partition(entry.tenant, entry.referral_id or entry.at.date().isoformat()),
            sk=f"{_instant(entry.at)}#{entry.id}",
            body=entry.model_dump_json(exclude_none=True),
        )
        # What stands there has the same id and the same instant: it is this entry.
        return {"Put": {"TableName": self._name, "Item": stored}}


def _partition(tenant: Tenant | None, referral_id: str) -> str:
    return f"T#{tenant or _NOBODYS}#R#{referral_id}"


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
