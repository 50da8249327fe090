"""The world the partners live in: virtual time, clients of the router's API, scripts."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

import httpx

from local.partners.script import DEFAULT, Scripts

_TRIES: Final = 8
_SPAN: Final = re.compile(r"^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$")


@dataclass(frozen=True)
class Client:
    """An OAuth2 client of the router's API."""

    client_id: str
    client_secret: str


@dataclass(frozen=True)
class Setting:
    """What the partners are told when they are started.

    Attributes:
        api_url: base URL of the router's API.
        token_url: where tokens come from.
        clients: by name: `ehr`, `payer`, `clinic:<organization>`.
        origin, started, rate: the virtual clock.
    """

    api_url: str
    token_url: str
    clients: Mapping[str, Client]
    origin: datetime
    started: datetime
    rate: float


class World:
    """Shared by all partners of one process."""

    def __init__(self, setting: Setting, scripts: Scripts) -> None:
        self._setting = setting
        self._scripts = scripts
        self._known: dict[str, Mapping[str, Mapping[str, Any]]] = {}
        self._tokens: dict[str, tuple[str, datetime]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._http = httpx.AsyncClient(timeout=30)
        self._agreed: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.mode: dict[str, str] = {}

    @property
    def scripts(self) -> Scripts:
        """The scripts' folder."""
        return self._scripts

    def now(self) -> datetime:
        """Return the virtual instant."""
        setting = self._setting
        return setting.origin + (datetime.now(UTC) - setting.started) * setting.rate

    async def sleep(self, delay: timedelta) -> None:
        """Wait for a virtual delay."""
        await asyncio.sleep(delay.total_seconds() / self._setting.rate)

    def later(self, delay: timedelta, act: Coroutine[Any, Any, None]) -> None:
        """Run something after a virtual delay."""

        async def waited() -> None:
            await self.sleep(delay)
            await act

        task = asyncio.get_running_loop().create_task(waited())
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def agree(self, referral_id: str) -> None:
        """Note that the patient wants to come."""
        self._agreed[referral_id].set()

    async def agreement(self, referral_id: str) -> None:
        """Wait until the patient wants to come; each visit needs a new word."""
        await self._agreed[referral_id].wait()
        self._agreed[referral_id].clear()

    async def learn(self, referral_id: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the script of a referral, asking the API whose it is the first time."""
        if referral_id not in self._known:
            status, order = await self.call("ehr", "GET", f"/fhir/ServiceRequest/{referral_id}")
            if status != HTTPStatus.OK:
                return DEFAULT
            self._known[referral_id] = self._scripts.of(order)
        return self._known[referral_id]

    async def post_as(self, client: str, path: str, body: Mapping[str, Any]) -> int:
        """Post to the API as one of its clients; return the HTTP status."""
        return (await self.call(client, "POST", path, body))[0]

    async def call(
        self, client: str, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Call the API, trying again while it is unavailable; return status and body."""
        status, answer = 0, {}
        for attempt in range(_TRIES):
            try:
                response = await self._http.request(
                    method,
                    f"{self._setting.api_url}{path}",
                    json=body,
                    headers={
                        "Authorization": f"Bearer {await self._token(client)}",
                        "Content-Type": "application/fhir+json",
                    },
                )
            except httpx.TransportError:
                status = 0
            else:
                status = response.status_code
                answer = _json(response)
                if status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _AGAIN:
                    return status, answer
            await asyncio.sleep(0.1 * 2**attempt)
        return status, answer

    async def _token(self, name: str) -> str:
        token, until = self._tokens.get(name, ("", datetime.min.replace(tzinfo=UTC)))
        if datetime.now(UTC) < until:
            return token
        client = self._setting.clients[name]
        response = await self._http.post(
            self._setting.token_url,
            data={
                "grant_type": "client_credentials",
                "scope": "referrals/read referrals/write",
                "client_id": client.client_id,
                "client_secret": client.client_secret,
            },
        )
        granted = response.raise_for_status().json()
        token = str(granted["access_token"])
        lifetime = timedelta(seconds=int(granted["expires_in"]) - 60)
        self._tokens[name] = (token, datetime.now(UTC) + lifetime)
        return token


_AGAIN: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS})


def span(text: str) -> timedelta:
    """Read an ISO 8601 duration of days, hours and minutes.

    Raises:
        ValueError: it is none.
    """
    match = _SPAN.match(text)
    if match is None:
        raise ValueError(f"{text!r} is no duration")
    days, hours, minutes = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


def instant(at: datetime) -> str:
    """Write an instant as FHIR does."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def referral_of(own_id: str) -> str:
    """Return the referral's part of one of the router's ids or marks."""
    return re.split(r"[.\-]", own_id.rpartition("/")[2], maxsplit=1)[0]


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
