"""What others publish is asked for once, soon, over TLS, and never inside our own network."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from referral_core.adapters.http import published
from referral_core.domain.errors import Permanent, Retryable
from tests.adapters.loopback import served
from tests.adapters.test_http_deadline import a_partner, drip

LARGEST = published._LARGEST
KEYS = b'{"keys": []}'


class Publisher:
    """A server that publishes key sets, each in a way of its own.

    Attributes:
        asked: the paths that were asked for, in turn.
        headers: of the last request.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.headers: dict[str, str] = {}
        self.app = Starlette(routes=[Route("/{name}", self._serve)])

    async def _serve(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        self.headers = dict(request.headers)
        match request.path_params["name"]:
            case "keys" | "elsewhere":
                return Response(KEYS)
            case "moved":
                return RedirectResponse("/elsewhere")
            case "largest":
                return Response(b" " * LARGEST)
            case "larger":
                return Response(b" " * (LARGEST + 1))
            case "bomb":
                packed = gzip.compress(b" " * (100 * LARGEST))
                return Response(packed, headers={"content-encoding": "gzip"})
        return Response(status_code=404)


@pytest.fixture
def publisher() -> Publisher:
    return Publisher()


@pytest.fixture
def url(publisher: Publisher) -> Iterator[str]:
    with served(publisher.app) as url:
        yield url


def test_what_is_published_is_fetched_without_a_token(publisher: Publisher, url: str) -> None:
    assert published.fetch(f"{url}/keys") == KEYS
    assert "authorization" not in publisher.headers


@pytest.mark.parametrize("name", ["moved", "larger", "nowhere"])
def test_what_is_elsewhere_or_too_large_or_not_there_is_not_taken(
    name: str, publisher: Publisher, url: str
) -> None:
    with pytest.raises(Retryable):
        published.fetch(f"{url}/{name}")
    assert publisher.asked == [f"/{name}"]


def test_what_just_fits_is_taken(url: str) -> None:
    assert len(published.fetch(f"{url}/largest")) == LARGEST


def test_a_packed_body_is_never_unpacked(url: str) -> None:
    assert len(published.fetch(f"{url}/bomb")) < LARGEST


@pytest.mark.parametrize(
    "address",
    [
        *("http://keys.example.org/jwks", "ftp://keys.example.org/jwks", "file:///etc/passwd"),
        *("https:///jwks", "https://user:word@keys.example.org/jwks", "not an address", ""),
        "http://127.0.0.2/jwks",
    ],
)
def test_an_address_that_may_not_be_asked_is_refused_for_good(address: str) -> None:
    for fetch in (published.fetch, published.fetch_from_strangers):
        with pytest.raises(Permanent):
            fetch(address)


def test_a_stranger_is_asked_by_https_only(publisher: Publisher, url: str) -> None:
    with pytest.raises(Permanent):
        published.fetch_from_strangers(f"{url}/keys")
    assert publisher.asked == []


@contextmanager
def listening(host: str, family: socket.AddressFamily) -> Iterator[tuple[int, list[bytes]]]:
    """Listen inside our network; yields the port and what it was sent, a piece a connection."""
    received: list[bytes] = []
    with socket.create_server((host, 0), family=family) as listener:

        def run() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.settimeout(2)
                        received.append(connection.recv(1024))

        thread = Thread(target=run, daemon=True)
        thread.start()
        yield listener.getsockname()[1], received
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=5)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1"])
def test_however_a_machine_of_ours_is_named_it_is_sent_nothing(name: str) -> None:
    with (
        listening("127.0.0.1", socket.AF_INET) as (port, received),
        pytest.raises((Retryable, Permanent)),
    ):
        published.fetch_from_strangers(f"https://{name}:{port}/jwks")
    assert b"".join(received) == b""


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "127.0.0.1"),
        *("::1", "fe80::1%eth0", "fd00:ec2::254", "::ffff:10.0.0.1", "::"),
    ],
)
def test_a_connection_to_no_public_address_is_closed(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its name meant a moment before: the address is the connection's."""
    opened = FakeSocket(address)
    monkeypatch.setattr(published.SecureWired, "_new_conn", lambda _self: opened)
    with pytest.raises(Retryable):
        published.fetch_from_strangers("https://keys.example.org/jwks")
    assert opened.is_closed


def test_a_publisher_that_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "_SECONDS", 0.3)
    with a_partner(dripping) as partner, pytest.raises(Retryable):
        published.fetch(f"http://{partner.address}/keys")
    assert partner.finished == []


def dripping(connection: socket.socket, over: Event) -> None:
    connection.recv(65_536)
    drip(connection, b"HTTP/1.1 200 OK\r\nContent-Length: 150\r\n\r\n" + b" " * 150, over)


class FakeSocket:
    """A connection to an address, which says so and can be closed."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.is_closed = False

    def getpeername(self) -> tuple[str, int]:
        return self._address, 443

    def close(self) -> None:
        self.is_closed = True
