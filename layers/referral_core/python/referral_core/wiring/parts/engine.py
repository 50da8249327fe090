"""The engine under the steps, over the table and the pathways of this release."""

from __future__ import annotations

from collections.abc import Mapping

from referral_core.domain.lifecycle import Step
from referral_core.lifecycle.case import Sources
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.step import LifecycleStep
from referral_core.pathways import pathway
from referral_core.wiring.parts.clock import clock
from referral_core.wiring.parts.directory import directory
from referral_core.wiring.parts.table import table
from referral_core.wiring.parts.workflow import workflow


def engine(steps: Mapping[Step, LifecycleStep]) -> Engine:
    """Return the engine over the steps that a function may run or that may react in it."""
    return Engine(
        sources=Sources(table(), directory(), pathway),
        workflow=workflow(),
        clock=clock(),
        steps=steps,
    )
