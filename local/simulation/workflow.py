"""Step Functions behind the Workflow port, played by the interpreter on the running loop."""

from __future__ import annotations

import asyncio

from local.simulation.machine import Execution, InMemoryStateMachine
from referral_core.adapters.memory import MemoryWorkflow
from referral_core.domain.referral import Referral
from referral_core.ports import Delivery


class SimulatedWorkflow(MemoryWorkflow):
    """Step Functions over the interpreter: what is told to it happens once its teller is done."""

    def __init__(self) -> None:
        super().__init__()
        self.machine: InMemoryStateMachine | None = None

    def start(self, referral: Referral) -> None:
        """Start the execution of a run, once."""
        execution = self._machine.start(referral)
        if execution is not None:
            self._soon(execution)

    def answer(self, token: str, outcome: str) -> Delivery:
        """Answer a waiting step."""
        delivery = super().answer(token, outcome)
        return self._moved(token, delivery)

    def fault(self, token: str, error: str) -> Delivery:
        """Fail a waiting step."""
        delivery = super().fault(token, error)
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
