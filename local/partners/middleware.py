"""The middleware before all partners: it keeps their logs and plays their failures to callers."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.partners.world import MODES, PARTNERS, World

_NOT_PARTNERS: Final = frozenset({"/ehr/watch"})
"""Where the demo speaks, and not the product."""


class FaultMiddleware:
    """ASGI middleware over the requests that reach a partner's endpoints."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self._app = app
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, late or not at all, and write it down."""
        partner = _partner(scope)
        if partner is None:
            await self._app(scope, receive, send)
            return
        body = await _read(receive)
        mode = self._world.mode.get(partner, "up")
        entry = {"did": "received", "method": scope["method"], "path": scope["path"]}
        if mode == "down":
            self._world.note(partner, **entry, status=int(HTTPStatus.SERVICE_UNAVAILABLE))
            away = PlainTextResponse("down", HTTPStatus.SERVICE_UNAVAILABLE)
            await away(scope, receive, send)
            return
        if mode == "slow":
            await self._world.delay(partner)

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                shown = _shown(body)
                self._world.note(partner, **entry, status=message["status"], body=shown)
            await send(message)

        await self._app(scope, _again(body, receive), noted)


def control(world: World, wanted: Any) -> Response:
    """Give a partner a kind of day: `{"partner": "clinic", "mode": "slow", "seconds": 12}`."""
    partner = wanted.get("partner") if isinstance(wanted, dict) else None
    if partner not in PARTNERS or wanted.get("mode") not in MODES:
        refusal = {"error": f"Name a partner of {PARTNERS} and a mode of {MODES}."}
        return JSONResponse(refusal, HTTPStatus.BAD_REQUEST)
    world.mode[partner] = wanted["mode"]
    if "seconds" in wanted:
        world.slow_s[partner] = float(wanted["seconds"])
    return JSONResponse(world.mode)


def _partner(scope: Scope) -> str | None:
    if scope["type"] != "http" or scope["method"] == "GET" or scope["path"] in _NOT_PARTNERS:
        return None
    first = str(scope["path"]).split("/")[1]
    return first if first in PARTNERS else None


async def _read(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _again(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body first."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _shown(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", errors="replace")
