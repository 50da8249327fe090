"""All simulated partners as one ASGI application, over a world that somebody else brings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.partners.carrier import endpoint as carrier
from local.partners.carrier import patients as patient
from local.partners.clinic import endpoint as clinic
from local.partners.ehr import endpoint as ehr
from local.partners.middleware import FaultMiddleware, control
from local.partners.payer import endpoint as payer
from local.partners.staff import worklist as staff
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


class OvertakingTopic:
    """A topic on the carrier's days: in mode `reorder` a message may overtake an earlier one."""

    def __init__(self, world: World, topic: carrier.Topic) -> None:
        self._world = world
        self._topic = topic

    async def publish(self, message: str) -> None:
        """Publish one message, now or later."""
        if self._world.mode.get("carrier") == "reorder":
            self._world.later(self._world.overtaken_by(), self._topic.publish(message))
        else:
            await self._topic.publish(message)


def application(world: World, topic: carrier.Topic) -> Starlette:
    """Return the partners' application; a running loop is needed, for the staff begin at once.

    Args:
        world: what the partners share; what is still to happen in it ends with the application.
        topic: where the carrier publishes what patients write.
    """
    patients = patient.Patients(world)
    office = staff.ApiClient(world, patients)
    world.later(timedelta(0), office.work())
    carried = carrier.Carrier(world, patients, OvertakingTopic(world, topic))

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
            *payer.routes(PayersWorld(world), appeals=world),
            *clinic.routes(world),
            *ehr.routes(world),
            *carrier.routes(carried),
            *patient.routes(patients),
            *staff.routes(office),
            Route("/payer/log", payer_log, methods=["GET"]),
            Route("/control", govern, methods=["POST"]),
            Route("/ready", ready),
        ],
        middleware=[Middleware(FaultMiddleware, world=world)],
        lifespan=lifespan,
    )
