"""What operators need from the outside, as Protocols; adapters/ has two of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from referral_core.domain.directory import EhrSystem, Payer
from referral_core.domain.ids import Tenant
from referral_core.domain.pause import Pause, PauseScope


class Pauses(Protocol):
    """What operations hold back."""

    def pauses(self, tenant: Tenant) -> Sequence[Pause]:
        """List a tenant's pauses."""

    def pause(self, asked: Pause) -> None:
        """Hold back; a pause that is there already is replaced."""

    def resume(self, tenant: Tenant, scope: PauseScope, of: str) -> bool:
        """Let go on; return whether it was paused."""


class Parties(Protocol):
    """Whom a tenant works with: what is held back, or given again, is one of theirs."""

    def payers(self, tenant: Tenant) -> Sequence[Payer]:
        """List the tenant's payers."""

    def organizations(self, tenant: Tenant) -> Sequence[str]:
        """List the organizations that the tenant's directory has entries of."""

    def ehrs(self, tenant: Tenant) -> Sequence[EhrSystem]:
        """List the tenant's EHR systems."""


class Redriven(NamedTuple):
    """What became of dead letters. Attributes: kept: still queued; more: not all were looked at."""

    used: int
    kept: int
    more: bool = False


class StreamLetters(Protocol):
    """The dead letters of the stream's consumers."""

    def redrive(self, tenant: Tenant | None) -> Redriven:
        """Give letters to their consumers once more: a tenant's own, or all where None."""

    def waiting(self) -> int:
        """Return about how many letters lie in the queue, of all tenants of the cell."""


class FailedExecution(NamedTuple):
    """An execution that ended before its referral did.

    Attributes:
        name: the referral and the run.
        status: as Step Functions says it: FAILED, TIMED_OUT, ABORTED.
    """

    name: str
    arn: str
    status: str
    stopped_at: datetime


class Executions(Protocol):
    """The executions of the state machine, of all tenants of the cell."""

    def failed(self) -> tuple[Sequence[FailedExecution], bool]:
        """List those that failed, the last stopped first, and whether others are left unread."""
