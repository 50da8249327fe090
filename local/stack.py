"""The whole product on this machine: emulator, template, partners, tenant, watchdog's ticks."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx

from infra import STACK_NAME
from local.deploy import Deployment, deploy, synthesise
from local.emulator import HOST, Emulator, die_with_parent, running, stop_group
from local.metrics import bridged
from local.pace import Pace
from local.partners.carrier.endpoint import NUMBER, OPT_OUT_LIST
from local.partners.world import Client
from local.seed import TENANT, Seeded, seed
from referral_core.domain.lifecycle import Step
from referral_core.wiring.parts.reacting_steps import WAITING

ROOT: Final = Path(__file__).parents[1]
ORIGIN: Final = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
"""Where virtual time begins: a Monday, 09:00 in Boston."""
RATE: Final = 14_400.0
"""Virtual seconds a real one: six real seconds a virtual day, unless `up` is told otherwise."""
GRACE_S: Final = 12
EMAIL_FROM: Final = "referrals@lakeside.example"
"""The tenant's sending address."""
_TICK_S: Final = 0.25
_NOTICES_BEHIND: Final = 10
"""So many notices wait to be taken only where the machine does not keep up."""
_READY_WITHIN_S: Final = 30.0


@dataclass(frozen=True)
class Stack:
    """The running product."""

    emulator: Emulator
    deployment: Deployment
    seeded: Seeded
    partners_url: str
    api_url: str
    pace: Pace

    @property
    def token_url(self) -> str:
        """Where clients get their tokens."""
        return f"{self.emulator.endpoint}/oauth2/token"

    def now(self) -> datetime:
        """Return the virtual instant."""
        return self.pace.clock.now()

    def token(self, client: Client) -> str:
        """Get a client-credentials token, as an EHR does."""
        answer = httpx.post(
            self.token_url,
            data={
                "grant_type": "client_credentials",
                "scope": "referrals/read referrals/write",
                "client_id": client.client_id,
                "client_secret": client.client_secret,
            },
            timeout=30,
        )
        return str(answer.raise_for_status().json()["access_token"])


@contextmanager
def up(
    scripts: Path | None, rate: float = RATE, night_rate: float | None = None
) -> Iterator[Stack]:
    """Run the product until the block ends; nothing of it stays behind.

    Args:
        scripts: the folder whose sidecars the simulated partners follow.
        rate: virtual seconds per real second.
        night_rate: the same outside business hours, where it is another.
    """
    with (
        # Held from now on: the template tells the partners' address long before they are there.
        socket.create_server((HOST, 0)) as listener,
        tempfile.TemporaryDirectory(prefix="referral-router-") as folder,
        running({}) as emulator,
    ):
        partners_url = f"http://{HOST}:{listener.getsockname()[1]}"
        # The day begins when the first referral can be posted.
        pace = Pace.standing(Path(folder) / "clock.json", ORIGIN, rate, night_rate)
        assembly = synthesise(Path(folder), _environment(partners_url, pace))
        identities = {
            "SmsOriginationIdentity": NUMBER,
            "OptOutList": OPT_OUT_LIST,
            "EmailFrom": EMAIL_FROM,
        }
        deployment = deploy(emulator, assembly, identities)
        api_url = f"{emulator.endpoint}/_aws/execute-api/{deployment['ApiId']}/$default"
        _tell_functions(emulator, deployment, api_url)
        _sign_in_at(emulator, deployment, f"{api_url}/console")
        seeded = seed(emulator, deployment, partners_url, ORIGIN.date())
        stack = Stack(emulator, deployment, seeded, partners_url, api_url, pace)
        with _partners(stack, scripts, listener):
            _warm(stack)
            with _ticking(stack), bridged(emulator):
                yield stack


def _environment(partners_url: str, pace: Pace) -> Mapping[str, str]:
    """Return what every function is told about this machine."""
    return {
        "CLOCK_FILE": str(pace.file),
        "STEP_GRACE_SECONDS": str(GRACE_S),
        "AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2": f"{partners_url}/carrier",
    }


def _tell_functions(emulator: Emulator, deployment: Deployment, api_url: str) -> None:
    """Give the functions that make links the address that works on this machine."""
    functions = emulator.client("lambda")
    told = {
        "PUBLIC_BASE_URL": api_url,
        "TOKEN_URL": f"{emulator.endpoint}/oauth2/token",
        "POOL_KEYS_URL": f"{emulator.endpoint}/{deployment['UserPoolId']}/.well-known/jwks.json",
    }
    linking = (
        "authorize_client",
        "issue_token",
        "receive_referral",
        "receive_update",
        "query_api",
        "deliver_notices",
        "serve_console",
    )
    for name in linking:
        full = f"referral-router-{name}"
        known = functions.get_function_configuration(FunctionName=full)["Environment"]["Variables"]
        variables = {**known, **{k: v for k, v in told.items() if k in {*known, "PUBLIC_BASE_URL"}}}
        functions.update_function_configuration(
            FunctionName=full, Environment={"Variables": variables}
        )


