"""Clients of our own issuer in the table, and the assertions that they have used."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.attributes import item
from referral_core.adapters.aws.dynamodb.schema import TTL_ATTRIBUTE
from referral_core.adapters.aws.dynamodb.table import Table
from referral_core.adapters.aws.service_errors import translated
from referral_core.domain.access.registration import Registration

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_USED = "ConditionalCheckFailedException"


def registration_item(registration: Registration) -> dict[str, Any]:
    """Return the table item of a registration; its principal is the item beside it."""
    return item(
        pk=keys.principal(registration.client_id),
        sk=keys.Sort.REGISTRATION.value,
        body=registration.model_dump_json(),
    )


class ClientRegister:
    """Registrations and used assertions."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        """Take a DynamoDB client and the table's name."""
        self._table = Table(client, name)

    def registration(self, client_id: str) -> Registration | None:
        """Return how a client proves itself; None: it is not registered, or no longer."""
        found = self._table.get(keys.principal(client_id), keys.Sort.REGISTRATION.value)
        return Registration.model_validate_json(str(found["body"])) if found else None

    def use_once(self, client_id: str, jti: str, expires_at: int) -> bool:
        """Note that an assertion is used; False: it was used before.

        Args:
            client_id: whose it is.
            jti: its own name; hashed, for it may be long.
            expires_at: seconds since 1970: it need not be remembered for longer.
        """
        entry = item(
            pk=keys.assertions(client_id),
            sk=f"{keys.Sort.ASSERTION}{sha256(jti.encode()).hexdigest()}",
            **{TTL_ATTRIBUTE: expires_at},
        )
        try:
            self._table.client.put_item(
                TableName=self._table.name,
                Item=entry,
                ConditionExpression="attribute_not_exists(pk)",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == _USED:
                return False
            raise translated("An assertion could not be noted", error) from error
        return True
