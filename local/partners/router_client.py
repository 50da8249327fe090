"""The router's HTTP API as its clients use it: OAuth2 tokens, patience, one connection pool."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

import httpx

from local.partners.world import Client

_TRIES: Final = 8
_FIRST_PAUSE_S: Final = 0.1
_SCOPE: Final = "referrals/read referrals/write"
_EARLY: Final = timedelta(seconds=60)
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class HttpRouter:
    """Calls the API and tries again while it is unavailable, for about 25 seconds."""

    def __init__(
        self,
        api_url: str,
        token_url: str,
        clients: Mapping[str, Client],
        *,
        http: httpx.AsyncClient | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Take the API's address, where tokens come from, and the clients by name.

        Args:
            api_url: base URL of the API.
            token_url: of the OAuth2 token endpoint.
            clients: by name: `ehr`, `payer`, `clinic:<organization>`.
            http: the HTTP client to use.
            pause: waits some real seconds.
        """
        self._api_url = api_url
        self._token_url = token_url
        self._clients = clients
        self._tokens: dict[str, tuple[str, datetime]] = {}
        self._http = http or httpx.AsyncClient(timeout=30)
        self._pause = pause

    async def call(
        self, client: str, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Call the API as one of its clients; return the last status and body."""
        status: int = 0
        answer: dict[str, Any] = {}
        for attempt in range(_TRIES):
            if attempt:
                await self._pause(_FIRST_PAUSE_S * 2 ** (attempt - 1))
            try:
                response = await self._send(client, method, path, body)
            except httpx.HTTPError:
                status, answer = 0, {}
                continue
            status, answer = response.status_code, _json(response)
            if status == HTTPStatus.UNAUTHORIZED:
                self._tokens.pop(client, None)
            elif (
                status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS
            ):
                break
        return status, answer

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _send(
        self, client: str, method: str, path: str, body: Mapping[str, Any] | None
    ) -> httpx.Response:
        return await self._http.request(
            method,
            f"{self._api_url}{path}",
            json=body,
            headers={
                "Authorization": f"Bearer {await self._token(client)}",
                "Content-Type": "application/fhir+json",
            },
        )

    async def _token(self, name: str) -> str:
        token, until = self._tokens.get(name, ("", _LONG_AGO))
        if datetime.now(UTC) < until:
            return token
        client = self._clients[name]
        response = await self._http.post(
            self._token_url,
            data={
                "grant_type": "client_credentials",
                "scope": _SCOPE,
                "client_id": client.client_id,
                "client_secret": client.client_secret,
            },
        )
        granted = response.raise_for_status().json()
        token = str(granted["access_token"])
        lifetime = timedelta(seconds=int(granted["expires_in"]))
        self._tokens[name] = (token, datetime.now(UTC) + lifetime - _EARLY)
        return token


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
