"""Check a tenant's price book or revenue table, and load it.

    python -m local.contracts FILE            check only
    python -m local.contracts FILE --load TENANT [--table NAME]

A file with `prices` is a price book, one with `lines` a revenue table. Exit code 1 when it is
neither, or not right; what is wrong is said by its place in the file.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import boto3
from pydantic import ValidationError

from local.running_stack import RunningStack
from referral_core.adapters.aws.dynamodb.directory import contract_item
from referral_core.domain.ids import Tenant
from referral_core.domain.money.cost_ledger import UNITS
from referral_core.domain.money.price_book import PriceBook, RevenueTable


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
        contract = read(chosen.file.read_text(encoding="utf-8"))
    except (NotRight, OSError) as error:
        print(error)
        return 1
    print(summary(contract))
    if chosen.load:
        _load(Tenant(chosen.load), contract, chosen.table)
        print(f"Loaded for {chosen.load}.")
    return 0


def read(text: str) -> PriceBook | RevenueTable:
    """Read a file.

    Raises:
        NotRight: it is no such file, or something in it is wrong.
    """
    try:
        data = json.loads(text)
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


def summary(contract: PriceBook | RevenueTable) -> str:
    """Say in a line what was read, and what it leaves without a price."""
    until = contract.valid_to or "further notice"
    said = f"{contract.version}, in force from {contract.valid_from} to {until}"
    if isinstance(contract, RevenueTable):
        return f"Revenue table {said}: {len(contract.lines)} values."
    missing = ", ".join(sorted(UNITS.keys() - contract.units))
    return f"Price book {said}: {len(contract.units)} prices. Without a price in it: {missing}."


def _load(tenant: Tenant, contract: PriceBook | RevenueTable, table: str | None) -> None:
    if table is None:
        running = RunningStack.found()
        client, table = running.emulator.client("dynamodb"), running.deployment["TableName"]
    else:
        client = boto3.client("dynamodb")
    client.put_item(TableName=table, Item=contract_item(tenant, contract))


if __name__ == "__main__":
    sys.exit(main())
