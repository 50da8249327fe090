"""The simulated payer: eligibility by X12 270/271 and prior authorization by Da Vinci PAS.

What it answers follows the referral's script (parts.PayerPart), found by our trace. It works in
the world's time and posts its late decisions itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Coroutine, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from local.partners.payer import pas as payer_pas
from local.partners.payer import x12 as payer_x12
from local.partners.scripts.fields import nth
from local.partners.scripts.parts import PayerPart

_FHIR = "application/fhir+json"
_X12 = "application/EDI-X12"
_ATTEMPTS = 5
_BETWEEN_ATTEMPTS = timedelta(hours=1)


class World(Protocol):
    """What the payer needs of the world it lives in."""

    @property
    def mode(self) -> Mapping[str, str]:
        """Return partner → `down` for those that are switched off."""

    async def script_for(self, trace: str) -> Mapping[str, Any]:
        """Return the payer's part of the script of the referral that a trace belongs to."""

    def now(self) -> datetime:
        """Return the virtual instant."""

    def later(self, delay: timedelta, act: Coroutine[Any, Any, None]) -> None:
        """Run something after a virtual delay."""

    async def sleep(self, delay: timedelta) -> None:
        """Wait for a virtual delay."""

    async def post_as(self, client: str, path: str, body: Mapping[str, Any]) -> int:
        """Post to the router's API as one of its clients; return the HTTP status."""


class Appeals(Protocol):
    """Where the payer hears of appeals: they come by telephone or through its own portal."""

    async def appeal_of(self, referral_id: str) -> None:
        """Wait until a referral's denial is appealed."""


