"""Faulty ports: each call may fail before it is done, or after it, when its caller cannot know."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from random import Random
from typing import Any, Final, TypeVar

import urllib3
from urllib3.exceptions import ReadTimeoutError

from local.simulation.transport import InProcessPool
from referral_core.domain.errors import Conflict, Retryable
from referral_core.domain.model import ReferralId, Tenant
from referral_core.domain.referral import Event, Referral
from referral_core.ports import (
    Ambiguous,
    Arrival,
    Commit,
    Delivery,
    Documents,
    Key,
    Loaded,
    Message,
    Messenger,
    Referrals,
    Taken,
    Workflow,
)

T = TypeVar("T")

_LATEST_S: Final = 1800.0


class WorkerKilled(BaseException):
    """The Lambda worker dies here: no code of the product may catch it."""


class Faults:
    """Decides by its seed what fails, as long as the trouble lasts; counts what it let fail.

    Attributes:
        happened: kind of fault → how often.
        lasts: says whether there is trouble now.
        overtake: lets another writer of a referral be first.
    """

    def __init__(self, dice: Random, rates: Mapping[str, float]) -> None:
        """Take the dice and the rate of each kind of fault."""
        self._dice = dice
        self._rates = rates
        self.happened: dict[str, int] = dict.fromkeys(rates, 0)
        self.lasts: Callable[[], bool] = lambda: True
        self.overtake: Callable[[Referral], None] = lambda _: None

    def strike(self, kind: str) -> bool:
        """Say whether a fault of this kind happens now."""
        if not self.lasts() or self._dice.random() >= self._rates[kind]:
            return False
        self.happened[kind] += 1
        return True

    def between(self, least: float, most: float) -> float:
        """Return some seconds."""
        return self._dice.uniform(least, most)

    def one_of(self, names: Sequence[T]) -> T:
        """Return one of some things."""
        return self._dice.choice(names)

    def killed(self, when: str) -> None:
        """Kill the worker, perhaps. Raises: WorkerKilled."""
        if self.strike(f"killed {when}"):
            raise WorkerKilled


class FaultyReferrals:
    """The record behind a table that throttles, and a network that loses answers."""

    def __init__(self, table: Referrals, faults: Faults) -> None:
        """Take the record and what may happen to its calls."""
        self._table = table
        self._faults = faults

    def accept(self, arrivals: Sequence[Arrival]) -> tuple[Taken, ...]:
        """Write all arrivals, or nothing."""
        return self._write(lambda: self._table.accept(arrivals))

    def commit(self, commit: Commit) -> None:
        """Write one commit."""
        if self._faults.strike("conflict"):
            raise Conflict("Another writer was first.")
        if self._faults.strike("overtaken"):
            self._faults.overtake(commit.change.before)
        self._write(lambda: self._table.commit(commit))

    def opt_out(self, tenant: Tenant, phone_hash: str, at: datetime) -> None:
        """Put a number on the opt-out list."""
        self._write(lambda: self._table.opt_out(tenant, phone_hash, at))

    def load(self, tenant: Tenant, referral_id: ReferralId) -> Loaded:
        """Read a referral."""
        return self._read(lambda: self._table.load(tenant, referral_id))

    def payload(self, referral: Referral) -> bytes:
        """Read the payload."""
        return self._read(lambda: self._table.payload(referral))

    def taken(self, tenant: Tenant, key: Key) -> Taken | None:
        """Read a lock."""
        return self._read(lambda: self._table.taken(tenant, key))

    def due(self, before: datetime, limit: int) -> Iterable[tuple[Tenant, ReferralId]]:
        """Iterate over what is due."""
        return self._read(lambda: self._table.due(before, limit))

    def events(self, tenant: Tenant, referral_id: ReferralId) -> Sequence[Event]:
        """Read the events."""
        return self._read(lambda: self._table.events(tenant, referral_id))

    def messaged(self, tenant: Tenant, phone_hash: str, since: date) -> Mapping[date, str]:
        """Read a patient's messages."""
        return self._read(lambda: self._table.messaged(tenant, phone_hash, since))

    def opted_out(self, tenant: Tenant, phone_hash: str) -> bool:
        """Read the opt-out list."""
        return self._read(lambda: self._table.opted_out(tenant, phone_hash))

    def by_phone(self, tenant: Tenant, phone_hash: str) -> Sequence[ReferralId]:
        """Read a phone's referrals."""
        return self._read(lambda: self._table.by_phone(tenant, phone_hash))

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
        if self._faults.strike("write's answer lost"):
            raise Retryable("The table did not answer.")
        return done


