"""The steps where they only react to updates: each is imported when an update first reaches it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from importlib import import_module
from typing import Any, Final

from referral_core.domain.lifecycle import Step
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.step import LifecycleStep
from referral_core.wiring.parts.engine import engine

WAITING: Final[Mapping[Step, str]] = {
    Step.CHECK_READINESS: "check_readiness",
    Step.ROUTE_REFERRAL: "route_referral",
    Step.REQUEST_AUTHORIZATION: "request_authorization",
    Step.OFFER_REFERRAL: "offer_referral",
    Step.CONTACT_PATIENT: "contact_patient",
    Step.AWAIT_VISIT: "await_visit",
    Step.VERIFY_CLOSURE: "verify_closure",
    Step.OPEN_WORK_ITEM: "open_work_item",
}
"""The steps that wait, and so react, with their modules' names."""


class _OwnFunctionOnly:
    """Stands for a port that only the step's own function uses: reacting needs none."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"{name} is used only by the step's own function.")


class ReactingSteps(Mapping[Step, LifecycleStep]):
    """The steps that wait, each built on first access, without its ports."""

    def __init__(self) -> None:
        self._built: dict[Step, LifecycleStep] = {}

    def __getitem__(self, step: Step) -> LifecycleStep:
        if step not in self._built:
            module = import_module(f"referral_core.lifecycle.steps.{WAITING[step]}")
            kind = getattr(module, step.value)
            self._built[step] = kind(*(_OwnFunctionOnly() for _ in fields(kind)))
        return self._built[step]

    def __iter__(self) -> Iterator[Step]:
        return iter(WAITING)

    def __len__(self) -> int:
        return len(WAITING)


@cache
def reacting_engine() -> Engine:
    """Return the engine of a function that applies updates."""
    return engine(ReactingSteps())
