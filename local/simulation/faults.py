"""Faulty ports: each call may fail before it is done, or after it, when its caller cannot know."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from random import Random
from typing import Final, TypeVar

from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain.effects import RoutingDecision
from referral_core.domain.errors import Conflict, Retryable
from referral_core.domain.events import Event
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Next
from referral_core.domain.new_referral import ExistingKey, Key, NewReferral
from referral_core.domain.referral import Referral
from referral_core.domain.run import Delivery, Run
from referral_core.domain.waitlist import Waiting
from referral_core.domain.writes import Commit, ReferralState
from referral_core.ports.lifecycle import Workflow

T = TypeVar("T")

_LATEST_S: Final = 1800.0


class WorkerKilled(BaseException):
    """The Lambda worker dies here: no code of the product may catch it."""


class Faults:
    """Decides by its seed what fails while faults last; counts what it let fail.

    Attributes:
        happened: kind of fault → how often.
        lasts: says whether there are faults now.
        overtake: lets another writer of a referral be first.
    """

    def __init__(self, random: Random, rates: Mapping[str, float]) -> None:
        """Take what decides, and the rate of each kind of fault."""
        self._random = random
        self._rates = rates
        self.happened: dict[str, int] = dict.fromkeys(rates, 0)
        self.lasts: Callable[[], bool] = lambda: True
        self.overtake: Callable[[Referral], None] = lambda _: None

    def strike(self, kind: str) -> bool:
        """Say whether a fault of this kind happens now."""
        if not self.lasts() or self._random.random() >= self._rates[kind]:
            return False
        self.happened[kind] += 1
        return True

    def between(self, least: float, most: float) -> float:
        """Return some seconds."""
        return self._random.uniform(least, most)

    def one_of(self, names: Sequence[T]) -> T:
        """Return one of some things."""
        return self._random.choice(names)

    def killed(self, when: str) -> None:
        """Kill the worker, perhaps. Raises: WorkerKilled."""
        if self.strike(f"killed {when}"):
            raise WorkerKilled


class FaultyReferrals:
    """The record behind a table that throttles, and a network that loses responses."""

    def __init__(self, table: MemoryReferrals, faults: Faults) -> None:
        """Take the record and what may happen to its calls."""
        self._table = table
        self._faults = faults

    def accept(self, new_referrals: Sequence[NewReferral]) -> tuple[ExistingKey, ...]:
        """Write all arrivals, or nothing."""
        return self._write(lambda: self._table.accept(new_referrals))

    def commit(self, commit: Commit) -> None:
        """Write one commit."""
        if self._faults.strike("conflict"):
            raise Conflict("Another writer was first.")
        if self._faults.strike("overtaken"):
            self._faults.overtake(commit.change.before)
        self._write(lambda: self._table.commit(commit))

    def opt_out(self, tenant: Tenant, contact_hash: str, at: datetime) -> None:
        """Put a number on the opt-out list."""
        self._write(lambda: self._table.opt_out(tenant, contact_hash, at))

    def opt_in(self, tenant: Tenant, contact_hash: str) -> None:
        """Take a number off the opt-out list."""
        self._write(lambda: self._table.opt_in(tenant, contact_hash))

    def load(self, tenant: Tenant, referral_id: ReferralId) -> ReferralState:
        """Read a referral."""
        return self._read(lambda: self._table.load(tenant, referral_id))

    def those_of(self, tenant: Tenant, ids: Sequence[ReferralId]) -> Sequence[Referral]:
        """Read some referrals."""
        return self._read(lambda: self._table.those_of(tenant, ids))

    def payload(self, referral: Referral) -> bytes:
        """Read the payload."""
        return self._read(lambda: self._table.payload(referral))

    def taken(self, tenant: Tenant, key: Key) -> ExistingKey | None:
        """Read an idempotency key."""
        return self._read(lambda: self._table.taken(tenant, key))

    def identified(self, tenant: Tenant, identifier: str) -> Sequence[ReferralId]:
        """List the referrals that have an identifier."""
        return self._read(lambda: self._table.identified(tenant, identifier))

    def due(self, before: datetime, limit: int) -> Iterable[tuple[Tenant, ReferralId]]:
        """Iterate over what is due."""
        return self._read(lambda: self._table.due(before, limit))

    def oldest(self, before: datetime) -> datetime | None:
        """Read since when the oldest is due."""
        return self._read(lambda: self._table.oldest(before))

    def set_back(self, tenant: Tenant, referral_id: ReferralId, now: datetime) -> int:
        """Let a due referral rest."""
        return self._table.set_back(tenant, referral_id, now)

    def has_update(self, tenant: Tenant, referral_id: ReferralId, update_id: str) -> bool:
        """Read whether an update is on record."""
        return self._read(lambda: self._table.has_update(tenant, referral_id, update_id))

    def events(self, tenant: Tenant, referral_id: ReferralId) -> Sequence[Event]:
        """Read the events."""
        return self._read(lambda: self._table.events(tenant, referral_id))

    def routing_decisions(
        self, tenant: Tenant, referral_id: ReferralId
    ) -> Sequence[RoutingDecision]:
        """Read the routing decisions."""
        return self._read(lambda: self._table.routing_decisions(tenant, referral_id))

    def messaged(self, tenant: Tenant, contact_hash: str, since: date) -> Mapping[date, str]:
        """Read a patient's messages."""
        return self._read(lambda: self._table.messaged(tenant, contact_hash, since))

    def opted_out(self, tenant: Tenant, contact_hash: str) -> bool:
        """Read the opt-out list."""
        return self._read(lambda: self._table.opted_out(tenant, contact_hash))

    def waiting(self, tenant: Tenant, specialty: str) -> Iterable[Waiting]:
        """Read."""
        return self._read(lambda: self._table.waiting(tenant, specialty))

    def by_phone(self, tenant: Tenant, contact_hash: str) -> Sequence[ReferralId]:
        """Read a phone's referrals."""
        return self._read(lambda: self._table.by_phone(tenant, contact_hash))

    def with_phone(self, tenant: Tenant, contact_hash: str) -> Sequence[ReferralId]:
        """Read a phone's referrals, closed ones too."""
        return self._read(lambda: self._table.with_phone(tenant, contact_hash))

    def _read(self, act: Callable[[], T]) -> T:
        if self._faults.strike("throttled"):
            raise Retryable("The table throttles.")
        return act()

    def _write(self, act: Callable[[], T]) -> T:
        if self._faults.strike("throttled"):
            raise Retryable("The table throttles.")
        self._faults.killed("before a write")
        done = act()
        self._faults.killed("after a write")
        if self._faults.strike("write's response lost"):
            raise Retryable("The table did not answer.")
        return done


