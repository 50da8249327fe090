"""One simulated day after another: the product, its partners and AWS in between, on one loop.

Nothing waits for real time and nothing is random but by the seed, so the same inputs, scripts and
seed give the same referrals, events and messages, to the last byte.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from random import Random
from typing import Any, Final, TypeVar

from starlette.applications import Starlette

from local.inputs import Input
from local.partners.application import application
from local.partners.carrier import NUMBER, OPT_OUT_LIST
from local.partners.script import Scripts
from local.partners.world import PARTNERS as PARTIES
from local.partners.world import World as PartnersWorld
from local.seed import TENANT, taken
from local.simulation import loop
from local.simulation.day import Day, Posted
from local.simulation.machine import InMemoryStateMachine
from local.simulation.product import Ports, Product, forget, function_of
from local.simulation.services import Captured, VirtualQueue, VirtualStream, VirtualTopic
from local.simulation.table import SimulatedTable
from local.simulation.tenant import PARTNERS, Configured, records
from local.simulation.transport import InProcessPool, InProcessRouter, exchange, sdk_client
from local.simulation.workflow import SimulatedWorkflow
from referral_core.adapters.channels import Channels
from referral_core.adapters.ehr import HttpEhr
from referral_core.adapters.http import HttpClient
from referral_core.adapters.keys import Sort
from referral_core.adapters.letters import PrintedLetters
from referral_core.adapters.memory import MemoryDirectory
from referral_core.adapters.memory_partners import MemoryDocuments, MemoryMessenger
from referral_core.adapters.messenger import EndUserMessaging
from referral_core.adapters.opt_outs import CarrierOptOuts
from referral_core.adapters.portal import PortalMessages
from referral_core.domain.lifecycle import Party
from referral_core.domain.model import ReferralId, Tenant
from referral_core.domain.referral import Referral
from referral_core.ports import Documents, Messenger, Referrals, Workflow

ORIGIN: Final = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
"""Where virtual time begins: a Monday, 09:00 in Boston, as in the demo."""
HORIZON: Final = timedelta(days=400)
_LOOKS_EVERY_S: Final = 6 * 3600.0
_QUIET: Final = timedelta(days=15)
"""How long nothing but the watchdog must have moved a referral that stands on a worklist."""
_TICK_S: Final = 60.0
_ID_BITS: Final = 128
A_PARTNER: Final = "a partner"
"""The source of a referral that is no input: the simulated EHR itself ordered it later."""

_MOST_AN_HOUR: Final = 50_000

T = TypeVar("T")


class Livelock(SystemExit):
    """The simulation runs in circles: asyncio and the simulated services let only this through."""


class World:
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
        self.seed = seed
        self.clock = loop.LoopClock(origin)
        self.captured = Captured()
        self.table = SimulatedTable()
        self.posted: list[Posted] = []
        self.workflow = SimulatedWorkflow()
        self.router = InProcessRouter(self._http)
        self.partners = PartnersWorld(loop.PartnersClock(self.clock), self.router, scripts, seed)
        self.topic = VirtualTopic(self._consumer("receive_reply", lambda p: p.receive_reply))
        self.app: Starlette = application(self.partners, self.topic)
        self.notices = VirtualQueue(self._consumer("deliver_notices", lambda p: p.deliver_notices))
        self.stream_dead = VirtualQueue()
        self.stream = VirtualStream(
            [
                (Sort.REFERRAL, self._consumer("start_lifecycle", lambda p: p.start_lifecycle)),
                (Sort.EVENT, self._consumer("record_metrics", lambda p: p.record_metrics)),
            ]
        )
        self.print_queue = VirtualQueue()
        self.others = MemoryMessenger()
        self.documents = MemoryDocuments()
        self.configured = tuple(configured or records())
        self.taken: Counter[tuple[Tenant, str, str]] = Counter()
        if configured is None:
            self.taken.update((TENANT, h.npi, h.week) for h in taken(ORIGIN.date()))
            self.table.held.update(self.taken)
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
            jitter=self.dice("jitter").random,
        )
        self.workflow.machine = self.machine
        self.table.tell = self._written
        self._source = A_PARTNER
        self._invoked = (0, 0)
        self._tick: asyncio.TimerHandle | None = None
        self._ticked_at = float("-inf")

    def dice(self, purpose: str) -> Random:
        """Return dice of one's own, which fall as the seed and the purpose say."""
        return Random(f"{self.seed}/simulation/{purpose}")  # noqa: S311 - a simulation's dice

    # --- what AWS does ------------------------------------------------------------------------

    def invoke(self, name: str, act: Callable[[], T]) -> T:
        """Run one invocation of a Lambda function.

        Raises:
            Livelock: time does not get on, for something always invokes something else.
        """
        hour = int(self.clock.true().timestamp()) // 3600
        self._invoked = (hour, self._invoked[1] + 1 if hour == self._invoked[0] else 1)
        if self._invoked[1] > _MOST_AN_HOUR:
            raise Livelock(f"{name} was invoked again and again at {self.clock.true()}")
        try:
            return act()
        finally:
            forget()
            self._arm()

    def _consumer(
        self, name: str, function: Callable[[Product], Callable[[Mapping[str, Any]], Any]]
    ) -> Callable[[Mapping[str, Any]], Any]:
        return lambda event: self.invoke(name, lambda: function(self.product)(event))

    def _http(self, event: dict[str, Any]) -> Mapping[str, Any]:
        try:
            answer = self.invoke("http", lambda: self.product.http(event))
        except Exception:  # noqa: BLE001 - the gateway tells a client nothing else of a dead worker
            return {"statusCode": int(HTTPStatus.INTERNAL_SERVER_ERROR)}
        if function_of(event) == "receive_referral" and event["body"]:
            self._note_post(event, answer)
        return answer

    def _note_post(self, event: dict[str, Any], answer: Mapping[str, Any]) -> None:
        http = event["requestContext"]["http"]
        if http["method"] != "POST":
            return
        body = str(event["body"])
        digest, status = sha256(body.encode()).hexdigest(), int(answer["statusCode"])
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return
        told = json.loads(str(answer["body"]))
        if status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
            self.posted.append(Posted(self._source, status, digest, refusal=told))
            return
        for position, referral_id in enumerate(_accepted(told)):
            self.posted.append(
                Posted(self._source, status, digest, position, ReferralId(referral_id))
            )

    def step(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """Carry a step for the state machine."""
        return self.invoke(str(payload["step"]), lambda: self.product.step(payload))

    def _written(self, told: Sequence[dict[str, Any]]) -> None:
        self.stream.tell(told)
        self._arm()

    def _arm(self) -> None:
        """Set the watchdog to the next due instant; what stays due is seen a minute later."""
        due = self.table.next_due()
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
        if due is not None:
            at = max(self.clock.seconds(due), self._ticked_at + 1e-3)
            if at <= self._ticked_at + _TICK_S and self.clock.seconds(due) <= self._ticked_at:
                at = self._ticked_at + _TICK_S
            self._tick = asyncio.get_running_loop().call_at(at, self._fire)

    def _fire(self) -> None:
        self._tick = None
        self._ticked_at = asyncio.get_running_loop().time()
        try:
            self.invoke("fire_timers", lambda: self.product.fire_timers({}))
        except Exception:  # noqa: BLE001 - the next minute ticks again
            self._arm()

    # --- the composition ----------------------------------------------------------------------

    def record(self) -> Referrals:
        """Return the record as the functions reach it."""
        return self.table

    def states(self) -> Workflow:
        """Return the state machine as the functions reach it."""
        return self.workflow

    def pool(self) -> InProcessPool:
        """Return the partners as the functions reach them."""
        return InProcessPool(self.app)

    def store(self) -> Documents:
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
                "portal": PortalMessages(HttpEhr(self.http), self.directory, self.clock),
            }
        )

    def _ports(self) -> Ports:
        ids = self.dice("referrals")
        return Ports(
            referrals=self.record(),
            worklists=self.table,
            directory=self.directory,
            documents=self.store(),
            http=self.http,
            messenger=self.channels(),
            opt_outs=CarrierOptOuts(self.carrier, OPT_OUT_LIST),
            workflow=self.states(),
            clock=self.clock,
            notices=self.notices,
            stream_dead=self.stream_dead,
            stdout=self.captured.sink,
            new_id=lambda: f"{ids.getrandbits(_ID_BITS):032x}",
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
        return self._day(began)

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
            await asyncio.sleep(_TICK_S)
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
        """Return when something but the watchdog's word that an item is overdue happened."""
        last = ORIGIN
        for referral in standing:
            events = self.table.events(referral.tenant, referral.id)
            moved = next(e for e in reversed(events) if not e.kind.startswith("work-item-over"))
            last = max(last, moved.at)
        return last

    def _day(self, began: datetime) -> Day:
        return Day(
            seed=self.seed,
            began=began,
            ended=self.clock.true(),
            posted=self.posted,
            table=self.table,
            executions=tuple(self.machine.executions.values()),
            lines=self.captured.lines,
            bodies={
                "notices": self.notices.bodies,
                "letters": self.print_queue.bodies,
                "stream-dead": self.stream_dead.bodies,
                "replies": self.topic.bodies,
            },
            logs={partner: self.partners.log(partner) for partner in PARTIES},
            messages=self._messages(),
            documents=self.documents.stored,
            configured=self.configured,
            taken=self.taken,
            dead={
                "notices": self.notices.dead,
                "stream": self.stream.dead,
                "replies": self.topic.dead,
            },
        )

    def _messages(self) -> list[Mapping[str, Any]]:
        """Return what went to patients: reference and words, whatever the channel."""
        _, _, content = exchange(self.app, "GET", f"{PARTNERS}/carrier/messages", {}, b"")
        texts: list[Mapping[str, Any]] = json.loads(content)
        others = [
            {"reference": m.reference, "body": m.body, "channel": m.channel}
            for m in self.others.sent
        ]
        letters = {json.loads(body)["reference"]: body for body in self.print_queue.bodies}
        printed = [{"reference": r, "body": "", "channel": "letter"} for r in letters]
        portal = [
            {"reference": str(n), "body": "", "channel": "portal"}
            for n in {e.get("path", "").rpartition("/")[2]: None for e in self.partners.log("ehr")}
            if re.fullmatch(r"[0-9a-f]{32}-[cr]\d+", str(n))
        ]
        return [*texts, *others, *printed, *portal]


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
            well. Without a folder the partners behave by chance.
        seed: decides every chance.
        every: virtual time between two posts.
        configured: the tenant's configuration items; the demo's when None.
        kind: of world.
    """

    async def main() -> Day:
        scripts = Scripts(scripts_folder, seed if scripts_folder is None else None)
        return await kind(scripts, seed, configured=configured).live(inputs, every)

    return loop.run(main())


def _accepted(answer: Mapping[str, Any]) -> list[str]:
    """List the ids of the referrals that an answer names, whatever its kind."""
    if answer.get("resourceType") == "ServiceRequest":
        return [str(answer["id"])]
    text = json.dumps(answer)
    ids: dict[str, None] = {}
    for part in text.split("ServiceRequest/")[1:]:
        ids[part[:32]] = None
    return [i for i in ids if all(c in "0123456789abcdef" for c in i)]


def _later(seconds: float, act: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(seconds, act)
