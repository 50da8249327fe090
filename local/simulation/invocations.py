"""What AWS does around a function: invocations, the gateway, the ticks of the watchdog."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final, TypeVar

from local.simulation.day import Posted
from local.simulation.loop import LoopClock
from local.simulation.product import Product, forget, function_of
from local.simulation.services import VirtualStream
from local.simulation.table import SimulatedTable
from referral_core.domain.ids import ReferralId

A_PARTNER: Final = "a partner"
"""The source of a referral that is no input: the simulated EHR itself ordered it later."""
TICK_S: Final = 60.0
"""Between two ticks of the watchdog."""
_MOST_AN_HOUR: Final = 50_000

T = TypeVar("T")


class Livelock(SystemExit):
    """The simulation runs in circles: asyncio and the simulated services let only this through."""


class Invocations:
    """Invokes the product's functions; everything happens on the running loop.

    Attributes:
        posted: what became of each post.
    """

    clock: LoopClock
    table: SimulatedTable
    stream: VirtualStream
    product: Product
    posted: list[Posted]

    def __init__(self) -> None:
        """Begin with nothing invoked."""
        self.posted = []
        self._source = A_PARTNER
        self._invoked = (0, 0)
        self._tick: asyncio.TimerHandle | None = None
        self._ticked_at = float("-inf")

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
        except Exception:  # noqa: BLE001 - a client learns nothing else of a dead worker
            return {"statusCode": int(HTTPStatus.INTERNAL_SERVER_ERROR)}
        if function_of(event) == "receive_referral" and event["body"]:
            self._record_post(event, answer)
        return answer

    def _record_post(self, event: dict[str, Any], answer: Mapping[str, Any]) -> None:
        http = event["requestContext"]["http"]
        if http["method"] != "POST":
            return
        body = str(event["body"])
        digest, status = sha256(body.encode()).hexdigest(), int(answer["statusCode"])
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return
        body_sent_back = json.loads(str(answer["body"]))
        if status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
            self.posted.append(Posted(self._source, status, digest, refusal=body_sent_back))
            return
        for position, referral_id in enumerate(_accepted(body_sent_back)):
            self.posted.append(
                Posted(self._source, status, digest, position, ReferralId(referral_id))
            )

    def step(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """Run a step for the state machine."""
        return self.invoke(str(payload["step"]), lambda: self.product.step(payload))

    def _written(self, records: Sequence[dict[str, Any]]) -> None:
        self.stream.add(records)
        self._arm()

    def _arm(self) -> None:
        """Set the watchdog to the next due instant; what stays due is seen a minute later."""
        due = self.table.next_due()
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
        if due is not None:
            at = max(self.clock.seconds(due), self._ticked_at + 1e-3)
            if at <= self._ticked_at + TICK_S and self.clock.seconds(due) <= self._ticked_at:
                at = self._ticked_at + TICK_S
            self._tick = asyncio.get_running_loop().call_at(at, self._fire)

    def _fire(self) -> None:
        self._tick = None
        self._ticked_at = asyncio.get_running_loop().time()
        try:
            self.invoke("fire_timers", lambda: self.product.fire_timers({}))
        except Exception:  # noqa: BLE001 - the next minute ticks again
            self._arm()


def _accepted(answer: Mapping[str, Any]) -> list[str]:
    """List the ids of the referrals that an answer names, whatever its kind."""
    if answer.get("resourceType") == "ServiceRequest":
        return [str(answer["id"])]
    text = json.dumps(answer)
    ids: dict[str, None] = {}
    for part in text.split("ServiceRequest/")[1:]:
        ids[part[:32]] = None
    return [i for i in ids if all(c in "0123456789abcdef" for c in i)]
