"""One simulated day after another: the product, its partners and AWS in between, on one loop.

Nothing waits for real time and nothing is random but by the seed, so the same inputs, scripts and
seed give the same referrals, events and messages, to the last byte.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from random import Random
from typing import Final

from starlette.applications import Starlette

from local.inputs import Input
from local.lake.duck import DuckLake
from local.partners.application import application
from local.partners.carrier.endpoint import NUMBER, OPT_OUT_LIST
from local.partners.scripts.script import Scripts
from local.partners.world import World as PartnersWorld
from local.seed import TENANT, reservations
from local.simulation import loop
from local.simulation.day import Day
from local.simulation.gather import gather
from local.simulation.invocations import A_PARTNER, TICK_S, Invocations
from local.simulation.machine import InMemoryStateMachine
from local.simulation.ports import Ports
from local.simulation.product import Product
from local.simulation.services import Captured, VirtualQueue, VirtualStream, VirtualTopic
from local.simulation.table import SimulatedTable
from local.simulation.tenant import PARTNERS, Configured, records
from local.simulation.transport import (
    InProcessPool,
    InProcessRouter,
    exchange,
    handed_over,
    sdk_client,
)
from local.simulation.workflow import SimulatedWorkflow
from referral_core.adapters.aws.dynamodb.keys import PUBLISHED, Sort
from referral_core.adapters.aws.end_user_messaging import EndUserMessaging
from referral_core.adapters.aws.opt_out_list import CarrierOptOuts
from referral_core.adapters.aws.print_queue import PrintedLetters
from referral_core.adapters.channels import Channels
from referral_core.adapters.http.client import HttpClient
from referral_core.adapters.http.ehr import HttpEhr
from referral_core.adapters.http.portal import PortalMessages
from referral_core.adapters.memory.directory import MemoryDirectory
from referral_core.adapters.memory.partners import MemoryDocuments, MemoryMessenger
from referral_core.domain.events import EventKind
from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Party
from referral_core.domain.referral import Referral
from referral_core.entrypoints.http.orders.joined_uploads import DocumentsOfOrders
from referral_core.lifecycle.engine.conflicts import Conflicts
from referral_core.ports.lifecycle import DueIndex, Messenger, Referrals, Workflow

ORIGIN: Final = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
"""Where virtual time begins: a Monday, 09:00 in Boston, as in the demo."""
HORIZON: Final = timedelta(days=400)
_LOOKS_EVERY_S: Final = 6 * 3600.0
_QUIET: Final = timedelta(days=15)
"""How long nothing but the watchdog must have moved a referral that stands on a worklist."""
_ID_BITS: Final = 128


class World(Invocations):
    """The composition; everything in it lives on the running loop.

    Args:
        scripts: how the partners behave.
        seed: decides every chance.
        configured: the tenant's configuration items.
        origin: where virtual time begins.
    """

    def __init__(
        self,
        scripts: Scripts,
        seed: str = "",
        *,
        configured: Sequence[Configured] | None = None,
        origin: datetime = ORIGIN,
    ) -> None:
        super().__init__()
        self.seed = seed
        self.clock = loop.LoopClock(origin)
        self.captured = Captured()
        self.table = SimulatedTable()
        self.unmatched = self.table.unmatched
        self.workflow = SimulatedWorkflow()
        self.router = InProcessRouter(self._http, self._caller)
        self.partners = PartnersWorld(loop.PartnersClock(self.clock), self.router, scripts, seed)
        self.topic = VirtualTopic(self._consumer("receive_reply", lambda p: p.receive_reply))
        self.app: Starlette = application(self.partners, self.topic)
        self.notices = VirtualQueue(self._consumer("deliver_notices", lambda p: p.deliver_notices))
        self.waitlist = VirtualQueue(self._consumer("serve_waitlist", lambda p: p.serve_waitlist))
        self.stream_dead = VirtualQueue()
        self.stream = self._stream()
        self.lake = DuckLake()
        self.print_queue = VirtualQueue()
        self.others = MemoryMessenger()
        self.documents = MemoryDocuments()
        self.configured = tuple(configured or records())
        self.reserved: Counter[tuple[Tenant, str, str]] = Counter()
        if configured is None:
            self.reserved.update((TENANT, h.npi, h.week) for h in reservations(ORIGIN.date()))
            self.table.reserved.update(self.reserved)
        self.directory = MemoryDirectory(self.table, self.configured)
        self.http = HttpClient(lambda name: f"token-of-{name}", self.pool())  # type: ignore[arg-type] # the part of the pool that it uses
        self.carrier = sdk_client("pinpoint-sms-voice-v2", lambda: self.app, f"{PARTNERS}/carrier")
        self.product = Product(self._ports())
        self.machine = InMemoryStateMachine(
            self.table,
            self.product.engine,
            self.workflow,
            handle=self.step,
            pause=_later,
            jitter=self.random("jitter").random,
        )
        self.workflow.machine = self.machine
        self.table.stream = self._written

    def _caller(self, client: str) -> Mapping[str, str | int]:
        principal = self.directory.principal(client)
        return handed_over(principal, self.directory.tenant(principal.tenant).time_zone)

    def random(self, purpose: str) -> Random:
        """Return a source of randomness that the seed and the purpose decide."""
        return Random(f"{self.seed}/simulation/{purpose}")  # noqa: S311 - a simulation's own

    # --- the composition ----------------------------------------------------------------------

    def record(self) -> Referrals:
        """Return the record as the functions reach it."""
        return self.table

    def due_index(self) -> DueIndex:
        """Return the index of what is due as the watchdog reaches it."""
        return self.table

    def states(self) -> Workflow:
        """Return the state machine as the functions reach it."""
        return self.workflow

    def pool(self) -> InProcessPool:
        """Return the partners as the functions reach them."""
        return InProcessPool(self.app)

    def store(self) -> DocumentsOfOrders:
        """Return the document store as the functions reach it."""
        return self.documents

    def channels(self) -> Messenger:
        """Return the channels to patients as the functions reach them.

        Texts and calls go through boto3 to the carrier as ever; email has no simulated service.
        """
        by_phone = EndUserMessaging(self.carrier, NUMBER)
        return Channels(
            {
                "sms": by_phone,
                "voice": by_phone,
                "email": self.others,
                "letter": PrintedLetters(self.store(), self.print_queue, "letters"),  # type: ignore[arg-type] # the part of the client that it uses
                "portal": PortalMessages(HttpEhr(self.http, ""), self.directory, self.clock),
            }
        )

    def _stream(self) -> VirtualStream:
        return VirtualStream(
            [
                (PUBLISHED, self._consumer("publish_outbox", lambda p: p.publish_outbox)),
                (Sort.EVENT, self._consumer("record_metrics", lambda p: p.record_metrics)),
                (Sort.EVENT, self._consumer("export_events", lambda p: p.export_events)),
            ]
        )

    def _ports(self) -> Ports:
        ids = self.random("referrals")
        return Ports(
            referrals=self.record(),
            due=self.due_index(),
            worklists=self.table,
            unmatched=self.unmatched,
            directory=self.directory,
            documents=self.store(),
            uploads=self.documents,
            http=self.http,
            messenger=self.channels(),
            opt_outs=CarrierOptOuts(self.carrier, OPT_OUT_LIST),
            workflow=self.states(),
            clock=self.clock,
            notices=self.notices,
            waitlist=self.waitlist,
            stream_dead=self.stream_dead,
            lake=self.lake,
            stdout=self.captured.sink,
            new_id=lambda: f"{ids.getrandbits(_ID_BITS):032x}",
            conflicts=Conflicts(pause=lambda _: None),
        )

    # --- from the first post to the end -------------------------------------------------------

    async def live(
        self, inputs: Sequence[Input], every: timedelta = timedelta(), horizon: timedelta = HORIZON
    ) -> Day:
        """Post the inputs and run until each referral has ended, or stands still on a worklist."""
        began = self.clock.true()
        with self.captured:
            for number, one in enumerate(inputs):
                if number and every:
                    await asyncio.sleep(every.total_seconds())
                await self._post(one)
            await self._until_quiet(began + horizon)
            await self.partners.stop()
        return gather(self, began)

    async def _until_quiet(self, end: datetime) -> None:
        quiet = asyncio.Event()

        def look() -> None:
            if self.clock.true() >= end or self._is_quiet():
                quiet.set()
            else:
                asyncio.get_running_loop().call_later(_LOOKS_EVERY_S, look)

        look()
        await quiet.wait()

    async def _post(self, one: Input) -> None:
        """Post one input as the EHR does, which then follows what became of it."""
        before = len(self.posted)
        while True:
            self._source = one.source
            status, _ = self.router.send("ehr", "POST", one.path, one.body)
            self._source = A_PARTNER
            if status < HTTPStatus.INTERNAL_SERVER_ERROR:
                break
            await asyncio.sleep(TICK_S)
        for posted in self.posted[before:]:
            if posted.referral_id is not None:
                body = json.dumps({"referral_id": posted.referral_id}).encode()
                headers = {"content-type": "application/json"}
                exchange(self.app, "POST", f"{PARTNERS}/ehr/watch", headers, body)

    def _is_quiet(self) -> bool:
        standing = [held.referral for held in self.table.all()]
        if not all(r.is_closed or r.waits_for is Party.STAFF for r in standing):
            return False
        return self.clock.true() - self._last_moved(standing) >= _QUIET

    def _last_moved(self, standing: Sequence[Referral]) -> datetime:
        """Return when something happened besides a work item's becoming overdue."""
        last = ORIGIN
        for referral in standing:
            events = self.table.events(referral.tenant, referral.id)
            moved = next(e for e in reversed(events) if e.kind is not EventKind.WORK_ITEM_OVERDUE)
            last = max(last, moved.at)
        return last


def simulate(
    inputs: Sequence[Input],
    scripts_folder: Path | None,
    seed: str = "",
    *,
    every: timedelta = timedelta(),
    configured: Sequence[Configured] | None = None,
    kind: type[World] = World,
) -> Day:
    """Run some inputs from the first post to their ends.

    Args:
        inputs: what the EHR posts.
        scripts_folder: the folder whose sidecars the partners follow; a referral without one goes
            well. Without a folder the partners behave at random.
        seed: decides every chance.
        every: virtual time between two posts.
        configured: the tenant's configuration items; the demo's when None.
        kind: of world.
    """

    async def main() -> Day:
        scripts = Scripts(scripts_folder, seed if scripts_folder is None else None)
        return await kind(scripts, seed, configured=configured).live(inputs, every)

    return loop.run(main())


def _later(seconds: float, act: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(seconds, act)
