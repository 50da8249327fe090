"""Pauses in the table, beside the tenant's other configuration: while one is there, it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.attributes import item
from referral_core.adapters.aws.dynamodb.directory import pause_item
from referral_core.adapters.aws.dynamodb.table import Table
from referral_core.adapters.aws.service_errors import service_errors
from referral_core.domain.ids import Tenant
from referral_core.domain.pause import Pause, PauseScope

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class PauseTable:
    """Writes and lists pauses."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        """Take a DynamoDB client and the table's name."""
        self._table = Table(client, name)

    def pauses(self, tenant: Tenant) -> Sequence[Pause]:
        """List a tenant's pauses."""
        found = self._table.query(keys.config(tenant), keys.Sort.PAUSE.value)
        return [Pause.model_validate_json(str(entry["body"])) for entry in found]

    def pause(self, asked: Pause) -> None:
        """Hold back; a pause that is there already is replaced."""
        with service_errors("The pause could not be written"):
            self._table.client.put_item(TableName=self._table.name, Item=pause_item(asked))

    def resume(self, tenant: Tenant, scope: PauseScope, of: str) -> bool:
        """Let go on; return whether it was paused."""
        key = item(pk=keys.config(tenant), sk=f"{keys.Sort.PAUSE}{scope}:{of}")
        with service_errors("The pause could not be ended"):
            gone = self._table.client.delete_item(
                TableName=self._table.name, Key=key, ReturnValues="ALL_OLD"
            )
        return "Attributes" in gone
