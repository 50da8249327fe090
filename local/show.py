"""Look into the stack of `make local`: `python -m local.show referrals | events ID | …`."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table as Grid

from local.running_stack import RunningStack
from local.seed import TENANT
from referral_core.adapters.aws.dynamodb.attributes import plain
from referral_core.adapters.aws.dynamodb.bodies import referral_in
from referral_core.adapters.aws.dynamodb.referrals import ReferralTable
from referral_core.domain.ids import ReferralId

_CONSOLE = Console()


def main() -> None:
    """Show what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m local.show")
    whats = ("referrals", "events", "executions", "messages", "table")
    parser.add_argument("what", choices=whats)
    parser.add_argument("referral_id", nargs="?", help="for events")
    chosen = parser.parse_args()
    running = RunningStack.found()
    match chosen.what:
        case "referrals":
            _referrals(running)
        case "events":
            if not chosen.referral_id:
                parser.error("name the referral: python -m local.show events ID")
            _events(running, chosen.referral_id)
        case "executions":
            _executions(running)
        case "messages":
            _messages(running)
        case _:
            _table(running)


def _grid(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    grid = Grid(title=title, title_justify="left")
    for column in columns:
        grid.add_column(column)
    for row in rows:
        grid.add_row(*row)
    _CONSOLE.print(grid if rows else f"{title}: none yet.")


def _items(running: RunningStack) -> Iterator[dict[str, Any]]:
    client = running.emulator.client("dynamodb")
    for page in client.get_paginator("scan").paginate(TableName=running.outputs["TableName"]):
        yield from page["Items"]


def _referrals(running: RunningStack) -> None:
    found = [referral_in(plain(item)) for item in _items(running) if item["sk"]["S"] == "@REFERRAL"]
    found.sort(key=lambda r: r.received_at)
    rows = [
        (
            r.id,
            r.outcome.value if r.outcome else r.status.value,
            "" if r.is_closed else r.waits_for.value,
            "" if r.is_closed else r.queue.value,
            "" if r.is_closed else f"{r.due_at:%d %b %H:%M}",
            r.status_reason,
        )
        for r in found
    ]
    _grid("Referrals", ("id", "status", "waits for", "owner", "due", "why it waits"), rows)


def _events(running: RunningStack, referral_id: str) -> None:
    table = ReferralTable(running.emulator.client("dynamodb"), running.outputs["TableName"])
    rows = [
        (f"{e.at:%d %b %H:%M}", str(e.version), e.kind, e.to_status.value, e.actor, e.status_reason)
        for e in table.events(TENANT, ReferralId(referral_id))
    ]
    _grid(f"Events of {referral_id}", ("at", "no", "what", "status", "who", "why"), rows)


def _executions(running: RunningStack) -> None:
    client = running.emulator.client("stepfunctions")
    machine = running.outputs["StateMachineArn"]
    found = client.list_executions(stateMachineArn=machine)["executions"]
    rows = [(e["name"], e["status"], f"{e['startDate']:%H:%M:%S}") for e in found]
    _grid("Executions (referral and run)", ("name", "status", "started"), rows)


def _messages(running: RunningStack) -> None:
    found = httpx.get(f"{running.partners_url}/carrier/messages", timeout=10).json()
    _grid("Messages", ("reference", "body"), [(m["reference"], m["body"]) for m in found])


def _table(running: RunningStack) -> None:
    kinds = Counter(item["sk"]["S"].partition("#")[0] for item in _items(running))
    rows = [(kind, str(count)) for kind, count in sorted(kinds.items())]
    _grid(running.outputs["TableName"], ("kind of item", "items"), rows)


if __name__ == "__main__":
    main()
