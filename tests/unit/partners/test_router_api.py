"""How partners speak to the router's API: tokens, patience, and giving up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

from local.partners.router_client import HttpRouter
from local.partners.world import Client

CLIENTS = {"ehr": Client("ehr-id", "ehr-secret")}


class Api:
    """An API whose answers a test writes down; it counts the tokens it grants."""

    def __init__(self, *answers: int | Exception, expires_in: int = 3600) -> None:
        self.answers = list(answers)
        self.expires_in = expires_in
        self.granted = 0
        self.seen: list[httpx.Request] = []
        self.pauses: list[float] = []

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth2/token":
            self.granted += 1
            token = {"access_token": f"token-{self.granted}", "expires_in": self.expires_in}
            return httpx.Response(200, json=token)
        self.seen.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer, json={"status": answer})

    def play(self, act: Callable[[HttpRouter], Any]) -> Any:
        async def pause(seconds: float) -> None:
            self.pauses.append(seconds)

        async def scene() -> Any:
            http = httpx.AsyncClient(transport=httpx.MockTransport(self.handle))
            router = HttpRouter(
                "http://api", "http://cognito/oauth2/token", CLIENTS, http=http, pause=pause
            )
            try:
                return await act(router)
            finally:
                await router.close()

        return asyncio.run(scene())


async def get(router: HttpRouter) -> tuple[int, dict[str, Any]]:
    return await router.call("ehr", "GET", "/fhir/Task/1")


async def get_twice(router: HttpRouter) -> None:
    await get(router)
    await get(router)


def test_a_call_carries_its_clients_token() -> None:
    api = Api(200)

    assert api.play(get) == (200, {"status": 200})
    assert api.seen[0].headers["authorization"] == "Bearer token-1"


def test_a_token_is_used_until_shortly_before_it_expires() -> None:
    lasting, expiring = Api(200, 200), Api(200, 200, expires_in=60)
    lasting.play(get_twice)
    expiring.play(get_twice)

    assert (lasting.granted, expiring.granted) == (1, 2)


def test_a_token_that_is_refused_is_replaced() -> None:
    api = Api(401, 200)

    assert api.play(get)[0] == 200
    assert api.seen[1].headers["authorization"] == "Bearer token-2"


def test_an_api_in_trouble_is_asked_again_with_growing_pauses() -> None:
    api = Api(503, 429, httpx.ConnectError("gone"), 502, 201)

    assert api.play(get)[0] == 201
    assert api.pauses == [0.1, 0.2, 0.4, 0.8]


def test_a_refusal_is_an_answer() -> None:
    api = Api(409)

    assert api.play(get)[0] == 409
    assert api.pauses == []


def test_after_eight_tries_the_last_answer_stands() -> None:
    failing, gone = Api(*[503] * 8), Api(*[httpx.ConnectError("gone")] * 8)

    assert failing.play(get)[0] == 503
    assert gone.play(get) == (0, {})
    assert len(gone.seen) == 8