class FaultyWorkflow:
    """Step Functions whose calls get lost, come twice, or come late."""

    def __init__(self, workflow: Workflow, faults: Faults) -> None:
        """Take the state machine and what may happen to its calls."""
        self._workflow = workflow
        self._faults = faults

    def start(self, run: Run) -> None:
        """Start a run."""
        if self._faults.strike("start lost"):
            return
        if self._faults.strike("throttled"):
            raise Retryable("The execution could not be started.")
        self._workflow.start(run)
        if self._faults.strike("start twice"):
            self._workflow.start(run)

    def complete_task(self, token: str, following: Next) -> Delivery:
        """Complete a waiting task."""
        return self._send(lambda: self._workflow.complete_task(token, following))

    def fail_task(self, token: str, error: str) -> Delivery:
        """Fail a waiting task."""
        return self._send(lambda: self._workflow.fail_task(token, error))

    def _send(self, act: Callable[[], Delivery]) -> Delivery:
        self._faults.killed("before a completion")
        if self._faults.strike("completion lost"):
            return Delivery.UNKNOWN
        if self._faults.strike("completion late"):
            delay = self._faults.between(1.0, _LATEST_S)
            asyncio.get_running_loop().call_later(delay, act)
            return Delivery.UNKNOWN
        delivery = act()
        if self._faults.strike("completion twice"):
            act()
        self._faults.killed("after a completion")
        return delivery
