"""All simulated partners as one ASGI application, over a world that somebody else brings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.partners import carrier, clinic, ehr, patient, payer
from local.partners.gate import Gate, control
from local.partners.world import World


class PayersWorld:
    """The world as the payer sees it: its part of each script, found by the trace."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.now = world.now
        self.later = world.later
        self.sleep = world.sleep
        self.post_as = world.post_as
        self.mode = world.mode

    async def script_for(self, trace: str) -> Mapping[str, Any]:
        """Return the payer's part of the script of the referral that a trace belongs to."""
        return (await self._world.learn(trace.partition("-")[0])).payer


def application(world: World, topic: carrier.Topic) -> Starlette:
    """Return the partners' application.

    Args:
        world: what the partners share; what is still to happen in it ends with the application.
        topic: where the carrier publishes what patients write.
    """
    patients = patient.Patients(world)

    async def govern(request: Request) -> Response:
        return control(world, await request.json())

    async def ready(_request: Request) -> Response:
        return JSONResponse({"ready": True})

    async def payer_log(_request: Request) -> Response:
        return JSONResponse(world.log("payer"))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await world.stop()

    return Starlette(
        routes=[
            *payer.routes(PayersWorld(world)),
            *clinic.routes(world),
            *ehr.routes(world),
            *carrier.routes(carrier.Carrier(world, patients, topic)),
            *patient.routes(patients),
            Route("/payer/log", payer_log, methods=["GET"]),
            Route("/control", govern, methods=["POST"]),
            Route("/ready", ready),
        ],
        middleware=[Middleware(Gate, world=world)],
        lifespan=lifespan,
    )