class FaultyWorkflow:
    """Step Functions whose calls get lost, come twice, or come late."""

    def __init__(self, workflow: Workflow, faults: Faults) -> None:
        """Take the state machine and what may happen to its calls."""
        self._workflow = workflow
        self._faults = faults

    def start(self, referral: Referral) -> None:
        """Start a run."""
        if self._faults.strike("start lost"):
            return
        if self._faults.strike("throttled"):
            raise Retryable("The execution could not be started.")
        self._workflow.start(referral)
        if self._faults.strike("start twice"):
            self._workflow.start(referral)

    def answer(self, token: str, outcome: str) -> Delivery:
        """Answer a waiting step."""
        return self._tell(lambda: self._workflow.answer(token, outcome))

    def fault(self, token: str, error: str) -> Delivery:
        """Fail a waiting step."""
        return self._tell(lambda: self._workflow.fault(token, error))

    def _tell(self, act: Callable[[], Delivery]) -> Delivery:
        self._faults.killed("before an answer")
        if self._faults.strike("answer lost"):
            return Delivery.UNKNOWN
        if self._faults.strike("answer late"):
            delay = self._faults.between(1.0, _LATEST_S)
            asyncio.get_running_loop().call_later(delay, act)
            return Delivery.UNKNOWN
        delivery = act()
        if self._faults.strike("answer twice"):
            act()
        self._faults.killed("after an answer")
        return delivery


class FaultyMessenger:
    """Channels that fail before a message is sent, or after it."""

    def __init__(self, messenger: Messenger, faults: Faults) -> None:
        """Take the channels and what may happen to their calls."""
        self._messenger = messenger
        self._faults = faults

    def send(self, message: Message) -> int:
        """Send one message."""
        self._faults.killed("before a message")
        if self._faults.strike("message not taken"):
            raise Retryable("The channel throttles.")
        units = self._messenger.send(message)
        self._faults.killed("after a message")
        if self._faults.strike("message's answer lost"):
            raise Ambiguous("The channel did not answer.")
        return units


class FaultyDocuments:
    """A document store that fails before a document is stored, or after it."""

    def __init__(self, documents: Documents, faults: Faults) -> None:
        """Take the store and what may happen to its calls."""
        self._documents = documents
        self._faults = faults

    def put(self, tenant: Tenant, content: bytes, content_type: str) -> str:
        """Store a document."""
        if self._faults.strike("throttled"):
            raise Retryable("The document could not be stored.")
        digest = self._documents.put(tenant, content, content_type)
        self._faults.killed("after a write")
        return digest


class FaultyPool(InProcessPool):
    """Partners behind a network on which requests, and answers, get lost."""

    def __init__(self, pool: InProcessPool, faults: Faults) -> None:
        """Take the pool and what may happen to its requests."""
        self._pool = pool
        self._faults = faults

    def request(
        self, method: str, url: str, *, body: bytes, headers: Mapping[str, str], **options: Any
    ) -> urllib3.HTTPResponse:
        """Send a request."""
        self._faults.killed("before a request")
        if self._faults.strike("request lost"):
            raise _timeout()
        answer = self._pool.request(method, url, body=body, headers=headers, **options)
        self._faults.killed("after a request")
        if self._faults.strike("request's answer lost"):
            raise _timeout()
        return answer


def _timeout() -> ReadTimeoutError:
    return ReadTimeoutError(urllib3.HTTPSConnectionPool("partners"), "", "lost")
