"""Look into the stack of `make local`: `python -m local.show referrals | events ID | …`."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx
from rich.console import Console, RenderableType
from rich.table import Table as Grid

from local.operate import DeployedStack
from local.running_stack import RunningStack
from local.seed import TENANT
from referral_core.adapters.aws.dynamodb.attributes import plain
from referral_core.adapters.aws.dynamodb.bodies import referral_in
from referral_core.adapters.aws.dynamodb.referrals import ReferralTable
from referral_core.domain.ids import ReferralId
from referral_core.domain.referral import Referral
from referral_core.entrypoints.http.staff.operations import console_link

_CONSOLE = Console()


def main() -> None:
    """Show what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m local.show")
    whats = ("referrals", "events", "executions", "overdue", "alarms", "messages", "table")
    parser.add_argument("what", choices=whats)
    parser.add_argument("referral_id", nargs="?", help="for events, and for one's executions")
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
            _executions(running, chosen.referral_id)
        case "overdue":
            _overdue(running)
        case "alarms":
            _alarms(running)
        case "messages":
            _messages(running)
        case _:
            _table(running)


def _grid(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    grid = Grid(title=title, title_justify="left")
    for column in columns:
        # A link that is cut off leads nowhere.
        grid.add_column(column, overflow="fold")
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


def _executions(running: RunningStack, referral_id: str | None) -> None:
    """Show the runs, of one referral with where the console of AWS shows each."""
    client = running.emulator.client("stepfunctions")
    machine = running.outputs["StateMachineArn"]
    pages = client.get_paginator("list_executions").paginate(stateMachineArn=machine)
    rows = [
        (e["name"], e["status"], f"{e['startDate']:%H:%M:%S}", console_link(e["executionArn"]))
        for page in pages
        for e in page["executions"]
        if referral_id is None or e["name"].rpartition("-")[0] == referral_id
    ]
    shown = rows if referral_id else [row[:3] for row in rows]
    columns = ("name", "status", "started", "in the console of AWS")[: 4 if referral_id else 3]
    _grid("Executions (referral and run)", columns, shown)


def _overdue(running: RunningStack) -> None:
    """Show what is overdue and why: work items that nobody decided, referrals not processed."""
    now = DeployedStack.named(None).now()
    found = [
        (referral_in(plain(item)), item)
        for item in _items(running)
        if item["sk"]["S"] == "@REFERRAL" and "due_at" in item
    ]
    _grid("Overdue", ("id", "since", "who must act", "why"), overdue_rows(found, now))


def overdue_rows(
    found: Iterable[tuple[Referral, dict[str, Any]]], now: datetime
) -> list[tuple[str, str, str, str]]:
    """Return a row for each referral that is overdue, the longest overdue first.

    Args:
        found: referrals with their items, which know how often one could not be processed.
        now: the business instant.
    """
    rows: list[tuple[datetime, Referral, str, str]] = []
    for referral, item in found:
        failures = int(item.get("due_failures", {}).get("N", 0))
        item_due = referral.item_due_at
        if failures:
            why = f"could not be processed {failures} times; {referral.status_reason}"
            rows.append((referral.due_at, referral, "operations", why))
        elif item_due is not None and item_due < now and referral.work_item is not None:
            who = referral.work_item.owner or referral.queue.value
            rows.append((item_due, referral, who, referral.status_reason))
        elif referral.due_at < now:
            rows.append((referral.due_at, referral, "the watchdog", referral.status_reason))
    rows.sort(key=lambda row: row[0])
    return [(r.id, f"{at:%d %b %H:%M}", who, why) for at, r, who, why in rows]


def _alarms(running: RunningStack) -> None:
    found = running.emulator.client("cloudwatch").get_paginator("describe_alarms").paginate()
    _CONSOLE.print(*alarms_shown([a for page in found for a in page["MetricAlarms"]]))


def alarms_shown(alarms: Sequence[Mapping[str, Any]]) -> tuple[RenderableType, str]:
    """Return the alarms that are up, with why and what to do, and how many others there are."""
    up = [alarm for alarm in alarms if alarm["StateValue"] == "ALARM"]
    grid = Grid(title="Alarms that are up", title_justify="left")
    for column in ("alarm", "why", "what to do"):
        grid.add_column(column, overflow="fold")
    for alarm in sorted(up, key=lambda each: str(each["AlarmName"])):
        told = (alarm["AlarmName"], alarm["StateReason"], alarm.get("AlarmDescription", ""))
        grid.add_row(*map(str, told))
    return (grid if up else "No alarm is up."), f"{len(alarms) - len(up)} others are not."


def _messages(running: RunningStack) -> None:
    found = httpx.get(f"{running.partners_url}/carrier/messages", timeout=10).json()
    _grid("Messages", ("reference", "body"), [(m["reference"], m["body"]) for m in found])


def _table(running: RunningStack) -> None:
    kinds = Counter(item["sk"]["S"].partition("#")[0] for item in _items(running))
    rows = [(kind, str(count)) for kind, count in sorted(kinds.items())]
    _grid(running.outputs["TableName"], ("kind of item", "items"), rows)


if __name__ == "__main__":
    main()
