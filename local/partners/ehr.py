"""The simulated EHR: it takes notices, acknowledges, supplies what is missing, or cancels."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.partners.world import World, instant, referral_of, span

_POLL_S: Final = 0.5


class Ehr:
    """One EHR system, whose client posted the referrals."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._notices: set[str] = set()
        self._watched: set[str] = set()

    async def notice(self, request: Request) -> Response:
        """Take a notice; the same one again changes nothing."""
        if self._world.mode.get("ehr") == "down":
            return JSONResponse({}, HTTPStatus.SERVICE_UNAVAILABLE)
        notice_id = request.path_params["notice_id"]
        communication = await request.json()
        known = notice_id in self._notices
        self._notices.add(notice_id)
        if not known:
            self._world.later(timedelta(0), self._acknowledge(notice_id))
        return JSONResponse(communication, HTTPStatus.OK if known else HTTPStatus.CREATED)

    async def watch(self, request: Request) -> Response:
        """Begin to follow a referral that this EHR has just posted."""
        referral_id = (await request.json())["referral_id"]
        if referral_id not in self._watched:
            self._watched.add(referral_id)
            self._world.later(timedelta(0), self._follow(referral_id))
        return JSONResponse({}, HTTPStatus.ACCEPTED)

    async def _acknowledge(self, notice_id: str) -> None:
        script = (await self._world.learn(referral_of(notice_id)))["ehr"]
        if not script.get("acknowledges", True):
            return
        await self._world.sleep(span(script.get("acknowledges_after", "PT6H")))
        acknowledgement = {
            "resourceType": "Communication",
            "status": "completed",
            "inResponseTo": [{"reference": f"Communication/{notice_id}"}],
            "received": instant(self._world.now()),
        }
        await self._world.post_as("ehr", "/fhir/Communication", acknowledgement)

    async def _follow(self, referral_id: str) -> None:
        """Poll the coordination Task as EHRs do, and act when the script says so."""
        script = (await self._world.learn(referral_id))["ehr"]
        supplies, cancels_when = script.get("supplies"), script.get("cancels_when")
        while supplies or cancels_when:
            await asyncio.sleep(_POLL_S)
            path = f"/fhir/Task/{referral_id}.a"
            status, task = await self._world.call("ehr", "GET", path)
            if status != HTTPStatus.OK:
                continue
            codes = _business_codes(task)
            if task["status"] in {"completed", "cancelled", "failed"}:
                return
            if supplies and "awaiting-information" in codes:
                await self._world.sleep(span(script.get("supplies_after", "P1D")))
                await self._put(referral_id, self._world.scripts.resource(supplies))
                supplies = None
            if cancels_when and cancels_when in codes:
                path = f"/fhir/ServiceRequest/{referral_id}"
                _, order = await self._world.call("ehr", "GET", path)
                await self._put(referral_id, {**order, "status": "revoked"})
                cancels_when = None

    async def _put(self, referral_id: str, order: Mapping[str, Any]) -> None:
        path = f"/fhir/ServiceRequest/{referral_id}"
        await self._world.call("ehr", "PUT", path, {**order, "id": referral_id})


def routes(world: World) -> list[Route]:
    """Return the EHR's endpoints."""
    ehr = Ehr(world)
    return [
        Route("/ehr/Communication/{notice_id}", ehr.notice, methods=["PUT"]),
        Route("/ehr/watch", ehr.watch, methods=["POST"]),
    ]


def _business_codes(task: Mapping[str, Any]) -> set[str]:
    codings = task.get("businessStatus", {}).get("coding", [])
    return {str(coding.get("code")) for coding in codings}
