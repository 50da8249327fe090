"""Runs all simulated partners in one process: `python -m local.partners < setting.json`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.partners import carrier, clinic, ehr, payer
from local.partners.script import Scripts
from local.partners.world import Client, Setting, World


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
        return (await self._world.learn(trace.partition("-")[0]))["payer"]


def app(told: Mapping[str, Any]) -> Starlette:
    """Return the partners' application.

    Args:
        told: `{"api_url", "token_url", "clients", "origin", "started", "rate", "scripts",
            "endpoint", "replies_topic_arn"}`.
    """
    setting = Setting(
        api_url=told["api_url"],
        token_url=told["token_url"],
        clients={name: Client(**client) for name, client in told["clients"].items()},
        origin=datetime.fromisoformat(told["origin"]),
        started=datetime.fromisoformat(told["started"]),
        rate=float(told["rate"]),
    )
    scripts = Scripts(Path(told["scripts"]) if told.get("scripts") else None)
    world = World(setting, scripts)
    sns = boto3.client(
        "sns",
        endpoint_url=told["endpoint"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator's fixed credentials
    )

    async def control(request: Request) -> Response:
        """Let a partner go down or come up: `{"partner": "ehr", "mode": "down"}`."""
        wanted = await request.json()
        world.mode[wanted["partner"]] = wanted["mode"]
        return JSONResponse(world.mode)

    async def ready(_request: Request) -> Response:
        return JSONResponse({"ready": True})

    return Starlette(
        routes=[
            *payer.routes(PayersWorld(world)),
            *clinic.routes(world),
            *ehr.routes(world),
            *carrier.routes(world, sns, told["replies_topic_arn"]),
            Route("/control", control, methods=["POST"]),
            Route("/ready", ready),
        ]
    )


if __name__ == "__main__":
    told = json.load(sys.stdin)
    uvicorn.run(app(told), host="127.0.0.1", port=told["port"], log_level="warning")
