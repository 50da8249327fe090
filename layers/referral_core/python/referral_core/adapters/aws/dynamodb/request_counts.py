"""How many requests each client made in a minute: a table of its own, which holds nothing else.

So functions that only read records may count, and write nothing else anywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from referral_core.adapters.aws.dynamodb.schema import TTL_ATTRIBUTE
from referral_core.adapters.aws.service_errors import service_errors

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

KEY: Final = "client_minute"
_KEPT_S: Final = 3600


class RequestCounts:
    """The shared counts of all workers."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        """Take a DynamoDB client and the table's name."""
        self._client = client
        self._name = name

    def take(self, client_id: str, minute: int, requests: int) -> int:
        """Take requests from a client's minute; return how many are taken then.

        Raises:
            Retryable, Permanent: the table does not count.
        """
        with service_errors("Requests could not be counted"):
            counted = self._client.update_item(
                TableName=self._name,
                Key={KEY: {"S": f"{client_id}#{minute}"}},
                UpdateExpression="ADD taken :n SET #until = :until",
                ExpressionAttributeNames={"#until": TTL_ATTRIBUTE},
                ExpressionAttributeValues={
                    ":n": {"N": str(requests)},
                    ":until": {"N": str(minute * 60 + _KEPT_S)},
                },
                ReturnValues="UPDATED_NEW",
            )
        return int(counted["Attributes"]["taken"]["N"])
