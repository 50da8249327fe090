"""`make demo`: deploy on this machine, post referrals, watch each until it ends.

    python -m local.demo --referrals PATH [--report FILE]

Exit code 0 when every input was refused with a reason or followed to an outcome or a worklist.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid

from local.follow import Followed, Follower
from local.inputs import inputs
from local.stack import RATE, ROOT, Stack, up
from referral_core.domain.money.cost_ledger import price_lines
from referral_core.domain.referral import Referral
from referral_core.price_books import price_book

PRICES: Final = price_lines([price_book("us-east-1")])
_ROWS: Final = 20
_EVERY_S: Final = 0.5
_PATIENCE_DAYS: Final = 75
"""Virtual days after which an input that has not ended is a failure."""
_SECONDS_A_DAY: Final = 86_400
_SLOWEST: Final = 4
"""How many times as slow as the stack's rate a machine may make the virtual days."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local.demo", description="See referrals run.")
    parser.add_argument("--referrals", type=Path, default=ROOT / "events/referrals")
    parser.add_argument("--report", type=Path, help="write one JSON object per input, a line each")
    chosen = parser.parse_args(arguments)
    # A pipe has no width of its own: give the summary room.
    console = Console(width=None if sys.stdout.isatty() else 140)
    try:
        wanted = inputs(chosen.referrals)
    except (FileNotFoundError, NotADirectoryError) as error:
        console.print(f"[red]{error}[/red]. Give --referrals a FHIR file, folder or NDJSON.")
        return 1
    # Also where the shell that started it ignores Ctrl-C for what runs in the background.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        scripts = chosen.referrals if chosen.referrals.is_dir() else chosen.referrals.parent
        with console.status("Starting the embedded stack and deploying the template …"):
            running = up(scripts.resolve())
            stack = running.__enter__()
        try:
            follower = Follower(stack)
            console.print(f"Posting {len(wanted)} inputs to {stack.api_url}/fhir")
            followed = _watch(console, stack, follower, follower.post(wanted))
            _summarise(console, follower, followed)
            if chosen.report:
                lines = [json.dumps(follower.report(f, PRICES)) for f in followed]
                chosen.report.write_text("\n".join(lines) + "\n")
                console.print(f"One line per input in {chosen.report}.")
        finally:
            running.__exit__(None, None, None)
    except KeyboardInterrupt:
        console.print("Stopped; nothing is left running.")
        return 130
    return exit_code(followed)


def exit_code(followed: Sequence[Followed]) -> int:
    """Return 0 where every input was answered and what was accepted has ended."""
    return 0 if all(f.has_ended and not f.has_failed for f in followed) else 1


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _watch(
    console: Console, stack: Stack, follower: Follower, followed: list[Followed]
) -> list[Followed]:
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    )
    task = progress.add_task("ended", total=len(followed))
    patience = time.monotonic() + _SLOWEST * _PATIENCE_DAYS * _SECONDS_A_DAY / RATE
    said: dict[str, str] = {}
    with Live(console=console, refresh_per_second=4, transient=True) as live:
        while True:
            followed = follower.refresh(followed)
            progress.update(task, completed=sum(f.has_ended for f in followed))
            if console.is_terminal:
                day = f"{stack.now():%a %d %b %Y %H:%M}"
                live.update(Group(_grid(followed, f"Virtual time {day} UTC"), progress))
            else:
                _say_moves(console, stack, followed, said)
            if all(f.has_ended for f in followed) or time.monotonic() > patience:
                return followed
            time.sleep(_EVERY_S)


def _grid(followed: Sequence[Followed], title: str) -> Grid:
    grid = Grid(title=title, title_justify="left", expand=True)
    for name in ("referral", "pathway", "status", "waits for", "owner", "due"):
        grid.add_column(name, no_wrap=name != "referral")
    moving = sorted(followed, key=lambda f: f.has_ended)
    for f in moving[:_ROWS]:
        if f.referral is None:
            grid.add_row(f.source, "", f"[red]{_answer(f)}", "", "", "")
        else:
            grid.add_row(f.source, *_cells(f.referral))
    if len(moving) > _ROWS:
        grid.add_row(f"… and {len(moving) - _ROWS} more", "", "", "", "", "")
    return grid


def _cells(referral: Referral) -> tuple[str, str, str, str, str]:
    if referral.is_closed:
        colour = "green" if referral.loop_closed else "yellow"
        return referral.pathway, f"[{colour}]{referral.outcome}", "", "", ""
    return (
        referral.pathway,
        referral.status.value,
        referral.waits_for.value,
        referral.queue.value,
        f"{referral.due_at:%d %b %H:%M}",
    )


def _say_moves(
    console: Console, stack: Stack, followed: Sequence[Followed], said: dict[str, str]
) -> None:
    """Print a line per move, for logs and pipes."""
    for f in followed:
        status = f.referral.status.value if f.referral else _answer(f)
        if said.get(f.source) != status:
            said[f.source] = status
            waits = f"waits for {f.referral.waits_for}" if f.referral else ""
            console.print(f"{stack.now():%d %b %H:%M}  {f.source}: {status}  {waits}", style="dim")


def _summarise(console: Console, follower: Follower, followed: Sequence[Followed]) -> None:
    grid = Grid(title="What became of each", title_justify="left")
    for name, right in (
        ("referral", False),
        ("outcome", False),
        ("loop closed", False),
        ("virtual days", True),
        ("states", True),
        ("messages", True),
        ("cost $ (what has a price)", True),
    ):
        grid.add_column(name, justify="right" if right else "left")
    for f in followed:
        if f.referral is None:
            issue = _first_issue(f)
            grid.add_row(f.source, _answer(f), f"no: {issue}", "", "", "", "")
            continue
        line, referral = follower.report(f, PRICES), f.referral
        days = (referral.updated_at - referral.received_at).total_seconds() / _SECONDS_A_DAY
        outcome = line["outcome"] or (
            f"worklist: {line['worklist']}" if line["worklist"] else f"still {line['status']}"
        )
        status_reason = "yes" if referral.loop_closed else f"no: {referral.status_reason}"
        numbers = (f"{days:.1f}", str(line["states_entered"]), str(line["messages"]))
        grid.add_row(f.source, outcome, status_reason, *numbers, f"{line['cost_usd']:.4f}")
    console.print(grid)
    ends = Counter(_end(f) for f in followed)
    console.print(", ".join(f"{count} {name}" for name, count in ends.items()) + ".")
    console.print(
        "Next: `make local` keeps the stack up and shows how to talk to it; "
        "docs/architecture.md says how it works; events/referrals/ holds what you saw."
    )


def _answer(followed: Followed) -> str:
    """Name the answer to what was not accepted."""
    did = "not taken: fault" if followed.has_failed else "refused"
    return f"{did} {followed.http_status}"


def _end(followed: Followed) -> str:
    if followed.has_failed:
        return "not taken, by the router's own fault"
    return "ended" if followed.has_ended else "still under way"


def _first_issue(followed: Followed) -> str:
    issues = (followed.refusal or {}).get("issue", [])
    if issues:
        return str(issues[0].get("diagnostics", ""))
    return "no reason given; the log of the stack has it" if followed.has_failed else "no reason"


if __name__ == "__main__":
    sys.exit(main())
