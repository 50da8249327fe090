"""Counts what one entry of ContactPatient reads: the payload, and all else."""

from __future__ import annotations

import logging
from typing import Final

from tests.in_memory import World
from tests.partner_actions import accepted, agreed, booked
from tests.unit.lifecycle.test_reads_counted import Counted

STATE: Final = "ContactPatient"


def most() -> tuple[int, int]:
    """Return the most payload reads, and the most other reads, of one entry."""
    logging.disable(logging.INFO)
    try:
        counted = _counted()
    finally:
        logging.disable(logging.NOTSET)
    entries = counted.of(STATE)
    payloads = max(entry["payload"] for entry in entries)
    others = max(sum(entry.values()) - entry["payload"] for entry in entries)
    return payloads, others


def _counted() -> Counted:
    world = World()
    counted = Counted(world)
    world.accept("happy-path")
    world.settle()
    for action in (accepted, agreed, booked):
        action(world)
    return counted
