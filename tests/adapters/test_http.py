"""The outbound client: which failures are worth a retry, and that nothing private leaks."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from referral_core.adapters.http.client import HttpClient
from referral_core.adapters.http.client import Response as PartnerResponse
from referral_core.domain.errors import Permanent, Refused, Retryable
from tests.adapters.loopback import served

PRIVATE = "Ana Rivera W123456789"


async def _status(request: Request) -> Response:
    await request.body()
    return PlainTextResponse(PRIVATE, int(request.path_params["status"]))


async def _echo(request: Request) -> Response:
    body = await request.body()
    seen = ("authorization", "content-type", "accept", "if-match")
    headers = "|".join(request.headers.get(name, "-") for name in seen)
    return Response(f"{request.method}|{headers}|{body.decode()}", media_type="text/plain")


async def _elsewhere(_: Request) -> Response:
    return RedirectResponse("/echo", 307)


async def _slow(_: Request) -> Response:
    await asyncio.sleep(0.6)
    return PlainTextResponse("late")


async def _dribble(_: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            await asyncio.sleep(0.05)
            yield b"x" * 70_000

    return StreamingResponse(pieces())


async def _flood(_: Request) -> Response:
    return Response(b"x" * 5_100_000)


def a_certificate(folder: Path) -> tuple[str, str]:
    """Make a self-signed certificate for 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "payer")])
    address = x509.IPAddress(ip_address("127.0.0.1"))
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(paths[0]), str(paths[1])


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    routes = [
        Route("/status/{status}", _status, methods=["POST"]),
        Route("/echo", _echo, methods=["POST", "PUT"]),
        Route("/elsewhere", _elsewhere, methods=["POST"]),
        Route("/slow", _slow, methods=["POST"]),
        Route("/dribble", _dribble, methods=["POST"]),
        Route("/flood", _flood, methods=["POST"]),
    ]
    with served(Starlette(routes=routes)) as url:
        yield url


def send(url: str, method: str = "POST", timeout: float = 5.0, **more: str) -> PartnerResponse:
    return HttpClient(lambda name: f"token-of-{name}").send(
        method,
        url,
        secret="payer",
        body=PRIVATE.encode(),
        content_type="text/plain",
        timeout=timeout,
        headers=more,
    )


def post(client: HttpClient, url: str) -> PartnerResponse:
    return client.send(
        "POST", url, secret="payer", body=b"x" * 100_000, content_type="text/plain", timeout=5
    )


def test_a_request_carries_token_type_and_headers(base_url: str) -> None:
    answer = send(f"{base_url}/echo", "PUT", **{"If-Match": 'W/"3"'})

    assert answer.status == 200
    assert answer.content_type.startswith("text/plain")
    assert answer.body.decode() == (
        f'PUT|Bearer token-of-payer|text/plain|text/plain|W/"3"|{PRIVATE}'
    )


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 425, 429])
def test_a_partner_in_trouble_is_worth_a_retry(base_url: str, status: int) -> None:
    with pytest.raises(Retryable, match=str(status)):
        send(f"{base_url}/status/{status}")


@pytest.mark.parametrize("status", [400, 409, 410, 412, 413, 415, 422])
def test_a_refusal_is_final(base_url: str, status: int) -> None:
    with pytest.raises(Refused, match=str(status)):
        send(f"{base_url}/status/{status}")


@pytest.mark.parametrize("status", [302, 304, 401, 403, 404, 405])
def test_an_address_or_a_token_that_is_wrong_says_nothing_of_what_was_sent(
    base_url: str, status: int
) -> None:
    with pytest.raises(Permanent, match=str(status)) as caught:
        send(f"{base_url}/status/{status}")
    assert not isinstance(caught.value, Refused)


def test_a_redirect_is_not_followed_with_our_token(base_url: str) -> None:
    with pytest.raises(Permanent, match="307"):
        send(f"{base_url}/elsewhere")


@pytest.mark.parametrize("path", ["/status/400", "/status/503", "/flood", "/echo"])
def test_the_next_answer_is_not_spoilt_by_the_last(base_url: str, path: str) -> None:
    client = HttpClient(str.upper)
    for _ in range(2):
        with suppress(Permanent, Retryable):
            post(client, f"{base_url}{path}")

        assert post(client, f"{base_url}/echo").body.startswith(b"POST|Bearer PAYER|")


def test_a_slow_partner_is_worth_a_retry(base_url: str) -> None:
    with pytest.raises(Retryable):
        send(f"{base_url}/slow", timeout=0.2)


def test_a_partner_that_dribbles_is_cut_off(base_url: str) -> None:
    with pytest.raises(Retryable):
        send(f"{base_url}/dribble", timeout=0.3)


def test_a_flood_is_refused(base_url: str) -> None:
    with pytest.raises(Permanent):
        send(f"{base_url}/flood")


def test_a_partner_that_is_gone_is_worth_a_retry() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(Retryable):
        send(f"http://127.0.0.1:{port}/echo")


@pytest.mark.parametrize(
    "url",
    [
        "http://payer.example/echo",
        "http://localhost:1/echo",
        "http://127.0.0.1.payer.example/echo",
        "http://127.0.0.1@payer.example/echo",
        "ftp://127.0.0.1/echo",
        "file:///etc/passwd",
        "payer.example/echo",
        "http://[::1",
        "",
    ],
)
def test_only_tls_leaves_this_machine(url: str) -> None:
    with pytest.raises(Permanent):
        send(url)


def test_a_partner_whose_certificate_nobody_vouches_for_gets_nothing(tmp_path: Path) -> None:
    received: list[str] = []

    async def listen(request: Request) -> Response:
        received.append(request.headers["authorization"])
        return PlainTextResponse("thanks")

    certificate, key = a_certificate(tmp_path)
    app = Starlette(routes=[Route("/echo", listen, methods=["POST"])])
    with (
        served(app, ssl_certfile=certificate, ssl_keyfile=key) as url,
        pytest.raises(Retryable, match="SSLError"),
    ):
        send(f"{url}/echo")

    assert received == []


@pytest.mark.parametrize("path", ["/status/400", "/status/503", "/slow", "/flood"])
def test_neither_errors_nor_logs_hold_what_was_said(
    base_url: str, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises((Permanent, Retryable)) as caught:
        send(f"{base_url}{path}?name=Rivera", timeout=0.3)

    chain = [caught.value, caught.value.__cause__]
    spoken = " ".join(str(error) for error in chain if error) + caplog.text
    for private in ("Rivera", "W123456789", "token-of-payer"):
        assert private not in spoken
