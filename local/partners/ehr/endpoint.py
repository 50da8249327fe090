"""The simulated EHR: it takes notices, acknowledges, supplies what is missing, or ends it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.partners.ehr.notices import about, is_portal_message, read_notice, read_portal_message
from local.partners.ehr.orders import Orders
from local.partners.fhir_endpoint import Json, Refused, codes_of, fhir, refusal, resource_in
from local.partners.scripts.reopening import reopen
from local.partners.world import World, instant, referral_of

_POLLS_EVERY: Final = timedelta(hours=6)
_ENDED: Final = frozenset({"completed", "cancelled", "failed"})
_ASKED: Final = "awaiting-information"


class Ehr:
    """One EHR system, whose client posted the referrals."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._orders = Orders(world, self._watch)
        self._received: dict[str, Json] = {}
        self._watched: set[str] = set()
        self._heard_of_end: set[str] = set()

    async def communication(self, request: Request) -> Response:
        """Take a notice, or a message for the patient's portal; the same again changes nothing."""
        own_id = request.path_params["communication_id"]
        read = read_portal_message if is_portal_message(own_id) else read_notice
        try:
            communication = read(await resource_in(request), own_id)
        except Refused as error:
            return refusal(HTTPStatus.BAD_REQUEST, "invalid", str(error))
        known = own_id in self._received
        self._received[own_id] = communication
        if not known and not is_portal_message(own_id):
            self._world.later(timedelta(0), self._heed(own_id, about(communication)))
        return fhir(communication, HTTPStatus.OK if known else HTTPStatus.CREATED)

    async def watch(self, request: Request) -> Response:
        """Begin to follow a referral that this EHR has just posted.

        The body is `{"referral_id", "posted"}`; `posted`, what was posted, may be left out.
        """
        body = await request.json()
        self._watch(body["referral_id"], body.get("posted"))
        return JSONResponse({}, HTTPStatus.ACCEPTED)

    async def log(self, _request: Request) -> Response:
        """Show what the EHR saw and said."""
        return JSONResponse(self._world.log("ehr"))

    def _watch(self, referral_id: str, posted: Any) -> None:
        if referral_id not in self._watched:
            self._watched.add(referral_id)
            self._orders.remember(referral_id, posted)
            self._world.later(timedelta(0), self._follow(referral_id))
            self._world.later(timedelta(0), self._replace(referral_id))

    async def _heed(self, notice_id: str, subject: str) -> None:
        """Do what a notice asks for."""
        referral_id = referral_of(notice_id)
        if subject == "information-needed":
            await self._supply_generated(referral_id)
        elif subject == "closure":
            await self._hear_of_end(referral_id)
            await self._acknowledge(notice_id)

    async def _hear_of_end(self, referral_id: str) -> None:
        script = await self._world.learn(referral_id)
        if referral_id in self._heard_of_end:
            return
        self._heard_of_end.add(referral_id)
        for client, wanted in (("ehr", script.ehr.reopens), ("staff", script.staff.reopens)):
            if wanted is not None:
                again = reopen(self._world, client, referral_id, wanted)
                self._world.later(timedelta(0), again)

    async def _acknowledge(self, notice_id: str) -> None:
        script = (await self._world.learn(referral_of(notice_id))).ehr
        if not script.acknowledges:
            return
        await self._world.sleep(script.acknowledges_after)
        acknowledgement = {
            "resourceType": "Communication",
            "status": "completed",
            "inResponseTo": [{"reference": f"Communication/{notice_id}"}],
            "received": instant(self._world.now()),
        }
        await self._world.tell("ehr", "POST", "/fhir/Communication", acknowledgement)

    async def _follow(self, referral_id: str) -> None:
        """Poll the coordination Task, as EHRs do, while the script has something left to do."""
        script = (await self._world.learn(referral_id)).ehr
        supplies = None if script.supplies == "generated" else script.supplies
        ends_at = script.ends_at
        while supplies or ends_at:
            await self._world.sleep(_POLLS_EVERY)
            task = await self._coordination(referral_id)
            codes = codes_of(task.get("businessStatus"))
            if task.get("status") in _ENDED:
                return
            if supplies and _ASKED in codes:
                await self._world.sleep(script.supplies_after)
                await self._orders.send(referral_id, self._world.scripts.resource(supplies))
                supplies = None
            if ends_at and ends_at in codes:
                ended = await self._orders.end(referral_id, task, script.ends_with)
                ends_at = None if ended else ends_at

    async def _replace(self, referral_id: str) -> None:
        script = (await self._world.learn(referral_id)).ehr
        if script.supersedes is not None:
            await self._world.sleep(script.supersedes_after)
            await self._orders.replace(referral_id, script.supersedes)

    async def _supply_generated(self, referral_id: str) -> None:
        script = (await self._world.learn(referral_id)).ehr
        if script.supplies != "generated":
            return
        await self._world.sleep(script.supplies_after)
        await self._orders.complete(referral_id, await self._coordination(referral_id))

    async def _coordination(self, referral_id: str) -> Mapping[str, Any]:
        """Find the Task that coordinates our order; empty while there is none to see."""
        order = f"ServiceRequest/{referral_id}"
        _, found = await self._world.call("ehr", "GET", f"/fhir/Task?focus={order}")
        tasks = [entry["resource"] for entry in found.get("entry", [])]
        ours = (t for t in tasks if t.get("focus", {}).get("reference", "").endswith(order))
        return next(ours, {})


def routes(world: World) -> list[Route]:
    """Return the EHR's endpoints."""
    ehr = Ehr(world)
    return [
        Route("/ehr/Communication/{communication_id}", ehr.communication, methods=["PUT"]),
        Route("/ehr/watch", ehr.watch, methods=["POST"]),
        Route("/ehr/log", ehr.log, methods=["GET"]),
    ]
