"""What adapters make of a service in trouble: sent, surely not sent, or nobody knows.

The carrier by text, by voice and as keeper of its opt-out list; and the email service.
"""

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

from referral_core.adapters.aws.end_user_messaging import EndUserMessaging
from referral_core.adapters.aws.opt_out_list import CarrierOptOuts
from referral_core.adapters.aws.ses import SesEmail
from referral_core.domain.errors import Permanent, Retryable, RouterError
from referral_core.domain.messages import DeliveryUnknown
from tests.adapters.loopback import served
from tests.adapters.messages import a_message
from tests.adapters.sms_client import email_client, sms_client

PHONE, BODY = "+15085550131", "Lakeside Care: call 508-555-0101"
EMAIL = "pat@example.org"
CHANNELS = ["sms", "voice", "email"]
CODES = {
    "throttled": ("ThrottlingException", 400),
    "too-many": ("TooManyRequestsException", 429),
    "validation": ("ValidationException", 400),
    "opted-out": ("ConflictException", 400),
    "quota": ("ServiceQuotaExceededException", 402),
    "denied": ("AccessDeniedException", 403),
    "rejected": ("MessageRejected", 400),
    "paused": ("SendingPausedException", 400),
    "internal": ("InternalServerException", 500),
}
calls: list[str] = []


async def _trouble(request: Request) -> Response:
    kind = request.path_params["kind"]
    calls.append(kind)
    if kind in CODES:
        code, status = CODES[kind]
        body = {"__type": code, "Message": f"{PHONE} {BODY}", "Reason": "OF_ITS_OWN"}
        headers = {"x-amzn-errortype": code}
        return JSONResponse(body, status, headers, media_type="application/x-amz-json-1.0")
    if kind == "slow":
        await asyncio.sleep(0.6)
    if kind == "unreadable":
        return PlainTextResponse("<html>", 200)
    return PlainTextResponse("trouble", int(kind) if kind.isdigit() else 200)


@pytest.fixture(scope="module")
def trouble() -> Iterator[str]:
    with served(Starlette(routes=[Route("/{kind}{rest:path}", _trouble, methods=["POST"])])) as url:
        yield url


@pytest.fixture(autouse=True)
def forget() -> None:
    calls.clear()


def send(endpoint_url: str, channel: str = "sms") -> int:
    message = a_message(channel=channel, to=EMAIL if channel == "email" else PHONE, body=BODY)
    if channel == "email":
        client = email_client(endpoint_url, read_timeout=0.3)
        return SesEmail(client, "care@example.org").send(message)
    return EndUserMessaging(sms_client(endpoint_url, read_timeout=0.3), "+15085550100").send(
        message
    )


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("kind", ["throttled", "too-many", "429", "503"])
def test_what_was_not_taken_was_surely_not_sent(trouble: str, kind: str, channel: str) -> None:
    with pytest.raises(Retryable):
        send(f"{trouble}/{kind}", channel)

    assert calls == [kind]


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    "kind", ["validation", "opted-out", "quota", "denied", "404", "rejected", "paused"]
)
def test_a_refusal_is_final_and_names_its_reason(trouble: str, kind: str, channel: str) -> None:
    with pytest.raises(Permanent, match=CODES[kind][0] if kind in CODES else "404"):
        send(f"{trouble}/{kind}", channel)

    assert calls == [kind]


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("kind", ["internal", "500", "502", "504", "slow", "unreadable"])
def test_a_failure_after_taking_it_is_ambiguous_and_never_tried_again(
    trouble: str, kind: str, channel: str
) -> None:
    with pytest.raises(DeliveryUnknown):
        send(f"{trouble}/{kind}", channel)

    assert calls == [kind]


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_connection_that_is_cut_is_ambiguous(channel: str) -> None:
    with listening() as url, pytest.raises(DeliveryUnknown):
        send(url, channel)


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_service_that_cannot_be_reached_has_surely_not_sent(channel: str) -> None:
    with pytest.raises(Retryable):
        send(nobody_there(), channel)


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("kind", ["opted-out", "throttled", "internal", "unreadable"])
def test_errors_hold_neither_address_nor_words(trouble: str, kind: str, channel: str) -> None:
    with pytest.raises((Permanent, Retryable, DeliveryUnknown)) as caught:
        send(f"{trouble}/{kind}", channel)

    assert PHONE not in str(caught.value)
    assert EMAIL not in str(caught.value)
    assert BODY not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_client_that_would_send_again_by_itself_is_refused(trouble: str) -> None:
    with pytest.raises(ValueError, match="total_max_attempts=1"):
        EndUserMessaging(sms_client(trouble, attempts=2), "+15085550100")
    with pytest.raises(ValueError, match="total_max_attempts=1"):
        SesEmail(email_client(trouble, attempts=2), "care@example.org")


def test_a_language_without_a_voice_is_not_spoken_in_another(trouble: str) -> None:
    message = a_message(channel="voice", language="pt")

    with pytest.raises(Permanent, match="language pt"):
        EndUserMessaging(sms_client(f"{trouble}/internal"), "+15085550100").send(message)

    assert calls == []


def test_the_carrier_sends_no_email(trouble: str) -> None:
    with pytest.raises(Permanent, match="email"):
        EndUserMessaging(sms_client(trouble), "+15085550100").send(a_message(channel="email"))


# --- the opt-out list: putting twice is putting once, so nothing is ambiguous --------------------


def opt_out(endpoint_url: str) -> None:
    CarrierOptOuts(sms_client(endpoint_url, read_timeout=0.3), "Default").add(PHONE)


@pytest.mark.parametrize(
    "kind", ["throttled", "denied", "404", "503", "internal", "slow", "502", "unreadable"]
)
def test_a_number_that_was_not_listed_is_tried_again(trouble: str, kind: str) -> None:
    with pytest.raises(Retryable) as caught:
        opt_out(f"{trouble}/{kind}")

    assert PHONE not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_list_that_cannot_be_reached_is_tried_again() -> None:
    with pytest.raises(Retryable):
        opt_out(nobody_there())


def test_what_the_carrier_does_not_take_for_a_number_is_final(trouble: str) -> None:
    with pytest.raises(RouterError) as caught:
        opt_out(f"{trouble}/validation")

    assert isinstance(caught.value, Permanent)


def nobody_there() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


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
