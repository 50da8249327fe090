"""The simulated staff: an office that looks at the worklist and decides as the scripts say."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.partners.carrier.patients import Patients
from local.partners.scripts.fields import span
from local.partners.scripts.staff import CARE, Act, StaffPart
from local.partners.world import World, instant

_LOOKS_EVERY: Final = timedelta(hours=3)
_MOST: Final = 200
_TRIES: Final = 3
_QUEUES: Final = (
    *("front-office", "referral-coordinators", "prior-authorization", "contact-center"),
    *("care-management", "clinical-review", "specialist-office"),
)
_ZONE: Final = ZoneInfo("America/New_York")
_OPENS, _CLOSES = time(9), time(17)
_SATURDAY: Final = 5
_WANTED: Final = frozenset({"patient-agreed", "rebook"})
"""Decisions by which the patient has said on the telephone that a visit is wanted."""
_AGREED: Final = frozenset({"agreed", "another-time"})

Item = dict[str, Any]
Key = tuple[str, str]


class ApiClient:
    """All teams; each item is worked once, by whoever is there."""

    def __init__(self, world: World, patients: Patients) -> None:
        self._world = world
        self._patients = patients
        self._in_hand: set[Key] = set()
        self._turns: Counter[tuple[str, str]] = Counter()
        self._failed: Counter[Key] = Counter()

    async def work(self) -> None:
        """Look at the worklist again and again."""
        while self._world.scripts.staffed:
            await self._world.sleep(_LOOKS_EVERY)
            for item in await self._worklist():
                key = (str(item["id"]), str(item["openedAt"]))
                if key not in self._in_hand:
                    self._in_hand.add(key)
                    self._world.later(timedelta(0), self._take(key, item))

    async def log(self, _request: Request) -> Response:
        """Show what the staff did."""
        return JSONResponse(self._world.log("staff"))

    async def _worklist(self) -> list[Item]:
        """Read all queues at once; each for itself when there is more than one answer holds."""
        items = await self._read(f"/work-items?_count={_MOST}")
        if len(items) < _MOST:
            return items
        return [
            item
            for queue in _QUEUES
            for item in await self._read(f"/work-items?queue={queue}&_count={_MOST}")
        ]

    async def _read(self, path: str) -> list[Item]:
        _, found = await self._world.call("staff", "GET", path)
        return list(found.get("workItems", []))

    async def _take(self, key: Key, item: Item) -> None:
        """Do what the script says about an item, until it is settled or left."""
        referral_id, reason = str(item["id"]), str(item["reason"])
        script = (await self._world.learn(referral_id)).staff
        claimed = False
        while (act := self._next(referral_id, reason, script)) is not None:
            await self._world.sleep(script.works_after)
            await self._until_open(script)
            allowed = await self._allowed(referral_id)
            if act.action not in allowed:
                refused = {"referral": referral_id, "reason": reason, "action": act.action}
                self._world.note("staff", did="found it not allowed", **refused)
                return
            if not claimed and "claim" in allowed and act.action not in CARE:
                claimed = await self._decide(referral_id, {"action": "claim"})
            if not await self._do(referral_id, reason, act):
                self._give_back(key)
                return
            if act.action not in CARE:
                return

    def _next(self, referral_id: str, reason: str, script: StaffPart) -> Act | None:
        """Return what is to be done now; leaving it alone is an act as well."""
        act = script.act(reason, self._turns[referral_id, reason])
        if act is None:
            self._turns[referral_id, reason] += 1
        return act

    def _give_back(self, key: Key) -> None:
        """Look at an item again that could not be worked on, a few times."""
        self._failed[key] += 1
        if self._failed[key] < _TRIES:
            self._in_hand.discard(key)

    async def _allowed(self, referral_id: str) -> set[str]:
        path = f"/fhir/ServiceRequest/{referral_id}/$available-actions"
        _, found = await self._world.call("staff", "GET", path)
        parameters = found.get("parameter", [])
        return {str(p.get("valueCode")) for p in parameters if p.get("name") == "action"}

    async def _do(self, referral_id: str, reason: str, act: Act) -> bool:
        body = await self._body(referral_id, reason, act)
        if not await self._decide(referral_id, body):
            return False
        self._turns[referral_id, reason] += 1
        if act.action == "appeal":
            self._world.appeal(referral_id)
        if act.action in _WANTED or body.get("result") in _AGREED:
            self._world.agree(referral_id)
        return True

    async def _decide(self, referral_id: str, body: dict[str, Any]) -> bool:
        path = f"/work-items/{referral_id}/decision"
        return await self._world.tell("staff", "POST", path, body)

    async def _body(self, referral_id: str, reason: str, act: Act) -> dict[str, Any]:
        now = self._world.now()
        body: dict[str, Any] = {"action": act.action, "comment": act.comment, "owner": act.owner}
        match act.action:
            case "record-call":
                body["result"] = act.result or await self._patients.on_call(referral_id)
                body["spokeWith"] = act.spoke_with
            case "enter-authorization":
                number = self._world.random(f"number/{referral_id}").randint(10**6, 10**7 - 1)
                body["number"] = act.number or f"PH{number}"
                body["validFrom"] = _day(act.valid_from, now) if act.valid_from else None
                body["validTo"] = _day(act.valid_to or "P90D", now)
            case "self-pay":
                body["feeClass"] = act.fee_class or ("B" if reason == "fee-class-missing" else None)
            case "name-service":
                # Whoever reads the words would know; a script that does not say takes this one.
                body["specialty"] = act.specialty or "207R00000X"
                body["keep"] = act.keep
            case "choose-performer":
                body["performer"] = act.performer
                body["override"] = act.override or "clinical-judgement"
            case "snooze":
                body["until"] = _instant(act.until or "P1D", now)
            case _:
                pass
        return {name: value for name, value in body.items() if value is not None}

    async def _until_open(self, script: StaffPart) -> None:
        if script.hours == "office":
            now = self._world.now()
            await self._world.sleep(opening(now) - now)


def opening(now: datetime) -> datetime:
    """Return the first instant from now on at which the office is open."""
    local = now.astimezone(_ZONE)
    if local.time() >= _CLOSES:
        local = _morning(local + timedelta(days=1))
    while local.weekday() >= _SATURDAY:
        local = _morning(local + timedelta(days=1))
    return max(local, _morning(local)).astimezone(UTC)


def routes(office: ApiClient) -> list[Route]:
    """Return what is to be seen of the staff."""
    return [Route("/staff/log", office.log, methods=["GET"])]


def _morning(local: datetime) -> datetime:
    return local.replace(hour=_OPENS.hour, minute=0, second=0, microsecond=0)


def _day(text: str, now: datetime) -> str:
    return (now + span(text)).date().isoformat() if text.startswith("P") else text


def _instant(text: str, now: datetime) -> str:
    return instant(now + span(text)) if text.startswith("P") else text
