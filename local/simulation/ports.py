"""What the simulated functions are composed over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.lake.duck import DuckLake
from local.simulation.services import VirtualQueue
from referral_core.adapters.http.client import HttpClient
from referral_core.adapters.memory.directory import MemoryDirectory
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.adapters.memory.unmatched import MemoryUnmatched
from referral_core.entrypoints.http.orders.joined_uploads import DocumentsOfOrders
from referral_core.entrypoints.http.updates.uploads import UploadStore
from referral_core.lifecycle.engine.conflicts import Conflicts
from referral_core.ports.lifecycle import (
    Clock,
    DueIndex,
    Messenger,
    OptOuts,
    Referrals,
    Workflow,
)


@dataclass(frozen=True)
class Ports:
    """What the functions are composed over.

    Attributes:
        due: the table's index of what is due.
        worklists: the table's lists, for the functions that read.
        notices: the queue of notices.
        waitlist: the queue of what the waitlist is to be served for.
        stream_dead: the stream's dead-letter queue.
        lake: the rows of events.
        stdout: where the functions' output goes.
        conflicts: how often a write is tried, without pauses: virtual time stands still meanwhile.
    """

    referrals: Referrals
    due: DueIndex
    worklists: MemoryReferrals
    unmatched: MemoryUnmatched
    directory: MemoryDirectory
    documents: DocumentsOfOrders
    uploads: UploadStore
    http: HttpClient
    messenger: Messenger
    opt_outs: OptOuts
    workflow: Workflow
    clock: Clock
    notices: VirtualQueue
    waitlist: VirtualQueue
    stream_dead: VirtualQueue
    lake: DuckLake
    stdout: Any
    new_id: Callable[[], str]
    conflicts: Conflicts