class SimulatedPayer:
    """Its memory: what was asked and submitted, what failed on purpose, the notices' numbers."""

    def __init__(self, world: World, appeals: Appeals | None = None) -> None:
        self._world = world
        self._appeals = appeals
        self._inquired: Counter[str] = Counter()
        self._behaviours: dict[str, str] = {}
        self._submitted: dict[str, payer_pas.Json] = {}
        self._latest: dict[str, payer_pas.Request] = {}
        self._requests: Counter[str] = Counter()
        self._failed: Counter[tuple[str, str]] = Counter()
        self._notices = 0

    async def eligibility(self, request: Request) -> Response:
        """Answer a 270 with a 271."""
        if not _authenticated(request):
            return PlainTextResponse("no bearer token", HTTPStatus.UNAUTHORIZED)
        try:
            inquiry = payer_x12.read_270((await request.body()).decode("ascii"))
        except (payer_x12.NotA270, UnicodeDecodeError) as error:
            return PlainTextResponse(f"not a 270: {error}", HTTPStatus.BAD_REQUEST)
        script = PayerPart.read(await self._world.script_for(inquiry.trace))
        behaviour = self._eligibility(inquiry.trace, script)
        if self._is_down(behaviour):
            return PlainTextResponse("down", HTTPStatus.SERVICE_UNAVAILABLE)
        if behaviour == "down-once":
            first = self._fails_first("eligibility", inquiry.trace)
            behaviour = "not-now" if first else "active"
        authorization = "N" if script.authorization[0] == "not-required" else "Y"
        text = payer_x12.write_271(
            inquiry, behaviour, self._world.now(), authorization=authorization
        )
        return Response(text, media_type=_X12)

    async def submit(self, request: Request) -> Response:
        """Answer a PAS request; the same request again gets the answer that stands."""
        if not _authenticated(request):
            return _outcome(HTTPStatus.UNAUTHORIZED, "login", "no bearer token")
        try:
            asked = payer_pas.read_request(await request.json())
        except ValueError:
            return _outcome(HTTPStatus.BAD_REQUEST, "structure", "not JSON")
        except payer_pas.Refused as error:
            return _outcome(HTTPStatus.BAD_REQUEST, "invalid", str(error))
        script = PayerPart.read(await self._world.script_for(asked.trace))
        referral = _referral(asked.trace)
        # No await from here on: the same request twice at once is still one request.
        known = asked.trace in self._submitted
        behaviour = nth(script.authorization, self._requests[referral])
        if self._is_down(behaviour) or (
            behaviour == "down-once"
            and not known
            and self._fails_first("authorization", asked.trace)
        ):
            return _outcome(HTTPStatus.SERVICE_UNAVAILABLE, "transient", "down")
        if known:
            return _fhir(self._submitted[asked.trace])
        self._requests[referral] += 1
        self._hear_appeals(referral, asked, script)
        first, _, then = behaviour.partition("-then-")
        action = {"not-required": "NA", "down-once": "A1"}.get(first, first)
        self._decide(asked, action)
        if then:
            self._world.later(script.decides_after, self._decide_later(asked, then))
        return _fhir(self._submitted[asked.trace])

    def _eligibility(self, trace: str, script: PayerPart) -> str:
        """Return how an inquiry is answered; the same inquiry again gets the same answer."""
        if trace in self._behaviours:
            return self._behaviours[trace]
        referral = _referral(trace)
        behaviour = nth(script.eligibility, self._inquired[referral])
        self._inquired[referral] += 1
        if behaviour not in {"down", "down-once"}:
            self._behaviours[trace] = behaviour
        return behaviour

    def _hear_appeals(self, referral: str, asked: payer_pas.Request, script: PayerPart) -> None:
        """Listen for an appeal from the first request on; it is about the latest one."""
        listens = referral in self._latest
        self._latest[referral] = asked
        if script.appeal and self._appeals and not listens:
            self._world.later(timedelta(0), self._decide_appeals(referral, self._appeals, script))

    async def _decide_appeals(self, referral: str, appeals: Appeals, script: PayerPart) -> None:
        while script.appeal:
            await appeals.appeal_of(referral)
            await self._world.sleep(script.appeal_after)
            await self._decide_later(self._latest[referral], script.appeal)

    async def _decide_later(self, asked: payer_pas.Request, action: str) -> None:
        """Decide a pended request and notify the submitter until it takes the notice."""
        self._decide(asked, action)
        self._notices += 1
        answer = self._submitted[asked.trace]
        body = payer_pas.notification(answer, self._notices, self._world.now())
        # This process stands for every payer; each decides by a client of its own.
        payer = f"payer:{asked.insurer}"
        for _ in range(_ATTEMPTS):
            status = await self._world.post_as(payer, "/fhir/ClaimResponse", body)
            if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
                return
            await self._world.sleep(_BETWEEN_ATTEMPTS)

    def _decide(self, asked: payer_pas.Request, action: str) -> None:
        self._submitted[asked.trace] = payer_pas.response_bundle(asked, action, self._world.now())

    def _is_down(self, behaviour: str) -> bool:
        return behaviour == "down" or self._world.mode.get("payer") == "down"

    def _fails_first(self, service: str, trace: str) -> bool:
        """Say whether a referral scripted to fail once is to fail now.

        A retry may carry the next number at the end of its trace.
        """
        key = (service, _referral(trace))
        self._failed[key] += 1
        return self._failed[key] == 1


def routes(world: World, appeals: Appeals | None = None) -> list[Route]:
    """Return the payer's two endpoints."""
    payer = SimulatedPayer(world, appeals)
    return [
        Route("/payer/eligibility", payer.eligibility, methods=["POST"]),
        Route("/payer/fhir/Claim/$submit", payer.submit, methods=["POST"]),
    ]


def _referral(trace: str) -> str:
    return trace.rpartition("-")[0]


def _authenticated(request: Request) -> bool:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return scheme == "Bearer" and bool(token.strip())


def _fhir(resource: payer_pas.Json, status: int = HTTPStatus.OK) -> Response:
    return JSONResponse(resource, status, media_type=_FHIR)


def _outcome(status: int, code: str, diagnostics: str) -> Response:
    issue = {"severity": "error", "code": code, "diagnostics": diagnostics}
    return _fhir({"resourceType": "OperationOutcome", "issue": [issue]}, status)
