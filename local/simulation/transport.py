"""HTTP within the process, both ways: the product to its partners, and they to its API.

The product is synchronous: it drives a partner's ASGI handler itself. A handler that has to wait
has lost its caller, who gives up, but goes on: what it was asked for may happen all the same.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Generator, Mapping
from http import HTTPStatus
from io import BytesIO
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import boto3
import urllib3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError as SdkTimeout
from starlette.types import ASGIApp, Message
from urllib3.exceptions import ReadTimeoutError

from referral_core.domain.access.caller import Caller
from referral_core.domain.access.principal import Principal

_TRIES: Final = 8
_FIRST_PAUSE_S: Final = 0.1
_SCOPES: Final = frozenset({"referrals/read", "referrals/write"})
_NEVER_ENDS: Final = 4_102_444_800
"""Tokens live in real time, which a simulation has none of: this one ends in 2100."""

Handler = Callable[[dict[str, Any]], Mapping[str, Any]]
"""A Lambda function behind the HTTP API: an event in, a response out."""


class TooSlow(Exception):
    """The handler did not answer at once; it works on."""


class _Continued:
    """Awaits what is left of a coroutine that was driven up to where it waits."""

    def __init__(self, begun: Coroutine[Any, Any, Any], awaited: Any) -> None:
        self._begun = begun
        self._awaited = awaited

    def __await__(self) -> Generator[Any, Any, None]:
        awaited = self._awaited
        while True:
            try:
                awaited = self._begun.send((yield awaited))
            except StopIteration:
                return


async def _finish(rest: _Continued) -> None:
    await rest


_left: Final[set[asyncio.Task[None]]] = set()


def drive(act: Coroutine[Any, Any, Any]) -> None:
    """Run a coroutine that answers at once, from within the running loop.

    Raises:
        TooSlow: it waits for something; the loop finishes it.
    """
    while True:
        try:
            awaited = act.send(None)
        except StopIteration:
            return
        if awaited is not None:  # a bare yield only lets others go first
            task = asyncio.get_running_loop().create_task(_finish(_Continued(act, awaited)))
            _left.add(task)
            task.add_done_callback(_left.discard)
            raise TooSlow


def exchange(
    app: ASGIApp, method: str, url: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    """Send one request to an ASGI application; return status, headers and body.

    Raises:
        TooSlow: it did not answer at once.
    """
    target = urlsplit(url)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": target.scheme,
        "path": unquote(target.path),
        "raw_path": target.path.encode(),
        "root_path": "",
        "query_string": target.query.encode(),
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": (target.hostname, target.port or 443),
    }
    answer: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        answer.append(message)

    async def serve() -> None:
        await app(scope, receive, send)

    drive(serve())
    start = answer[0]
    sent_headers = {k.decode(): v.decode() for k, v in start["headers"]}
    return int(start["status"]), sent_headers, b"".join(m.get("body", b"") for m in answer[1:])


class InProcessPool:
    """Stands for the connection pool of `HttpClient`."""

    def __init__(self, app: ASGIApp) -> None:
        """Take the application of all partners."""
        self._app = app

    def request(
        self, method: str, url: str, *, body: bytes, headers: Mapping[str, str], **_options: Any
    ) -> urllib3.HTTPResponse:
        """Send a request; one that is not answered at once has timed out."""
        try:
            status, sent_headers, content = exchange(self._app, method, url, headers, body)
        except TooSlow:
            raise ReadTimeoutError(urllib3.HTTPSConnectionPool("partners"), "", "slow") from None
        return urllib3.HTTPResponse(
            body=BytesIO(content), headers=sent_headers, status=status, preload_content=False
        )


class _Raw(BytesIO):
    def stream(self, **_options: Any) -> Generator[bytes, None, None]:
        yield self.read()


def sdk_client(service: str, app: Callable[[], ASGIApp], url: str) -> Any:
    """Return a boto3 client whose requests, signed as ever, go to an ASGI application.

    Args:
        service: the AWS service.
        app: the application, asked for with each request.
        url: the endpoint, as the application knows it.
    """
    client = boto3.client(  # type: ignore[call-overload]
        service,
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="simulated",
        aws_secret_access_key="simulated",  # noqa: S106 - nobody checks it
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
    )

    def send(request: AWSPreparedRequest, **_event: Any) -> AWSResponse:
        asked = request
        headers = {k: _text(v) for k, v in asked.headers.items()}
        body = asked.body.encode() if isinstance(asked.body, str) else bytes(asked.body or b"")  # type: ignore[arg-type] # never a file
        try:
            status, sent_headers, content = exchange(app(), asked.method, asked.url, headers, body)
        except TooSlow:
            raise SdkTimeout(endpoint_url=asked.url) from None
        return AWSResponse(asked.url, status, sent_headers, _Raw(content))  # type: ignore[arg-type] # any mapping will do

    client.meta.events.register("before-send", send)
    return client


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def handed_over(principal: Principal, time_zone: str) -> Mapping[str, str | int]:
    """Return what the gateway's authorizer says of a client with a token."""
    return Caller(principal, _SCOPES, _NEVER_ENDS, time_zone).handed_over()


def http_event(
    caller: Mapping[str, Any],
    method: str,
    path: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    number: int,
) -> dict[str, Any]:
    """Return the event that the HTTP API makes of a request.

    Args:
        caller: what its authorizer says of who calls.
        method: of HTTP.
        path: with its query.
        body: as it is sent.
        headers: beside the type of its content.
        number: of the request.
    """
    target = urlsplit(path)
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": target.path,
        "rawQueryString": target.query,
        "queryStringParameters": dict(parse_qsl(target.query)),
        "headers": {"content-type": "application/fhir+json", **headers},
        "requestContext": {
            "stage": "$default",
            "domainName": "router.example",
            "requestId": f"request-{number}",
            "http": {"method": method, "path": target.path},
            "authorizer": {"lambda": caller},
        },
        "body": body.decode("utf-8", errors="surrogateescape"),
        "isBase64Encoded": False,
    }


class InProcessRouter:
    """The product's HTTP API as the partners call it, with their patience."""

    def __init__(self, serve: Handler, caller: Callable[[str], Mapping[str, str | int]]) -> None:
        """Take what answers an HTTP API event, and what is handed over of a client, by its name."""
        self._serve = serve
        self._caller = caller
        self._number = 0

    async def call(
        self, client: str, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Call the API as one of its clients, again while it is unavailable."""
        content = b"" if body is None else json.dumps(body).encode()
        status: int = 0
        answer: dict[str, Any] = {}
        for attempt in range(_TRIES):
            if attempt:
                await asyncio.sleep(_FIRST_PAUSE_S * 2 ** (attempt - 1))
            status, answer = self.send(client, method, path, content)
            if status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in {
                0,
                HTTPStatus.TOO_MANY_REQUESTS,
            }:
                break
        return status, answer

    def send(
        self,
        client: str,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        """Call once; return status and body."""
        self._number += 1
        caller = self._caller(client)
        response = self._serve(
            http_event(caller, method, path, body, headers=headers or {}, number=self._number)
        )
        answer = json.loads(response["body"]) if response.get("body") else {}
        return int(response["statusCode"]), answer if isinstance(answer, dict) else {}
