"""Step Functions behind the Workflow port, played by the interpreter on the running loop."""

from __future__ import annotations

import asyncio

from local.simulation.machine import Execution, InMemoryStateMachine
from referral_core.adapters.memory.workflow import MemoryWorkflow
from referral_core.domain.lifecycle import Next
from referral_core.domain.run import Delivery, Run


class SimulatedWorkflow(MemoryWorkflow):
    """Step Functions over the interpreter: what it is asked for happens once the caller is done."""

    def __init__(self) -> None:
        super().__init__()
        self.machine: InMemoryStateMachine | None = None

    def start(self, run: Run) -> None:
        """Start the execution of a run, once."""
        execution = self._machine.start(run)
        if execution is not None:
            self._soon(execution)

    def complete_task(self, token: str, following: Next) -> Delivery:
        """Complete a waiting task."""
        delivery = super().complete_task(token, following)
        return self._moved(token, delivery)

    def fail_task(self, token: str, error: str) -> Delivery:
        """Fail a waiting task."""
        delivery = super().fail_task(token, error)
        return self._moved(token, delivery)

    @property
    def _machine(self) -> InMemoryStateMachine:
        if self.machine is None:
            raise RuntimeError("The state machine is not there yet.")
        return self.machine

    def _moved(self, token: str, delivery: Delivery) -> Delivery:
        execution = self._machine.holder(token)
        if delivery is Delivery.DELIVERED and execution is not None:
            self._soon(execution)
        return delivery

    def _soon(self, execution: Execution) -> None:
        asyncio.get_running_loop().call_soon(self._machine.run, execution)
