"""The engine where few invocations use it: it is loaded when one does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from referral_core.lifecycle.engine.engine import Engine


def engine_on_first_use() -> Engine:
    """Return the engine that applies updates; until the first call, nothing of it is loaded."""
    from referral_core.wiring.parts.reacting_steps import reacting_engine  # noqa: PLC0415 - see above

    return reacting_engine()
