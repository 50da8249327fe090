"""What a day leaves behind, gathered once it is over."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from starlette.applications import Starlette

from local.lake.duck import DuckLake
from local.partners.world import PARTNERS as PARTIES
from local.partners.world import World as PartnersWorld
from local.simulation.day import Day, Posted
from local.simulation.loop import LoopClock
from local.simulation.machine import InMemoryStateMachine
from local.simulation.services import Captured, VirtualQueue, VirtualStream, VirtualTopic
from local.simulation.table import SimulatedTable
from local.simulation.tenant import PARTNERS, Configured
from local.simulation.transport import exchange
from referral_core.adapters.memory.partners import MemoryDocuments, MemoryMessenger
from referral_core.domain.ids import Tenant


class Lived(Protocol):
    """What is read of a world whose day is over."""

    seed: str
    clock: LoopClock
    posted: list[Posted]
    table: SimulatedTable
    machine: InMemoryStateMachine
    captured: Captured
    partners: PartnersWorld
    app: Starlette
    topic: VirtualTopic
    notices: VirtualQueue
    waitlist: VirtualQueue
    print_queue: VirtualQueue
    stream_dead: VirtualQueue
    stream: VirtualStream
    lake: DuckLake
    others: MemoryMessenger
    documents: MemoryDocuments
    configured: tuple[Configured, ...]
    reserved: Counter[tuple[Tenant, str, str]]


def gather(world: Lived, began: datetime) -> Day:
    """Return what a day leaves behind."""
    return Day(
        seed=world.seed,
        began=began,
        ended=world.clock.true(),
        posted=world.posted,
        table=world.table,
        executions=tuple(world.machine.executions.values()),
        lines=world.captured.lines,
        bodies={
            "notices": world.notices.bodies,
            "waitlist": world.waitlist.bodies,
            "letters": world.print_queue.bodies,
            "stream-dead": world.stream_dead.bodies,
            "replies": world.topic.bodies,
        },
        logs={partner: world.partners.log(partner) for partner in PARTIES},
        messages=_messages(world),
        documents=world.documents.stored,
        configured=world.configured,
        reserved=world.reserved,
        dead={
            "notices": world.notices.dead,
            "waitlist": world.waitlist.dead,
            "stream": world.stream.dead,
            "replies": world.topic.dead,
        },
        lake=world.lake,
    )


def _messages(world: Lived) -> list[Mapping[str, Any]]:
    """Return what went to patients: reference and text, whatever the channel."""
    _, _, content = exchange(world.app, "GET", f"{PARTNERS}/carrier/messages", {}, b"")
    texts: list[Mapping[str, Any]] = json.loads(content)
    others = [
        {"reference": m.reference, "body": m.body, "channel": m.channel} for m in world.others.sent
    ]
    letters = {json.loads(body)["reference"]: body for body in world.print_queue.bodies}
    printed = [{"reference": r, "body": "", "channel": "letter"} for r in letters]
    portal = [
        {"reference": str(n), "body": "", "channel": "portal"}
        for n in {e.get("path", "").rpartition("/")[2]: None for e in world.partners.log("ehr")}
        if re.fullmatch(r"[0-9a-f]{32}-[cr]\d+", str(n))
    ]
    return [*texts, *others, *printed, *portal]
