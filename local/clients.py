"""Clients of a deployed stack, on this machine or on AWS: made, registered, revoked."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

from referral_core.adapters.aws.dynamodb import keys as table_keys
from referral_core.adapters.aws.dynamodb.client_register import registration_item
from referral_core.adapters.aws.dynamodb.directory import config_item
from referral_core.adapters.tokens.key_sets import read_keys
from referral_core.domain.access.principal import Principal
from referral_core.domain.access.registration import Registration
from referral_core.domain.access.scopes import READ, WRITE

SCOPES: Final = (READ, WRITE)


class Cell(NamedTuple):
    """A deployed stack. Attributes: client: of an AWS service; outputs: of CloudFormation."""

    client: Callable[[str], Any]
    outputs: Mapping[str, str]


def onboard_pool_client(cell: Cell, principal: Principal) -> tuple[str, str]:
    """Make an app client of the pool and its principal; return its id and its secret."""
    made = cell.client("cognito-idp").create_user_pool_client(
        UserPoolId=cell.outputs["UserPoolId"],
        ClientName=f"{principal.role}-{principal.organization}",
        GenerateSecret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthScopes=list(SCOPES),
    )["UserPoolClient"]
    put(cell, config_item(principal.but(client_id=made["ClientId"])))
    return made["ClientId"], made["ClientSecret"]


def onboard_backend(cell: Cell, principal: Principal, *, keys: str, scopes: Iterable[str]) -> str:
    """Register a client that signs assertions; return its id.

    Args:
        cell: where.
        principal: what it is; it is given an id.
        keys: its key set as JSON, or the https address at which it publishes it.
        scopes: the most that it may have.
    """
    client_id = secrets.token_hex(16)
    published = {"keys_url": keys} if keys.startswith("https://") else {"keys": keys}
    if "keys" in published and not read_keys(keys):
        raise ValueError("the key set holds no key with a kid")
    registration = Registration.model_validate(
        {"client_id": client_id, "scopes": list(scopes), **published}
    )
    put(cell, config_item(principal.but(client_id=client_id)), registration_item(registration))
    return client_id


def revoke(cell: Cell, client_id: str) -> None:
    """End a client's access; what it did stays on record under its id.

    Raises:
        LookupError: the stack knows no such client, so that nothing was revoked.
    """
    table, partition = cell.outputs["TableName"], {"S": table_keys.principal(client_id)}
    known = {"ConditionExpression": "attribute_exists(pk)"}
    gone = {table_keys.Sort.PRINCIPAL.value: known, table_keys.Sort.REGISTRATION.value: {}}
    dynamodb = cell.client("dynamodb")
    try:
        dynamodb.transact_write_items(
            TransactItems=[
                {
                    "Delete": {
                        "TableName": table,
                        "Key": {"pk": partition, "sk": {"S": sort}},
                        **only,
                    }
                }
                for sort, only in gone.items()
            ]
        )
    except dynamodb.exceptions.TransactionCanceledException:
        raise LookupError(f"No client {client_id} at this stack: nothing was revoked.") from None
    cognito = cell.client("cognito-idp")
    # One that signs assertions is no client of the pool.
    with suppress(cognito.exceptions.ResourceNotFoundException):
        cognito.delete_user_pool_client(UserPoolId=cell.outputs["UserPoolId"], ClientId=client_id)


def put(cell: Cell, *items: Mapping[str, Any]) -> None:
    """Write items of the table in one transaction."""
    table = cell.outputs["TableName"]
    cell.client("dynamodb").transact_write_items(
        TransactItems=[{"Put": {"TableName": table, "Item": each}} for each in items]
    )
