"""The simulated specialist clinics: they accept or decline, book, see the patient and report."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.partners.consult_report import report, subject
from local.partners.fhir_endpoint import Json, Refused, fhir, refusal, resource_in
from local.partners.offer_check import Offer, read_offer, read_task
from local.partners.script import ClinicPart
from local.partners.world import World, instant, referral_of

_VISIT = timedelta(minutes=30)
_RESULT = {"attended": "fulfilled", "no-show": "noshow", "cancelled": "cancelled"}
_NO_SLOT = {"text": "No appointment in the time wanted"}


class Clinics:
    """All clinics; each has its own client at the router's API."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tasks: dict[str, Json] = {}
        self._offers: dict[str, list[str]] = defaultdict(list)

    async def transaction(self, request: Request) -> Response:
        """Take an offer: Task, order and patient; the same one again changes nothing."""
        organization = request.path_params["organization"]
        try:
            offer = read_offer(await resource_in(request))
        except Refused as error:
            return refusal(HTTPStatus.BAD_REQUEST, "invalid", str(error))
        task_id, referral_id = offer.task_id, referral_of(offer.task_id)
        known = task_id in self._offers[referral_id]
        if not known:
            self._offers[referral_id].append(task_id)
            # A withdrawal may have overtaken its offer.
            self._tasks.setdefault(task_id, offer.task)
            self._world.later(timedelta(0), self._consider(organization, offer))
        status = "200" if known else "201"
        resources = (offer.task, offer.order, offer.patient)
        entries = [{"response": {"status": status, "location": _name(r)}} for r in resources]
        answer = {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}
        return fhir(answer)

    async def task(self, request: Request) -> Response:
        """Take a Task's next version: the withdrawal of an offer."""
        task_id = request.path_params["task_id"]
        try:
            task = read_task(await resource_in(request), task_id)
        except Refused as error:
            return refusal(HTTPStatus.BAD_REQUEST, "invalid", str(error))
        known = task_id in self._tasks
        self._tasks[task_id] = task
        return fhir(task, HTTPStatus.OK if known else HTTPStatus.CREATED)

    async def log(self, _request: Request) -> Response:
        """Show what the clinics saw and said."""
        return JSONResponse(self._world.log("clinic"))

    async def _consider(self, organization: str, offer: Offer) -> None:
        """Answer the offer as the script says, and see the patient after a yes."""
        referral_id = referral_of(offer.task_id)
        script = await self._world.learn(referral_id)
        answer = script.clinic.answer(self._offers[referral_id].index(offer.task_id))
        await self._world.sleep(script.clinic.answer_after)
        if answer == "silent" or self._is_withdrawn(offer):
            return
        task = {**offer.task, "status": "accepted" if answer == "accept" else "rejected"}
        task.pop("statusReason", None)
        if answer == "decline":
            task["statusReason"] = _NO_SLOT
        path = f"/fhir/Task/{offer.task_id}"
        status, _ = await self._world.call(_client(organization), "PUT", path, task)
        if status == HTTPStatus.OK and answer == "accept":
            self._tasks[offer.task_id] = task
            await self._see(organization, offer, script.clinic)

    async def _see(self, organization: str, offer: Offer, clinic: ClinicPart) -> None:
        for result in clinic.visit:
            # The clinic can only book with a patient who wants to come.
            await self._world.agreement(referral_of(offer.task_id))
            await self._world.sleep(clinic.books_after)
            if not clinic.books or self._is_withdrawn(offer):
                return
            if not await self._visit(organization, offer, clinic, result):
                return

    async def _visit(
        self, organization: str, offer: Offer, clinic: ClinicPart, result: str
    ) -> bool:
        """Book one visit and tell its result; False when the referral was withdrawn."""
        client, start = _client(organization), self._world.now() + clinic.visit_in
        booking: Json = {
            "resourceType": "Appointment",
            "status": "booked",
            "start": instant(start),
            "end": instant(start + _VISIT),
            "basedOn": [{"reference": f"ServiceRequest/{offer.order['id']}"}],
            "participant": [
                {"actor": subject(offer), "status": "accepted"},
                {"actor": offer.task["owner"], "status": "accepted"},
            ],
        }
        status, made = await self._world.call(client, "POST", "/fhir/Appointment", booking)
        if status != HTTPStatus.CREATED:
            return False
        cancelled = result == "cancelled"
        await self._world.sleep(clinic.visit_in / 2 if cancelled else clinic.visit_in + _VISIT)
        if self._is_withdrawn(offer):
            return False
        visited = {**booking, "id": made["id"], "status": _RESULT[result]}
        path = f"/fhir/Appointment/{made['id']}"
        taken = await self._world.tell(client, "PUT", path, visited)
        if result == "attended" and clinic.report:
            await self._world.sleep(clinic.report_after)
            # Who was seen gets a report, whatever became of the order.
            written = report(
                offer, start, self._world.now(), clinic.report_loinc, clinic.report_type
            )
            await self._world.tell(client, "POST", "/fhir/DocumentReference", written)
        return taken

    def _is_withdrawn(self, offer: Offer) -> bool:
        return str(self._tasks[offer.task_id]["status"]) == "cancelled"


def routes(world: World) -> list[Route]:
    """Return the clinics' endpoints: each clinic's base is `/clinic/<organization>`."""
    clinics = Clinics(world)
    return [
        Route("/clinic/log", clinics.log, methods=["GET"]),
        Route("/clinic/{organization}", clinics.transaction, methods=["POST"]),
        Route("/clinic/{organization}/Task/{task_id}", clinics.task, methods=["PUT"]),
    ]


def _client(organization: str) -> str:
    return f"clinic:{organization}"


def _name(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
