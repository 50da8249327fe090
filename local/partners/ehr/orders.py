"""What an EHR does with its orders: completes, ends and replaces them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from local.partners.ehr.order_completion import completed
from local.partners.fhir_endpoint import Json
from local.partners.world import World

_REASON: Final = "https://referral-router.org/fhir/CodeSystem/reason"
_ROUTERS_OWN: Final = "https://referral-router.org/fhir/referral"
_MISSING: Final = "missing-information"
_OF_ORDER: Final = frozenset({"revoked", "entered-in-error"})
"""Endings that are a status of the order; the others are reasons on the Task."""
_KEPT_TASK: Final = ("resourceType", "id", "identifier", "intent", "code", "focus", "for")


class Orders:
    """The EHR's orders, by the router's id."""

    def __init__(self, world: World, watch: Callable[[str, Any], None]) -> None:
        self._world = world
        self._watch = watch
        self._posted: dict[str, Any] = {}

    def remember(self, referral_id: str, posted: Any) -> None:
        """Keep what was posted."""
        if posted is not None:
            self._posted[referral_id] = posted

    async def send(self, referral_id: str, order: Json) -> bool:
        """Put a new version of an order."""
        path = f"/fhir/ServiceRequest/{referral_id}"
        status, _ = await self._world.call("ehr", "PUT", path, {**order, "id": referral_id})
        return status == HTTPStatus.OK

    async def complete(self, referral_id: str, task: Mapping[str, Any]) -> None:
        """Supply what the coordination Task says is missing."""
        missing = [
            str(asked["valueString"])
            for asked in task.get("input", [])
            if any(c.get("code") == _MISSING for c in asked["type"].get("coding", []))
        ]
        order = await self._order(referral_id)
        if missing and order is not None:
            random = self._world.random(f"order/{_placer(order)}")
            posted = self._posted.get(referral_id)
            await self.send(referral_id, completed(order, missing, random, posted))

    async def end(self, referral_id: str, task: Mapping[str, Any], how: str) -> bool:
        """End it: by the order's status, or by the Task's with a reason."""
        if how in _OF_ORDER:
            order = await self._order(referral_id)
            return order is not None and await self.send(referral_id, {**order, "status": how})
        changed = {name: task[name] for name in _KEPT_TASK if name in task}
        reason = {"coding": [{"system": _REASON, "code": how}]}
        changed |= {"status": "cancelled", "statusReason": reason}
        path = f"/fhir/Task/{task['id']}"
        status, _ = await self._world.call("ehr", "PUT", path, changed)
        return status == HTTPStatus.OK

    async def replace(self, referral_id: str, name: str) -> None:
        """Post an order that replaces another, and follow it."""
        successor = await self._own_again(referral_id) if name == "generated" else None
        if successor is None and name != "generated":
            successor = self._world.scripts.resource(name)
        if successor is None:
            return
        order = {**successor, "replaces": [{"reference": f"ServiceRequest/{referral_id}"}]}
        status, made = await self._world.call("ehr", "POST", "/fhir/ServiceRequest", order)
        if status == HTTPStatus.CREATED:
            self._watch(str(made["id"]), self._posted.get(referral_id))

    async def _own_again(self, referral_id: str) -> Json | None:
        """Return the order as it would be written anew, under the next number."""
        order = await self._order(referral_id)
        if order is None:
            return None
        theirs = [i for i in order.get("identifier", []) if i.get("system") != _ROUTERS_OWN]
        renamed = [{**i, "value": f"{i.get('value')}-R"} for i in theirs]
        written = {k: v for k, v in order.items() if k not in {"id", "meta"}}
        return {**written, "identifier": renamed}

    async def _order(self, referral_id: str) -> Json | None:
        path = f"/fhir/ServiceRequest/{referral_id}"
        status, order = await self._world.call("ehr", "GET", path)
        return order if status == HTTPStatus.OK else None


def _placer(order: Json) -> str:
    return next((str(i.get("value")) for i in order.get("identifier", [])), str(order.get("id")))
