"""What a simulated day leaves behind: all that invariants and figures are read from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from local.lake.duck import DuckLake
from local.simulation.machine import Execution
from local.simulation.table import SimulatedTable
from local.simulation.tenant import Configured
from referral_core.domain.events import Event
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.referral import Referral


@dataclass(frozen=True)
class Posted:
    """One referral that was accepted, or an input that was refused.

    Attributes:
        refusal: the OperationOutcome of an input that was refused.
        body: SHA-256 of what was posted.
        position: of the referral among those of its body.
    """

    source: str
    http_status: int
    body: str
    position: int = 0
    referral_id: ReferralId | None = None
    refusal: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Day:
    """All that a simulation leaves behind.

    Attributes:
        table: the record as it stands.
        executions: every execution with the states it entered, their inputs and results.
        lines: what the functions wrote: logs and metrics.
        bodies: queue or topic → everything that was sent to it.
        logs: partner → what it saw and said.
        messages: what patients were sent, as the carrier took it.
        documents: what the document store holds, by tenant and hash.
        configured: the tenant's configuration items.
        reserved: capacity that was reserved before the first referral came.
        dead: what was given up, by service.
        lake: the rows of all events, as the stream delivered them.
    """

    seed: str
    began: datetime
    ended: datetime
    posted: Sequence[Posted]
    table: SimulatedTable
    executions: Sequence[Execution]
    lines: Sequence[str]
    bodies: Mapping[str, Sequence[str]]
    logs: Mapping[str, Sequence[Mapping[str, Any]]]
    messages: Sequence[Mapping[str, Any]]
    documents: Mapping[tuple[Tenant, str], tuple[bytes, str]]
    configured: Sequence[Configured]
    reserved: Mapping[tuple[Tenant, str, str], int]
    dead: Mapping[str, Sequence[Any]]
    lake: DuckLake

    @property
    def referrals(self) -> list[Referral]:
        """Every referral as it stands, in order of acceptance."""
        return [loaded.referral for loaded in self.table.all()]

    def events(self, referral: Referral) -> Sequence[Event]:
        """Return a referral's events, oldest first."""
        return self.table.events(referral.tenant, referral.id)

    def digest(self) -> str:
        """Return the hash of all final projections and events."""
        found = sha256()
        for referral in self.referrals:
            found.update(_canonical(referral))
            for event in self.events(referral):
                found.update(_canonical(event))
        return found.hexdigest()


def _canonical(record: Referral | Event) -> bytes:
    return json.dumps(record.model_dump(mode="json"), sort_keys=True).encode()
