"""The state machine's API in memory: it remembers what it was asked for."""

from __future__ import annotations

from referral_core.domain.lifecycle import Next
from referral_core.domain.run import Delivery, Run


class MemoryWorkflow:
    """Remembers what it was asked for; a test or a simulation plays the state machine.

    Attributes:
        completed: token → what follows.
        failed: token → the error.
        waiting: tokens that an execution waits with.
    """

    def __init__(self) -> None:
        self.started: list[Run] = []
        self.completed: dict[str, Next] = {}
        self.failed: dict[str, str] = {}
        self.waiting: set[str] = set()

    def start(self, run: Run) -> None:
        """Remember the start, once a run."""
        if all((r.id, r.run) != (run.id, run.run) for r in self.started):
            self.started.append(run)

    def complete_task(self, token: str, following: Next) -> Delivery:
        """Complete the task when somebody waits for it."""
        if token not in self.waiting:
            return Delivery.NOBODY_WAITS
        self.waiting.discard(token)
        self.completed[token] = following
        return Delivery.DELIVERED

    def fail_task(self, token: str, error: str) -> Delivery:
        """Fail the task when somebody waits for it."""
        if token not in self.waiting:
            return Delivery.NOBODY_WAITS
        self.waiting.discard(token)
        self.failed[token] = error
        return Delivery.DELIVERED