def _sign_in_at(emulator: Emulator, deployment: Deployment, page: str) -> None:
    """Let the pool send people back to the console's address on this machine."""
    cognito = emulator.client("cognito-idp")
    whose = {"UserPoolId": deployment["UserPoolId"], "ClientId": deployment["ConsoleClientId"]}
    client = cognito.describe_user_pool_client(**whose)["UserPoolClient"]
    kept = ("AllowedOAuthFlows", "AllowedOAuthScopes", "AllowedOAuthFlowsUserPoolClient")
    cognito.update_user_pool_client(
        **whose,
        **{name: client[name] for name in (*kept, "ExplicitAuthFlows")},
        CallbackURLs=[page],
        LogoutURLs=[page],
        SupportedIdentityProviders=["COGNITO"],
    )


@contextmanager
def _partners(stack: Stack, scripts: Path | None, listener: socket.socket) -> Iterator[None]:
    told = {
        "listener": listener.fileno(),
        "api_url": stack.api_url,
        "token_url": stack.token_url,
        "clients": {name: vars(client) for name, client in stack.seeded.clients.items()},
        "clock": str(stack.pace.file),
        "scripts": str(scripts) if scripts else None,
        "endpoint": stack.emulator.endpoint,
        "replies_topic_arn": stack.deployment["RepliesTopicArn"],
    }
    log = stack.emulator.log.with_name("partners.log")
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.partners"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(listener.fileno(),),
            preexec_fn=die_with_parent,  # noqa: PLW1509 - before exec, in a single thread
        )
    # Theirs alone from here on, so that it closes when they end.
    listener.close()
    try:
        if process.stdin is not None:
            process.stdin.write(json.dumps(told).encode())
            process.stdin.close()
        _await(f"{stack.partners_url}/ready", log)
        yield
    finally:
        stop_group(process)


def _await(url: str, log: Path) -> None:
    until = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < until:
        with suppress(httpx.TransportError):
            if httpx.get(url, timeout=2).is_success:
                return
        time.sleep(0.05)
    raise RuntimeError(f"The simulated partners did not start:\n{log.read_text()[-2000:]}")


def _warm(stack: Stack) -> None:
    """Start the functions' workers side by side, so that the first referral does not wait.

    The events lead nowhere: no such path, no records, and a step of a referral that is not there.
    """
    functions = stack.emulator.client("lambda")
    nowhere = {
        "version": "2.0",
        "rawPath": "/",
        "headers": {},
        "requestContext": {"stage": "$default", "http": {"method": "GET", "path": "/"}},
        "Records": [],
        "tenant": TENANT,
        "referral_id": "nobody",
        "run": 1,
        "token": "nobody",
    }

    def start(name: str) -> None:
        state = "".join(part.capitalize() for part in name.split("_"))
        event = _entry(nowhere, state) if state in set(Step) else nowhere
        _invoke(functions, f"{STACK_NAME}-{name}", json.dumps(event).encode())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(start, [p.stem for p in (ROOT / "functions").glob("*.py")]))


def _invoke(functions: Any, name: str, payload: bytes) -> None:
    """Invoke a function; its answer is read, since its connection is free again only then."""
    functions.invoke(FunctionName=name, Payload=payload)["Payload"].read()


def _entry(nowhere: Mapping[str, Any], state: str) -> Mapping[str, Any]:
    waits = ("token",) if state in WAITING else ()
    wanted = ("tenant", "referral_id", "run", *waits)
    return {**{name: nowhere[name] for name in wanted}, "step": state}


@contextmanager
def _ticking(stack: Stack) -> Iterator[None]:
    """Call fire_timers four times a second, as EventBridge does once a minute; time follows."""
    functions, queues = stack.emulator.client("lambda"), stack.emulator.client("sqs")
    stopped = threading.Event()

    def queued() -> int:
        asked = queues.get_queue_attributes(
            QueueUrl=stack.deployment["NoticesQueueUrl"],
            AttributeNames=["ApproximateNumberOfMessages"],
        )
        return int(asked["Attributes"]["ApproximateNumberOfMessages"])

    def tick() -> None:
        while not stopped.wait(_TICK_S):
            with suppress(Exception):  # the next tick follows; what is due stays due
                _invoke(functions, stack.deployment["FireTimersName"], b"{}")
                keeps_up = queued() <= _NOTICES_BEHIND
                stack.pace.go_on() if keeps_up else stack.pace.hold()

    thread = threading.Thread(target=tick, name="watchdog", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join(timeout=10)
