"""The tables of the documents that are made of the code.

`python -m tests.contracts.generated_tables` writes them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from referral_core.domain.access.ownership import OWNERS
from referral_core.domain.events import FACTS, Dimensions, EventKind, Facts
from referral_core.domain.lifecycle import Outcome, Party, Queue
from referral_core.domain.referral import NoticeTopic
from referral_core.domain.updates import UPDATES, Reported
from referral_core.domain.work_items import WORK_ITEM_POLICIES
from referral_core.reporting.columns import COLUMNS
from referral_core.reports import definitions
from tests.contracts.state_table import always_accepted, states

ROOT: Final = Path(__file__).parents[2]
DOCUMENTS: Final = (ROOT / "statemachines/README.md", *sorted((ROOT / "docs").rglob("*.md")))
_SQL: Final = "../layers/referral_core/python/referral_core/reports/"
_EXAMPLES: Final = ROOT / "docs/figures_examples.json"
"""What a simulated month says; `python -m local.lake --examples` writes it."""
_MARKED: Final = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def updates() -> str:
    """Return a row a kind of update: who may post it, what it says, what it ends."""
    rows = ["| kind | says | posted by | ends with |", "|---|---|---|---|"]
    common = set(Reported.model_fields)
    for kind, update in UPDATES.items():
        fields = ", ".join(f"`{name}`" for name in update.model_fields if name not in common)
        roles = ", ".join(f"{role} ({owner})" for role, owner in sorted(OWNERS[kind].items()))
        rows.append(f"| `{kind}` | {fields} | {roles} | {update.ends_with or ''} |")
    return "\n".join(rows)


def events() -> str:
    """Return a row a class of facts: what it says, and the kinds that say it."""
    kinds: dict[type[Facts], list[EventKind]] = {}
    for kind in EventKind:
        kinds.setdefault(FACTS[kind], []).append(kind)
    rows = ["| facts | fields | kinds of event |", "|---|---|---|"]
    for facts, of_class in kinds.items():
        fields = ", ".join(f"`{name}`" for name in facts.model_fields)
        rows.append(f"| {facts.__name__} | {fields} | {' '.join(f'`{k}`' for k in of_class)} |")
    return "\n".join(rows)


def dimensions() -> str:
    """Return the dimensions of every event."""
    return ", ".join(f"`{name}`" for name in Dimensions.model_fields) + "."


def outcomes() -> str:
    """Return the closed set of outcomes."""
    return ", ".join(f"`{outcome}`" for outcome in Outcome) + "."


def teams() -> str:
    """Return queues, parties and topics of notices."""
    return "\n".join(
        f"- {name}: {', '.join(f'`{word}`' for word in words)}"
        for name, words in (
            ("queues (one team each)", Queue),
            ("parties whose move it is", Party),
            ("topics of notices", NoticeTopic),
        )
    )


def work_items() -> str:
    """Return a row a reason: team, sentence, actions, outcomes it can be closed with."""
    rows = [
        "| reason | team | what would move it | actions | closes with |",
        "|---|---|---|---|---|",
    ]
    for reason, policy in WORK_ITEM_POLICIES.items():
        actions = ", ".join(policy.actions) or "retry"
        closes = ", ".join(policy.closes)
        rows.append(
            f"| `{reason}` | {policy.queue} | {policy.status_reason} | {actions} | {closes} |"
        )
    return "\n".join(rows)


def figures() -> str:
    """Return a row a figure: definition, of what, without what, its columns and its file."""
    examples = json.loads(_EXAMPLES.read_text(encoding="utf-8"))
    heads = ("figure", "definition", "of", "without", f"example: {examples['of']}", "columns")
    rows = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for name, figure in definitions().items():
        columns = ", ".join(f"`{column.name}`" for column in figure.columns)
        rows.append(
            f"| [{name}]({_SQL}{name}.sql) | {figure.definition} "
            f"| {figure.denominator} | {figure.exclusions} "
            f"| {examples['figures'].get(name, 'rows of its own')} | {columns} |"
        )
    return "\n".join(rows)


def lake() -> str:
    """Return the data dictionary: a row a column of the lake's table."""
    rows = ["| column | type | means |", "|---|---|---|"]
    rows += [f"| `{c.name}` | {c.type} | {c.means} |" for c in COLUMNS]
    return "\n".join(rows)


TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "updates": updates,
    "events": events,
    "dimensions": dimensions,
    "outcomes": outcomes,
    "teams": teams,
    "work-items": work_items,
    "states": states,
    "ending-updates": always_accepted,
    "figures": figures,
    "lake": lake,
}


def rendered(text: str) -> str:
    """Return a document with every marked table as the types make it."""
    return _MARKED.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}\n{found[3]}", text)


def marked(text: str) -> set[str]:
    """Return the names of the tables that a document holds."""
    return {name for _, name, _ in _MARKED.findall(text)}


def main() -> None:
    """Write every table into the documents."""
    for path in DOCUMENTS:
        text = path.read_text()
        if marked(text):
            path.write_text(rendered(text))


if __name__ == "__main__":
    main()
