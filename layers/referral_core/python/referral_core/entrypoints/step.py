"""How a step function meets the state machine: a fault becomes the state's failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from referral_core.domain.errors import RouterError
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.engine.run_step import run_step
from referral_core.lifecycle.step import StepInput
from referral_core.observability import logger, measure
from referral_core.ports.lifecycle import Workflow


@dataclass(frozen=True)
class StepEntry:
    """Parses the state's payload, runs the step, dumps what follows."""

    engine: Engine
    workflow: Workflow

    def handle(self, event: Mapping[str, Any]) -> dict[str, str | None]:
        """Run one entry.

        Args:
            event: `{"tenant", "referral_id", "run", "step", "token"}`; no token for a step that
                does not wait.

        Returns:
            `{"next": ...}`: the state that follows; null while the step waits.

        Raises:
            RouterError: a step without token failed: the state machine retries it. A step with
                a token answers SendTaskFailure itself, since its state waits for the token only.
        """
        entry = StepInput.model_validate(event)
        logger.append_keys(referral_id=entry.referral_id, run=entry.run, step=entry.step)
        try:
            following = run_step(self.engine, entry)
        except Exception as error:  # the one outermost place of a step
            logger.error("step failed", extra={"error": type(error).__name__, "text": _text(error)})
            if entry.token is None:
                raise
            # The invocation succeeds, so Lambda counts no error: the alarm counts these.
            measure("StepsFailed", 1, "Count")
            self.workflow.fail_task(entry.token, type(error).__name__)
            return {"next": None}
        logger.info("step run", extra={"next": following})
        return {"next": following}


def _text(error: Exception) -> str | None:
    """Return the message of our own errors only: a library's may quote what it was given."""
    return str(error) if isinstance(error, RouterError) else None
