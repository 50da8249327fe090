"""A world in which everything fails now and then, for some weeks; then nothing does.

Each fault is decided by the seed, so a day that violates an invariant is replayed from it. What
must hold is what holds on a calm day: nothing accepted is lost, nothing is done twice that must
not be.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final, TypeVar

from local.inputs import Input
from local.partners.world import MODES
from local.partners.world import PARTNERS as PARTIES
from local.simulation.day import Day
from local.simulation.faults import Faults, FaultyReferrals, FaultyWorkflow, WorkerKilled
from local.simulation.faulty_partners import FaultyDocuments, FaultyMessenger, FaultyPool
from local.simulation.services import Consume, VirtualStream
from local.simulation.table import StreamRecord
from local.simulation.transport import InProcessPool
from local.simulation.world import HORIZON, World
from referral_core.domain.referral import Referral
from referral_core.domain.updates import ProgressNoted, Role
from referral_core.entrypoints.http.orders.joined_uploads import DocumentsOfOrders
from referral_core.lifecycle.engine.apply_update import apply_update
from referral_core.ports.lifecycle import DueIndex, Messenger, Referrals, Workflow

T = TypeVar("T")

RATES: Final[Mapping[str, float]] = MappingProxyType(
    {
        "throttled": 0.004,
        "conflict": 0.01,
        "overtaken": 0.02,
        "write's response lost": 0.004,
        "killed before a write": 0.004,
        "killed after a write": 0.004,
        "killed before a completion": 0.004,
        "killed after a completion": 0.004,
        "killed before a message": 0.03,
        "killed after a message": 0.03,
        "killed before a request": 0.02,
        "killed after a request": 0.02,
        "message not taken": 0.02,
        "message's response lost": 0.03,
        "request lost": 0.01,
        "request's response lost": 0.01,
        "start lost": 0.05,
        "start twice": 0.05,
        "completion lost": 0.02,
        "completion late": 0.02,
        "completion twice": 0.02,
        "records twice": 0.05,
        "records late": 0.05,
        "records reordered": 0.05,
        "record poisoned": 0.01,
        "invoked twice": 0.01,
        "killed silently": 0.3,
        "response lost": 0.01,
        "posted twice": 0.05,
        "execution stopped": 1.0,
        "clock skewed": 0.1,
    }
)
LASTS: Final = timedelta(days=45)
_SKEW_S: Final = 300.0
_HOUR_S: Final = 3600.0
_LATEST_RECORD_S: Final = 900.0
_STOPS_EVERY_H: Final = (4.0, 24.0)
_PAUSES_H: Final = (2.0, 36.0)
_BAD_H: Final = (1.0, 30.0)


class InvocationFailed(Exception):
    """What a service learns of a worker that died."""


class ChaosWorld(World):
    """The world, with faults between all its parts.

    Attributes:
        faults: what happened.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        seed = args[1] if len(args) > 1 else kwargs.get("seed", "")
        self.seed = str(seed)
        self.faults = Faults(self.random("faults"), RATES)
        super().__init__(*args, **kwargs)
        began = self.clock.true()
        self.faults.lasts = lambda: self.clock.true() - began < LASTS
        self.faults.overtake = self._overtake
        self.stream = FaultyStream(self.stream.consumers, faults=self.faults)

    # --- the parts that fail ------------------------------------------------------------------

    def record(self) -> Referrals:
        """Return the record as the functions reach it."""
        return FaultyReferrals(self.table, self.faults)

    def due_index(self) -> DueIndex:
        """Return the index of what is due as the watchdog reaches it."""
        return FaultyReferrals(self.table, self.faults)

    def states(self) -> Workflow:
        """Return the state machine as the functions reach it."""
        return FaultyWorkflow(super().states(), self.faults)

    def pool(self) -> InProcessPool:
        """Return the partners as the functions reach them."""
        return FaultyPool(super().pool(), self.faults)

    def channels(self) -> Messenger:
        """Return the channels as the functions reach them."""
        return FaultyMessenger(super().channels(), self.faults)

    def store(self) -> DocumentsOfOrders:
        """Return the document store as the functions reach it."""
        return FaultyDocuments(super().store(), self.faults)

    # --- invocations --------------------------------------------------------------------------

    def invoke(self, name: str, act: Callable[[], T]) -> T:
        """Run an invocation whose worker may die, see the time wrongly, or be invoked twice.

        Raises:
            InvocationFailed: the worker died, or its response was lost.
        """
        skew = self.clock.skew
        if self.faults.strike("clock skewed"):
            self.clock.skew = timedelta(seconds=self.faults.between(-_SKEW_S, _SKEW_S))
        try:
            done = super().invoke(name, act)
            if self.faults.strike("invoked twice"):
                super().invoke(name, act)
        except WorkerKilled:
            raise InvocationFailed from None
        finally:
            self.clock.skew = skew
        if name == "http" and self.faults.strike("response lost"):
            raise InvocationFailed
        return done

    def _overtake(self, referral: Referral) -> None:
        """Let an update of the EHR be recorded between another function's read and its write."""
        update = ProgressNoted(
            id=f"overtaking-{referral.version}-{self.faults.happened['overtaken']}",
            actor="ehr",
            role=Role.EHR,
            organization=referral.referrer,
            received_at=self.clock.now(),
        )
        known = self.product.engine
        other = replace(
            known,
            sources=replace(known.sources, referrals=self.table),
            workflow=self.workflow,
        )
        apply_update(other, referral.tenant, referral.id, update)

    def step(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """Run a step; a worker that dies silently leaves its state waiting for the token."""
        try:
            return super().step(payload)
        except InvocationFailed:
            if "token" in payload and self.faults.strike("killed silently"):
                return {"next": None}
            raise

    # --- bad weeks -----------------------------------------------------------------------------

    async def live(
        self, inputs: Sequence[Input], every: timedelta = timedelta(), horizon: timedelta = HORIZON
    ) -> Day:
        """Live through the bad weeks and what follows."""
        failures = [asyncio.create_task(t) for t in (self._partners_fail(), self._operators_err())]
        doubled = [i for one in inputs for i in ([one, one] if self._twice() else [one])]
        try:
            return await super().live(doubled, every, horizon)
        finally:
            for task in failures:
                task.cancel()

    def _twice(self) -> bool:
        return self.faults.strike("posted twice")

    async def _partners_fail(self) -> None:
        while self.faults.lasts():
            await asyncio.sleep(self.faults.between(*_PAUSES_H) * _HOUR_S)
            partner, mode = self.faults.one_of(PARTIES), self.faults.one_of(MODES)
            self.partners.mode[partner] = mode
            await asyncio.sleep(self.faults.between(*_BAD_H) * _HOUR_S)
            self.partners.mode[partner] = "up"

    async def _operators_err(self) -> None:
        """Stop executions that run, and redrive what was given up, twice."""
        while self.faults.lasts():
            await asyncio.sleep(self.faults.between(*_STOPS_EVERY_H) * _HOUR_S)
            running = [x.name for x in self.machine.executions.values() if x.status == "RUNNING"]
            if running and self.faults.strike("execution stopped"):
                self.machine.stop(self.faults.one_of(running))
            self._redrive()
        self._redrive()

    def _redrive(self) -> None:
        for queue in (self.notices, self.waitlist):
            dead = [*queue.dead]
            queue.dead.clear()
            for body in [*dead, *dead]:
                queue.send_message(QueueUrl="redriven", MessageBody=body)
        self.topic.dead = [*self.topic.dead, *self.topic.dead]
        self.topic.redrive()
        records, self.stream.dead = self.stream.dead, []
        for consumer in self.stream.consumers if records else ():
            prefix, consume = consumer
            batch = [r for r in records if r["dynamodb"]["Keys"]["sk"]["S"].startswith(prefix)]
            for _ in range(2):
                self.stream.deliver(consume, batch, 0)


class FaultyStream(VirtualStream):
    """A stream that delivers twice, late, out of order, and what nobody can read."""

    def __init__(
        self, consumers: Sequence[tuple[str | tuple[str, ...], Consume]], *, faults: Faults
    ) -> None:
        """Take the consumers and what may happen to the records."""
        super().__init__(consumers)
        self._faults = faults

    def add(self, records: Sequence[StreamRecord]) -> None:
        """Take records."""
        batch = list(records)
        if self._faults.strike("record poisoned"):
            batch[0] = deepcopy(batch[0])
            batch[0]["dynamodb"]["NewImage"]["body"] = {"S": "{"}
        if self._faults.strike("records twice"):
            batch += batch
        if self._faults.strike("records reordered"):
            batch.reverse()
        if self._faults.strike("records late"):
            delay = self._faults.between(1.0, _LATEST_RECORD_S)
            asyncio.get_running_loop().call_later(delay, super().add, batch)
            return
        super().add(batch)
