"""Check a tenant's price book or revenue table, and load it.

    python -m local.contracts FILE            check only
    python -m local.contracts FILE --load TENANT [--table NAME]

A file with `prices` is a price book, one with `lines` a revenue table. Exit code 1 when it is
neither, or not right; what is wrong is said by its place in the file. What is loaded is known from
the day on which it is loaded, unless it says another one, and stays as it is: figures as of a day
say what they said on it. A correction is a version of its own.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from pydantic import ValidationError

from local.operate import DeployedStack
from local.running_stack import RunningStack
from referral_core.adapters.aws.dynamodb.directory import DynamoDbDirectory, contract_item
from referral_core.domain.errors import NotFound
from referral_core.domain.ids import Tenant
from referral_core.domain.money.cost_ledger import UNITS
from referral_core.domain.money.price_book import PriceBook, RevenueTable
from referral_core.reporting.request import local_day

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

Contract = PriceBook | RevenueTable


class NotRight(Exception):
    """What is wrong with a file, a sentence a fault."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one file, and load it where asked; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local.contracts")
    parser.add_argument("file", type=Path)
    parser.add_argument("--load", metavar="TENANT", help="load it for this tenant")
    parser.add_argument("--table", help="a deployed table; the running stack's when left out")
    chosen = parser.parse_args(arguments)
    try:
        contract = read(_text(chosen.file))
        print(summary(contract))
        if chosen.load:
            there = _load(Tenant(chosen.load), contract, chosen.table)
            print(f"Loaded for {chosen.load}, known from {there.known_from}.")
    except (NotRight, OSError) as error:
        print(error)
        return 1
    return 0


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")  # a mark before it is how some editors write
    except UnicodeDecodeError as error:
        raise NotRight(f"Save it as UTF-8: byte {error.start} is none.") from error


def read(text: str) -> Contract:
    """Read a file.

    Raises:
        NotRight: it is no such file, or something in it is wrong.
    """
    try:
        data = json.loads(text, object_pairs_hook=_once)
    except ValueError as error:
        raise NotRight(f"This is no JSON: {error}.") from error
    if not isinstance(data, dict) or ("prices" in data) is ("lines" in data):
        raise NotRight("A price book has `prices`, a revenue table has `lines`: send one of them.")
    try:
        contract = (PriceBook if "prices" in data else RevenueTable).model_validate(data)
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors())
        raise NotRight("\n".join(faults)) from error
    if isinstance(contract, PriceBook) and (unknown := contract.units - UNITS.keys()):
        known = ", ".join(UNITS)
        raise NotRight(f"Nothing is counted as {', '.join(sorted(unknown))}: use {known}.")
    return contract


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object whose every name is there once: of two, one would be dropped unseen."""
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise NotRight(f"There twice: {', '.join(twice)}.")
    return dict(pairs)


def summary(contract: Contract) -> str:
    """Say in a line what was read, and what it leaves without a price."""
    until = contract.valid_to or "further notice"
    said = f"{contract.version}, in force from {contract.valid_from} to {until}"
    if isinstance(contract, RevenueTable):
        return f"Revenue table {said}: {len(contract.lines)} values."
    missing = ", ".join(sorted(UNITS.keys() - contract.units))
    return f"Price book {said}: {len(contract.units)} prices. Without a price in it: {missing}."


def _load(tenant: Tenant, contract: Contract, table: str | None) -> Contract:
    if table is not None:
        return load(boto3.client("dynamodb"), table, tenant, contract, datetime.now(UTC))
    running = RunningStack.found()
    stack = DeployedStack(running.emulator.client, dict(running.outputs), "")
    return load(stack.client("dynamodb"), stack.table, tenant, contract, stack.now())


def load(
    client: DynamoDBClient, table: str, tenant: Tenant, contract: Contract, now: datetime
) -> Contract:
    """Load a contract; return it as it is there.

    Args:
        client: of the table.
        table: its name.
        tenant: whose contract it is.
        contract: checked.
        now: the business instant: from its day on it is known, unless it says from when.

    Raises:
        NotRight: there is no such tenant, or this version is there and says something else.
    """
    directory = DynamoDbDirectory(client, table)
    try:
        zone = directory.tenant(tenant).time_zone
    except NotFound as error:
        raise NotRight(f"There is no tenant {tenant}: onboard it first.") from error
    known = contract.but(known_from=contract.known_from or local_day(now, zone))
    item = contract_item(tenant, known)
    try:
        client.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(pk)")
    except client.exceptions.ConditionalCheckFailedException as error:
        there = _there(directory, tenant, known)
        if there != contract.but(known_from=contract.known_from or there.known_from):
            raise NotRight(
                f"Version {contract.version} is loaded and says something else: "
                "give the correction a version of its own."
            ) from error
        return there
    return known


def _there(directory: DynamoDbDirectory, tenant: Tenant, contract: Contract) -> Contract:
    loaded = (*directory.price_books(tenant), *directory.revenue_tables(tenant))
    alike = (one for one in loaded if isinstance(one, type(contract)))
    return next(one for one in alike if one.version == contract.version)


if __name__ == "__main__":
    sys.exit(main())
