"""The simulated EHR: it takes notices, acknowledges, supplies what is missing, or cancels."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.partners.fhir_endpoint import Json, Refused, expect, fhir, refusal, resource_in
from local.partners.script import EhrPart
from local.partners.world import World, instant, referral_of

_POLLS_EVERY: Final = timedelta(hours=6)
_ENDED: Final = frozenset({"completed", "cancelled", "failed"})
_ASKED: Final = "awaiting-information"


class Ehr:
    """One EHR system, whose client posted the referrals."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._notices: dict[str, Json] = {}
        self._watched: set[str] = set()

    async def notice(self, request: Request) -> Response:
        """Take a notice; the same one again changes nothing."""
        notice_id = request.path_params["notice_id"]
        try:
            communication = _notice(await resource_in(request), notice_id)
        except Refused as error:
            return refusal(HTTPStatus.BAD_REQUEST, "invalid", str(error))
        known = notice_id in self._notices
        self._notices[notice_id] = communication
        if not known:
            self._world.later(timedelta(0), self._acknowledge(notice_id))
        return fhir(communication, HTTPStatus.OK if known else HTTPStatus.CREATED)

    async def watch(self, request: Request) -> Response:
        """Begin to follow a referral that this EHR has just posted."""
        referral_id = (await request.json())["referral_id"]
        if referral_id not in self._watched:
            self._watched.add(referral_id)
            self._world.later(timedelta(0), self._follow(referral_id))
        return JSONResponse({}, HTTPStatus.ACCEPTED)

    async def log(self, _request: Request) -> Response:
        """Show what the EHR saw and said."""
        return JSONResponse(self._world.log("ehr"))

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
        supplies, cancels_when = script.supplies, script.cancels_when
        while supplies or cancels_when:
            await self._world.sleep(_POLLS_EVERY)
            task = await self._coordination(referral_id)
            codes = _business_codes(task)
            if task.get("status") in _ENDED:
                return
            if supplies and _ASKED in codes:
                await self._supply(referral_id, script, supplies)
                supplies = None
            if cancels_when and cancels_when in codes and await self._revoke(referral_id):
                cancels_when = None

    async def _coordination(self, referral_id: str) -> Mapping[str, Any]:
        """Find the Task that coordinates our order; empty while there is none to see."""
        order = f"ServiceRequest/{referral_id}"
        _, found = await self._world.call("ehr", "GET", f"/fhir/Task?focus={order}")
        tasks = [entry["resource"] for entry in found.get("entry", [])]
        ours = (t for t in tasks if t.get("focus", {}).get("reference", "").endswith(order))
        return next(ours, {})

    async def _supply(self, referral_id: str, script: EhrPart, name: str) -> None:
        await self._world.sleep(script.supplies_after)
        order = {**self._world.scripts.resource(name), "id": referral_id}
        await self._world.call("ehr", "PUT", f"/fhir/ServiceRequest/{referral_id}", order)

    async def _revoke(self, referral_id: str) -> bool:
        path = f"/fhir/ServiceRequest/{referral_id}"
        status, order = await self._world.call("ehr", "GET", path)
        if status != HTTPStatus.OK:
            return False
        status, _ = await self._world.call("ehr", "PUT", path, {**order, "status": "revoked"})
        return status == HTTPStatus.OK


def routes(world: World) -> list[Route]:
    """Return the EHR's endpoints."""
    ehr = Ehr(world)
    return [
        Route("/ehr/Communication/{notice_id}", ehr.notice, methods=["PUT"]),
        Route("/ehr/watch", ehr.watch, methods=["POST"]),
        Route("/ehr/log", ehr.log, methods=["GET"]),
    ]


def _notice(resource: Json, notice_id: str) -> Json:
    expect(resource["resourceType"] == "Communication", "Communication/{id} takes a Communication")
    expect(resource.get("id") == notice_id, "Communication.id: the id of the URL")
    expect(resource.get("status") == "completed", "Communication.status")
    expect(bool(resource.get("basedOn")), "Communication.basedOn: which order it is about")
    expect(bool(resource.get("payload")), "Communication.payload")
    return resource


def _business_codes(task: Mapping[str, Any]) -> set[str]:
    codings = task.get("businessStatus", {}).get("coding", [])
    return {str(coding.get("code")) for coding in codings}
