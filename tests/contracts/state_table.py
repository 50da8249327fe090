"""The table of states in statemachines/README.md, made of the steps themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from importlib import import_module
from typing import Final

from referral_core.domain.lifecycle import End, Step
from referral_core.domain.referral import Appointment, Referral, WorkItem
from referral_core.domain.updates import ALWAYS_ACCEPTED, UpdateKind
from referral_core.domain.work_items import WORK_ITEM_POLICIES
from referral_core.lifecycle.step import LifecycleStep

_PORTS: Final[Mapping[str, str]] = {"Messages": "Messenger"}
"""What stands before a port, and the port behind it."""
_ORDER: Final = (*Step, *End)


def module_of(step: Step) -> str:
    """Return the name of a step's module, which its function bears too."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", step.value).lower()


def built(name: Step) -> LifecycleStep:
    """Return a step without its ports: what it declares needs none."""
    kind = getattr(import_module(f"referral_core.lifecycle.steps.{module_of(name)}"), name.value)
    step: LifecycleStep = kind(*(None for _ in fields(kind)))
    return step


def accepted(step: LifecycleStep) -> tuple[frozenset[UpdateKind], frozenset[UpdateKind]]:
    """Return the kinds of update that a step's wait accepts: in any case; for some referrals."""
    soon = datetime(2026, 3, 2, tzinfo=UTC)
    items = [WorkItem.model_construct(reason=reason) for reason in WORK_ITEM_POLICIES]
    visits = [None, Appointment(number=1, start=soon)]
    sets = [
        step.accepted_updates(Referral.model_construct(work_item=item, appointment=visit))
        for item in [None, *items]
        for visit in visits
    ]
    always = frozenset.intersection(*sets)
    return always, frozenset().union(*sets) - always


def states() -> str:
    """Return a row a step: function, ports, what its wait accepts, what may follow."""
    rows = ["| state | function | ports | its wait accepts | goes to |", "|---|---|---|---|---|"]
    for name in Step:
        step, module = built(name), module_of(name)
        ports = (
            ", ".join(_PORTS.get(str(f.type), str(f.type)) for f in fields(type(step))) or "none"
        )  # type: ignore[arg-type]
        following = ", ".join(n for n in _ORDER if n in step.goes_to)
        rows.append(
            f"| {name} | `functions/{module}.py` | {ports} | {_waits(step)} | {following} |"
        )
    return "\n".join(rows)


def always_accepted() -> str:
    """Return the kinds of update that end a referral, which every wait accepts."""
    return f"{_words(ALWAYS_ACCEPTED)}."


def _waits(step: LifecycleStep) -> str:
    always, by_referral = accepted(step)
    if not always:
        return "no wait"
    also = f"; as the referral stands: {_words(by_referral)}" if by_referral else ""
    return _words(always) + also


def _words(kinds: Iterable[UpdateKind]) -> str:
    chosen = frozenset(kinds)
    return ", ".join(f"`{kind}`" for kind in UpdateKind if kind in chosen)
