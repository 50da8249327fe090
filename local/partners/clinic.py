"""The simulated specialist clinics: they accept or decline, book, see the patient and report."""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.partners.world import World, instant, referral_of, span

_VISIT = timedelta(minutes=30)
_RESULT = {"attended": "fulfilled", "no-show": "noshow", "cancelled": "cancelled"}


class Clinics:
    """All clinics; each has its own client at the router's API."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._offers: dict[str, list[str]] = defaultdict(list)
        self._withdrawn: set[str] = set()

    async def task(self, request: Request) -> Response:
        """Take an offer (a Bundle with Task B) or its withdrawal (the Task, cancelled)."""
        task_id, organization = request.path_params["task_id"], request.path_params["organization"]
        body = await request.json()
        task = _task_in(body)
        if task is None or task.get("id") != task_id:
            return JSONResponse({"error": "no Task of that id"}, HTTPStatus.BAD_REQUEST)
        referral_id = referral_of(task_id)
        if task.get("status") == "cancelled":
            self._withdrawn.add(task_id)
        elif task_id not in self._offers[referral_id]:
            self._offers[referral_id].append(task_id)
            self._world.later(timedelta(0), self._consider(organization, task_id))
        return JSONResponse(task, HTTPStatus.OK)

    async def _consider(self, organization: str, task_id: str) -> None:
        referral_id = referral_of(task_id)
        script = await self._world.learn(referral_id)
        clinic = script["clinic"]
        answers = clinic.get("offers", ["accept"])
        number = self._offers[referral_id].index(task_id)
        answer = answers[min(number, len(answers) - 1)]
        await self._world.sleep(span(clinic.get("answer_after", "PT4H")))
        if answer == "silent" or task_id in self._withdrawn:
            return
        status = {"accept": "accepted", "decline": "rejected"}[answer]
        task: dict[str, Any] = {
            "resourceType": "Task",
            "id": task_id,
            "status": status,
            "intent": "order",
            "focus": {"reference": f"ServiceRequest/{task_id}"},
        }
        if answer == "decline":
            task["statusReason"] = {"text": "No appointment in the time wanted"}
        code, _ = await self._world.call(
            _client(organization), "PUT", f"/fhir/Task/{task_id}", task
        )
        if code == HTTPStatus.OK and answer == "accept":
            await self._see(organization, task_id, clinic)

    async def _see(self, organization: str, task_id: str, clinic: Mapping[str, Any]) -> None:
        visits = clinic.get("visit", "attended")
        for result in visits if isinstance(visits, list) else [visits]:
            # The clinic can only book with a patient who wants to come.
            await self._world.agreement(referral_of(task_id))
            await self._world.sleep(span(clinic.get("books_after", "P1D")))
            if not clinic.get("books", True) or task_id in self._withdrawn:
                return
            if not await self._visit(organization, task_id, clinic, result):
                return
            if result == "attended" and clinic.get("report", True):
                await self._world.sleep(span(clinic.get("report_after", "P3D")))
                report = _report(task_id, clinic.get("report_loinc", "11488-4"))
                path = "/fhir/DocumentReference"
                await self._world.post_as(_client(organization), path, report)

    async def _visit(
        self, organization: str, task_id: str, clinic: Mapping[str, Any], result: str
    ) -> bool:
        """Book one visit and tell its result; False when the referral was withdrawn."""
        client, wait = _client(organization), span(clinic.get("visit_in", "P7D"))
        start = self._world.now() + wait
        booking: dict[str, Any] = {
            "resourceType": "Appointment",
            "status": "booked",
            "start": instant(start),
            "end": instant(start + _VISIT),
            "basedOn": [{"reference": f"ServiceRequest/{task_id}"}],
            "participant": [{"type": [{"text": "patient"}], "status": "accepted"}],
        }
        status, made = await self._world.call(client, "POST", "/fhir/Appointment", booking)
        if status != HTTPStatus.CREATED:
            return False
        await self._world.sleep(wait + _VISIT)
        if task_id in self._withdrawn:
            return False
        visited = {**booking, "id": made["id"], "status": _RESULT[result]}
        path = f"/fhir/Appointment/{made['id']}"
        status, _ = await self._world.call(client, "PUT", path, visited)
        return status == HTTPStatus.OK


def routes(world: World) -> list[Route]:
    """Return the clinics' endpoint."""
    clinics = Clinics(world)
    path = "/clinic/{organization}/Task/{task_id}"
    return [Route(path, clinics.task, methods=["PUT"])]


def _client(organization: str) -> str:
    return f"clinic:{organization}"


def _task_in(body: Any) -> dict[str, Any] | None:
    if not isinstance(body, dict):
        return None
    found = [body] + [e.get("resource", {}) for e in body.get("entry", [])]
    return next((r for r in found if r.get("resourceType") == "Task"), None)


def _report(task_id: str, loinc: str) -> dict[str, Any]:
    text = b"Consultation report. Seen, examined, advised. (Synthetic.)"
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "docStatus": "final",
        "type": {"coding": [{"system": "http://loinc.org", "code": loinc}]},
        "content": [
            {
                "attachment": {
                    "contentType": "text/plain",
                    "data": base64.b64encode(text).decode(),
                    "size": len(text),
                }
            }
        ],
        "context": {"related": [{"reference": f"ServiceRequest/{task_id}"}]},
    }
