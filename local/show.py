"""Look into the stack of `make local`: `python -m local.show referrals | events ID | …`."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table as Grid

from local.seed import TENANT
from local.standing import Standing
from referral_core.adapters.table import Table
from referral_core.domain.model import ReferralId
from referral_core.domain.referral import Referral

_CONSOLE = Console()


def main() -> None:
    """Show what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m local.show")
    whats = ("referrals", "events", "executions", "messages", "table")
    parser.add_argument("what", choices=whats)
    parser.add_argument("referral_id", nargs="?", help="for events")
    chosen = parser.parse_args()
    standing = Standing.found()
    match chosen.what:
        case "referrals":
            _referrals(standing)
        case "events":
            if not chosen.referral_id:
                parser.error("name the referral: python -m local.show events ID")
            _events(standing, chosen.referral_id)
        case "executions":
            _executions(standing)
        case "messages":
            _messages(standing)
        case _:
            _table(standing)


def _grid(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    grid = Grid(title=title, title_justify="left")
    for column in columns:
        grid.add_column(column)
    for row in rows:
        grid.add_row(*row)
    _CONSOLE.print(grid if rows else f"{title}: none yet.")


def _items(standing: Standing) -> Iterator[dict[str, Any]]:
    client = standing.emulator.client("dynamodb")
    for page in client.get_paginator("scan").paginate(TableName=standing.outputs["TableName"]):
        yield from page["Items"]


def _referrals(standing: Standing) -> None:
    found = [
        Referral.model_validate_json(item["body"]["S"])
        for item in _items(standing)
        if item["sk"]["S"] == "@REFERRAL"
    ]
    found.sort(key=lambda r: r.received_at)
    rows = [
        (
            r.id,
            r.outcome.value if r.outcome else r.status.value,
            "" if r.is_closed else r.waits_for.value,
            "" if r.is_closed else r.queue.value,
            "" if r.is_closed else f"{r.due_at:%d %b %H:%M}",
            r.why,
        )
        for r in found
    ]
    _grid("Referrals", ("id", "status", "waits for", "owner", "due", "why"), rows)


def _events(standing: Standing, referral_id: str) -> None:
    table = Table(standing.emulator.client("dynamodb"), standing.outputs["TableName"])
    rows = [
        (f"{e.at:%d %b %H:%M}", str(e.version), e.kind, e.to_status.value, e.actor, e.why)
        for e in table.events(TENANT, ReferralId(referral_id))
    ]
    _grid(f"Events of {referral_id}", ("at", "no", "what", "status", "who", "why"), rows)


def _executions(standing: Standing) -> None:
    client = standing.emulator.client("stepfunctions")
    machine = standing.outputs["StateMachineArn"]
    found = client.list_executions(stateMachineArn=machine)["executions"]
    rows = [(e["name"], e["status"], f"{e['startDate']:%H:%M:%S}") for e in found]
    _grid("Executions (referral and run)", ("name", "status", "started"), rows)


def _messages(standing: Standing) -> None:
    found = httpx.get(f"{standing.partners_url}/carrier/messages", timeout=10).json()
    _grid("Messages", ("reference", "body"), [(m["reference"], m["body"]) for m in found])


def _table(standing: Standing) -> None:
    kinds = Counter(item["sk"]["S"].partition("#")[0] for item in _items(standing))
    rows = [(kind, str(count)) for kind, count in sorted(kinds.items())]
    _grid(standing.outputs["TableName"], ("kind of item", "items"), rows)


if __name__ == "__main__":
    main()
