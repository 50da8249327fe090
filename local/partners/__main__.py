"""Runs all simulated partners in one process: `python -m local.partners < setting.json`."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import uvicorn

from local.partners.application import application
from local.partners.carrier.endpoint import SnsTopic
from local.partners.router_client import HttpRouter
from local.partners.scripts.script import Scripts
from local.partners.world import Client, StackClock, World


async def serve(told: Mapping[str, Any]) -> None:
    """Serve the partners until the process is told to stop.

    Args:
        told: `{"listener", "api_url", "token_url", "clients", "clock", "scripts",
            "endpoint", "replies_topic_arn"}`; `listener` is an inherited
            listening socket's descriptor; `"seed"` where chance is to fall otherwise.
    """
    clients = {name: Client(**client) for name, client in told["clients"].items()}
    router = HttpRouter(told["api_url"], told["token_url"], clients)
    clock = StackClock(told["clock"])
    seed = told.get("seed")
    scripts = Scripts(Path(told["scripts"]) if told.get("scripts") else None, seed)
    sns = boto3.client(
        "sns",
        endpoint_url=told["endpoint"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator's fixed credentials
    )
    world = World(clock, router, scripts, seed or "")
    app = application(world, SnsTopic(sns, told["replies_topic_arn"]))
    config = uvicorn.Config(app, log_level="warning")
    await uvicorn.Server(config).serve(sockets=[socket.socket(fileno=told["listener"])])
    await router.close()


if __name__ == "__main__":
    asyncio.run(serve(json.load(sys.stdin)))
