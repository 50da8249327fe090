"""Onboard or revoke one client, on this machine or on AWS; it takes effect within a minute.

    python -m local.onboard ehr my-ehr                     with a secret, from the user pool
    python -m local.onboard ehr my-ehr --keys jwks.json    SMART Backend Services
    python -m local.onboard clinic north --keys https://north.example/jwks --scopes system/Task.rus
    python -m local.onboard --revoke CLIENT_ID

At the stack of `make local`; with `--stack NAME` at a stack on AWS, with the credentials and the
region of the environment.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import boto3

from local.clients import SCOPES, Cell, onboard_backend, onboard_pool_client, put, revoke
from local.running_stack import RunningStack
from local.seed import SECRET, TENANT
from referral_core.adapters.aws.dynamodb.directory import config_item
from referral_core.domain.access.principal import Principal
from referral_core.domain.directory import EhrSystem
from referral_core.domain.ids import Tenant
from referral_core.domain.updates import Role

_ROLES: Final = (Role.EHR, Role.CLINIC, Role.PAYER, Role.STAFF, Role.FINANCE)


def main() -> None:
    """Do what is asked for, and print what the client needs."""
    chosen = read_arguments()
    running = None if chosen.stack else RunningStack.found()
    cell = Cell(running.emulator.client, running.outputs) if running else _on_aws(chosen.stack)
    if chosen.revoke:
        try:
            revoke(cell, chosen.revoke)
        except LookupError as error:
            sys.exit(str(error.args[0]))
        print(f"{chosen.revoke} is refused within a minute.")
        return
    role = Role(chosen.role)
    principal = Principal(
        client_id="", tenant=Tenant(chosen.tenant), role=role, organization=chosen.organization
    )
    if role is Role.EHR and (running or chosen.notices_url):
        system = EhrSystem(
            tenant=principal.tenant,
            id=chosen.organization,
            name=chosen.organization,
            notices_url=chosen.notices_url or f"{running.partners_url if running else ''}/ehr",
            secret=SECRET,
        )
        put(cell, config_item(system))
    api = running.api_url if running else cell.outputs["ApiUrl"]
    if chosen.keys:
        told = _registered(cell, principal, api, chosen.keys, chosen.scopes)
    else:
        told = _with_secret(cell, principal, running)
    for name, value in {**told, "api": f"{api}/fhir"}.items():
        print(f"{name:14} {value}")


def _registered(
    cell: Cell, principal: Principal, api: str, keys: str, scopes: Iterable[str]
) -> Mapping[str, str]:
    sent = keys if keys.startswith("https://") else Path(keys).read_text()
    client_id = onboard_backend(cell, principal, keys=sent, scopes=scopes)
    return {
        "client_id": client_id,
        "token_url": f"{api}/oauth2/token",
        "configuration": f"{api}/fhir/.well-known/smart-configuration",
        "scope": " ".join(scopes),
    }


def _with_secret(
    cell: Cell, principal: Principal, running: RunningStack | None
) -> Mapping[str, str]:
    client_id, secret = onboard_pool_client(cell, principal)
    domain = cell.outputs["TokenDomain"]
    region = cell.client("cognito-idp").meta.region_name
    pool = running.endpoint if running else f"https://{domain}.auth.{region}.amazoncognito.com"
    return {
        "client_id": client_id,
        "client_secret": secret,
        "token_url": f"{pool}/oauth2/token",
        "scope": " ".join(SCOPES),
    }


def _on_aws(name: str) -> Cell:
    (stack,) = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    connect: Any = boto3.client
    return Cell(connect, outputs)


def read_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read what is asked for; exit with 2 and a word where it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m local.onboard")
    parser.add_argument("role", nargs="?", choices=[role.value for role in _ROLES])
    parser.add_argument("organization", nargs="?", help="the EHR system, clinic or payer")
    parser.add_argument("--tenant", help=f"needed with --stack; {TENANT} on this machine")
    parser.add_argument("--keys", help="a file with its JSON web key set, or its https address")
    parser.add_argument("--scopes", nargs="+", help="with --keys: the most that it may have")
    parser.add_argument("--notices-url", help="where an EHR system takes notices")
    parser.add_argument("--revoke", metavar="CLIENT_ID")
    parser.add_argument("--stack", help="of CloudFormation, on AWS")
    chosen = parser.parse_args(arguments)
    if chosen.scopes and not chosen.keys:
        parser.error("--scopes narrows a client with --keys only; one with a secret has all")
    if chosen.stack and not chosen.tenant and not chosen.revoke:
        parser.error("name the --tenant with --stack")
    chosen.tenant = chosen.tenant or TENANT
    chosen.scopes = chosen.scopes or list(SCOPES)
    if not chosen.revoke and not (chosen.role and chosen.organization):
        parser.print_usage()
        sys.exit(2)
    return chosen


if __name__ == "__main__":
    main()
