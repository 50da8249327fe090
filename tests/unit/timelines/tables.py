"""The pages of docs/timelines/: one a pathway, a section a branch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from referral_core.domain.events import Event, EventKind
from tests.unit.timelines.branches import branches_of
from tests.unit.timelines.world import PathwayWorld

PAGES: Final = Path(__file__).parents[3] / "docs" / "timelines"
_ZONE: Final = ZoneInfo("America/New_York")
_MECHANISM: Final = frozenset(
    {
        EventKind.STEP_STARTED,
        EventKind.WORK_ITEM_FORWARDED,
        EventKind.WORK_ITEM_NEEDED,
        EventKind.CLOSURE_CONFIRMED,
    }
)
_SHOWN: Final = (
    "missing",
    "reason",
    "channel",
    "action",
    "fee_class",
    "result",
    "reply",
    "late",
    "unauthorized",
    "attempt",
    "verdict",
    "status",
    "outcome",
    "loop_closed",
    "referrer_notified",
)


def page(pathway_id: str) -> Path:
    return PAGES / f"{pathway_id}.md"


def section(pathway_id: str, branch: str) -> str:
    """Return a branch's heading, what it is about, and its table."""
    play = branches_of(pathway_id)[branch]
    title = branch.capitalize()
    return f"## {title}\n\n{play.__doc__}\n\n{table(play(pathway_id))}\n"


def write(pathway_id: str) -> None:
    """Write a pathway's page."""
    sections = "\n".join(section(pathway_id, branch) for branch in branches_of(pathway_id))
    title = pathway_id.replace("-", " ").capitalize()
    page(pathway_id).write_text(f"# {title}\n\n{sections}")


def table(world: PathwayWorld) -> str:
    """Return the history: when, what, the status, who acts next until when; local time."""
    rows = [
        "| when | what happened | status | who acts next | by |",
        "|---|---|---|---|---|",
    ]
    for event, after in world.passed:
        if event.kind in _MECHANISM:
            continue
        facts = ", ".join(_facts(event))
        what = f"{event.kind} ({facts})" if facts else event.kind
        who, by = f"{after.waits_for} @ {after.queue}", _local(after.due_at)
        if after.is_closed or after.due_at - event.at <= world.clock.grace():
            who, by = "", ""  # the router itself, at once
        status = after.outcome if after.is_closed else after.status
        rows.append(f"| {_local(event.at)} | {what} | {status} | {who} | {by} |")
    return "\n".join(rows)


def _facts(event: Event) -> Iterator[str]:
    for name in _SHOWN:
        value = getattr(event.facts, name, None)
        if not value or (event.kind is EventKind.CLOSED and name == "outcome"):
            continue  # the status of a closed referral is its outcome
        if value is True:
            yield name.replace("_", " ")
        else:
            yield ", ".join(value) if isinstance(value, tuple) else str(value)


def _local(at: datetime) -> str:
    return f"{at.astimezone(_ZONE):%a %d %b %H:%M}"
