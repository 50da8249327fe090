"""The pages of docs/timelines/: one a pathway, a section a branch."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.unit.timelines.branches import BRANCHES

PAGES: Final = Path(__file__).parents[3] / "docs" / "timelines"


def page(pathway_id: str) -> Path:
    return PAGES / f"{pathway_id}.md"


def section(pathway_id: str, branch: str) -> str:
    """Return a branch's heading, what it is about, and its table."""
    play = BRANCHES[branch]
    title = branch.capitalize()
    return f"## {title}\n\n{play.__doc__}\n\n{play(pathway_id).table()}\n"


def write(pathway_id: str) -> None:
    """Write a pathway's page."""
    sections = "\n".join(section(pathway_id, branch) for branch in BRANCHES)
    title = pathway_id.replace("-", " ").capitalize()
    page(pathway_id).write_text(f"# {title}\n\n{sections}")
