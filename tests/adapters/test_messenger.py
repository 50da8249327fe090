"""What the messenger makes of a carrier in trouble: sent, surely not sent, or nobody knows."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from referral_core.adapters.messenger import EndUserMessaging
from referral_core.domain.errors import Final, Retryable
from referral_core.ports import Ambiguous, Sms
from tests.adapters.loopback import served
from tests.adapters.sms_client import sms_client

PHONE, BODY = "+15085550131", "Lakeside Care: call 508-555-0101"
CODES = {
    "throttled": ("ThrottlingException", 400),
    "validation": ("ValidationException", 400),
    "opted-out": ("ConflictException", 400),
    "quota": ("ServiceQuotaExceededException", 402),
    "denied": ("AccessDeniedException", 403),
    "internal": ("InternalServerException", 500),
}
calls: list[str] = []


async def _trouble(request: Request) -> Response:
    kind = request.path_params["kind"]
    calls.append(kind)
    if kind in CODES:
        code, status = CODES[kind]
        body = {"__type": code, "Message": f"{PHONE} {BODY}", "Reason": "OF_ITS_OWN"}
        return JSONResponse(body, status, media_type="application/x-amz-json-1.0")
    if kind == "slow":
        await asyncio.sleep(0.6)
    if kind == "unreadable":
        return PlainTextResponse("<html>", 200)
    return PlainTextResponse("trouble", int(kind) if kind.isdigit() else 200)


@pytest.fixture(scope="module")
def trouble() -> Iterator[str]:
    with served(Starlette(routes=[Route("/{kind}", _trouble, methods=["POST"])])) as url:
        yield url


@pytest.fixture(autouse=True)
def forget() -> None:
    calls.clear()


def send(endpoint_url: str) -> int:
    client = sms_client(endpoint_url, read_timeout=0.3)
    message = Sms(to=PHONE, body=BODY, reference="r1-c1")
    return EndUserMessaging(client, "+15085550100").send_sms(message)


@pytest.mark.parametrize("kind", ["throttled", "429", "503"])
def test_what_was_not_taken_was_surely_not_sent(trouble: str, kind: str) -> None:
    with pytest.raises(Retryable):
        send(f"{trouble}/{kind}")

    assert calls == [kind]


@pytest.mark.parametrize("kind", ["validation", "opted-out", "quota", "denied", "404"])
def test_a_refusal_is_final_and_names_its_reason(trouble: str, kind: str) -> None:
    with pytest.raises(Final, match=CODES[kind][0] if kind in CODES else "404"):
        send(f"{trouble}/{kind}")

    assert calls == [kind]


@pytest.mark.parametrize("kind", ["internal", "500", "502", "504", "slow", "unreadable"])
def test_a_failure_after_taking_it_is_ambiguous_and_never_tried_again(
    trouble: str, kind: str
) -> None:
    with pytest.raises(Ambiguous):
        send(f"{trouble}/{kind}")

    assert calls == [kind]


def test_a_connection_that_is_cut_is_ambiguous() -> None:
    with listening() as url, pytest.raises(Ambiguous):
        send(url)


def test_a_carrier_that_cannot_be_reached_has_surely_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(Retryable):
        send(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("kind", ["opted-out", "throttled", "internal", "unreadable"])
def test_errors_hold_neither_number_nor_words(trouble: str, kind: str) -> None:
    with pytest.raises((Final, Retryable, Ambiguous)) as caught:
        send(f"{trouble}/{kind}")

    assert PHONE not in str(caught.value)
    assert BODY not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_client_that_would_send_again_by_itself_is_refused(trouble: str) -> None:
    with pytest.raises(ValueError, match="total_max_attempts=1"):
        EndUserMessaging(sms_client(trouble, attempts=2), "+15085550100")


@contextmanager
def listening() -> Iterator[str]:
    """A server that reads what it is sent and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)

        thread = threading.Thread(target=hang_up)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(timeout=5)
