"""Runs all simulated partners in one process: `python -m local.partners < setting.json`."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.partners import carrier, clinic, ehr, patient, payer
from local.partners.gate import Gate, control
from local.partners.router_api import HttpRouter
from local.partners.script import Scripts
from local.partners.world import Client, VirtualClock, World


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


def app(told: Mapping[str, Any]) -> Starlette:
    """Return the partners' application.

    Args:
        told: `{"api_url", "token_url", "clients", "origin", "started", "rate", "scripts",
            "endpoint", "replies_topic_arn"}`.
    """
    clients = {name: Client(**client) for name, client in told["clients"].items()}
    router = HttpRouter(told["api_url"], told["token_url"], clients)
    clock = VirtualClock(
        origin=datetime.fromisoformat(told["origin"]),
        started=datetime.fromisoformat(told["started"]),
        rate=float(told["rate"]),
    )
    scripts = Scripts(Path(told["scripts"]) if told.get("scripts") else None)
    world = World(clock, router, scripts)
    sns = boto3.client(
        "sns",
        endpoint_url=told["endpoint"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator's fixed credentials
    )
    topic = carrier.SnsTopic(sns, told["replies_topic_arn"])
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
        await router.close()

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


if __name__ == "__main__":
    told = json.load(sys.stdin)
    uvicorn.run(app(told), host="127.0.0.1", port=told["port"], log_level="warning")
