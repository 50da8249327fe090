"""The simulated specialist clinics: they accept or decline, book, see the patient and report."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.partners.clinic.appointments import Case, Visits
from local.partners.clinic.offer import Offer, read_offer, read_task
from local.partners.fhir_endpoint import Json, Refused, codes_of, fhir, refusal, resource_in
from local.partners.world import World, referral_of

_NO_SLOT: Final = {"text": "No appointment in the time wanted"}
_GIVEN_BACK: Final = {"text": "We cannot see the patient after all"}


class Clinics:
    """All clinics; each has its own client at the router's API."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._visits = Visits(world)
        self._tasks: dict[str, Json] = {}
        self._withdrawn: set[str] = set()
        self._offers: dict[str, list[str]] = defaultdict(list)
        self._cases: dict[str, Case] = {}

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
            self._tasks.setdefault(task_id, offer.task)
            self._world.later(timedelta(0), self._consider(organization, offer))
        status = "200" if known else "201"
        resources = (offer.task, offer.order, offer.patient)
        entries = [{"response": {"status": status, "location": _name(r)}} for r in resources]
        answer = {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}
        return fhir(answer)

    async def task(self, request: Request) -> Response:
        """Take a Task's next version: an offer is withdrawn, or something is awaited of us."""
        task_id = request.path_params["task_id"]
        try:
            task = read_task(await resource_in(request), task_id)
        except Refused as error:
            return refusal(HTTPStatus.BAD_REQUEST, "invalid", str(error))
        known = task_id in self._tasks
        self._tasks[task_id] = task
        case = self._cases.get(task_id)
        if task["status"] == "cancelled":
            # A withdrawal may overtake its offer, and a reminder may come after it.
            self._withdrawn.add(task_id)
            if case is not None:
                case.ended = True
        elif case is not None:
            self._reminded(case, codes_of(task.get("statusReason")))
        return fhir(task, HTTPStatus.OK if known else HTTPStatus.CREATED)

    async def log(self, _request: Request) -> Response:
        """Show what the clinics saw and said."""
        return JSONResponse(self._world.log("clinic"))

    async def _consider(self, organization: str, offer: Offer) -> None:
        """Answer the offer as the script says."""
        referral_id = referral_of(offer.task_id)
        script = (await self._world.learn(referral_id)).clinic
        answer = script.answer(self._offers[referral_id].index(offer.task_id))
        case = Case(organization, offer, script)
        case.ended = offer.task_id in self._withdrawn
        self._cases[offer.task_id] = case
        case.owes_answer = answer == "silent" and script.answers_reminder
        if answer != "silent":
            await self._world.sleep(script.answer_after)
            await self._answer(case, answer)

    def _reminded(self, case: Case, awaited: set[str]) -> None:
        if "answer-awaited" in awaited and case.owes_answer:
            case.owes_answer = False
            self._world.later(case.script.answer_after, self._answer(case, "accept"))
        if "booking-awaited" in awaited:
            self._visits.wanted(case, asked_again=True)
        if "report-awaited" in awaited:
            self._visits.report_reminders(case)

    async def _answer(self, case: Case, answer: str) -> None:
        """Say yes or no; see the patient after a yes."""
        if case.ended:
            return
        task = {**case.offer.task, "status": "rejected" if answer == "decline" else "accepted"}
        task.pop("statusReason", None)
        if answer == "decline":
            task["statusReason"] = _NO_SLOT
        status, _ = await self._put(case, task)
        if status != HTTPStatus.OK or answer == "decline":
            case.ended = True
            return
        case.accepted = True
        if answer == "withdraw":
            self._world.later(case.script.withdraws_after, self._give_back(case))
        await self._visits.expect(case)

    async def _give_back(self, case: Case) -> None:
        """Take an acceptance back."""
        if case.ended:
            return
        case.ended = True
        task = {**case.offer.task, "status": "failed", "statusReason": _GIVEN_BACK}
        await self._put(case, task)

    async def _put(self, case: Case, task: Json) -> tuple[int, Json]:
        task_id = case.offer.task_id
        status, answer = await self._world.call(case.client, "PUT", f"/fhir/Task/{task_id}", task)
        if task_id not in self._withdrawn:
            self._tasks[task_id] = task
        return status, answer


def routes(world: World) -> list[Route]:
    """Return the clinics' endpoints: each clinic's base is `/clinic/<organization>`."""
    clinics = Clinics(world)
    return [
        Route("/clinic/log", clinics.log, methods=["GET"]),
        Route("/clinic/{organization}", clinics.transaction, methods=["POST"]),
        Route("/clinic/{organization}/Task/{task_id}", clinics.task, methods=["PUT"]),
    ]


def _name(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
