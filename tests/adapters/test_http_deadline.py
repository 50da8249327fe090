"""A partner that sends a byte now and then, wherever in the exchange, is cut off at the deadline.

Each partner here ends well after some hundred bytes; cut off, it never comes to that.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import NamedTuple

import pytest

from referral_core.adapters.http.client import HttpClient
from referral_core.domain.errors import Retryable

_PAUSE_S = 0.02
_LONGEST = 150
_LIMIT_S = 0.3

Serve = Callable[[socket.socket, Event], None]


class Partner(NamedTuple):
    """Host and port of a server, and what it served to the end."""

    address: str
    finished: list[bool]


@contextmanager
def a_partner(serve: Serve) -> Iterator[Partner]:
    """A server of one connection after another, as low as sockets."""
    finished: list[bool] = []
    over = Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def run() -> None:
            while not over.is_set():
                with suppress(OSError):
                    connection, _ = listener.accept()
                    with connection:
                        serve(connection, over)
                        finished.append(True)

        thread = Thread(target=run, daemon=True)
        thread.start()
        try:
            yield Partner(f"127.0.0.1:{listener.getsockname()[1]}", finished)
        finally:
            over.set()
            with suppress(OSError):
                socket.create_connection(listener.getsockname()).close()
            thread.join(timeout=5)


def drip(connection: socket.socket, content: bytes, over: Event) -> None:
    for byte in content:
        if over.wait(_PAUSE_S):
            raise ConnectionAbortedError
        connection.sendall(bytes([byte]))


def read_request(connection: socket.socket) -> None:
    received = b""
    while b"\r\n\r\nask" not in received:
        piece = connection.recv(65_536)
        if not piece:
            raise ConnectionResetError
        received += piece


def status_line(connection: socket.socket, over: Event) -> None:
    read_request(connection)
    drip(connection, b"HTTP/1.1 200 " + b"O" * _LONGEST, over)
    connection.sendall(b"\r\nContent-Length: 0\r\n\r\n")


def headers(connection: socket.socket, over: Event) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    drip(connection, b"X-Long: " + b"a" * _LONGEST, over)
    connection.sendall(b"\r\nContent-Length: 0\r\n\r\n")


def body_of_a_length(connection: socket.socket, over: Event) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % _LONGEST)
    drip(connection, b"x" * _LONGEST, over)


def body_without_a_length(connection: socket.socket, over: Event) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    drip(connection, b"x" * _LONGEST, over)


def chunks(connection: socket.socket, over: Event) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    drip(connection, b"1\r\nx\r\n" * (_LONGEST // 6), over)
    connection.sendall(b"0\r\n\r\n")


def never_reads(connection: socket.socket, over: Event) -> None:
    del connection
    over.wait(_PAUSE_S * _LONGEST)


def send(url: str, *, body: bytes = b"ask", client: HttpClient | None = None) -> bytes:
    client = client or HttpClient(str.upper)
    answer = client.send(
        "POST", url, secret="ehr", body=body, content_type="text/plain", timeout=_LIMIT_S
    )
    return answer.body


@pytest.mark.parametrize(
    "serve", [status_line, headers, body_of_a_length, body_without_a_length, chunks]
)
def test_a_partner_that_drips_is_cut_off_wherever_it_is(serve: Serve) -> None:
    with a_partner(serve) as partner:
        with pytest.raises(Retryable, match="too slow"):
            send(f"http://{partner.address}/notices")
        assert not partner.finished


def test_a_partner_that_does_not_read_what_it_is_sent_is_cut_off() -> None:
    with a_partner(never_reads) as partner, pytest.raises(Retryable):
        send(f"http://{partner.address}/notices", body=b"x" * 20_000_000)


def handshake(connection: socket.socket, over: Event) -> None:
    connection.recv(65_536)
    # The head of a handshake record that says more is to come.
    connection.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03")
    drip(connection, b"x" * _LONGEST, over)


def test_a_tls_handshake_that_drips_is_cut_off() -> None:
    with a_partner(handshake) as partner:
        with pytest.raises(Retryable, match="too slow"):
            send(f"https://{partner.address}/notices")
        assert not partner.finished


def test_a_connection_that_was_kept_has_a_deadline_too() -> None:
    # Given a partner that answers at once, then drips on the same connection
    def serve(connection: socket.socket, over: Event) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        headers(connection, over)

    client = HttpClient(str.upper)
    with a_partner(serve) as partner:
        assert send(f"http://{partner.address}/notices", client=client) == b"ok"
        with pytest.raises(Retryable, match="too slow"):
            send(f"http://{partner.address}/notices", client=client)
        assert not partner.finished


def test_an_exchange_after_one_that_was_cut_off_begins_anew() -> None:
    answers = iter([body_of_a_length, at_once])

    def serve(connection: socket.socket, over: Event) -> None:
        next(answers, at_once)(connection, over)

    client = HttpClient(str.upper)
    with a_partner(serve) as partner:
        with pytest.raises(Retryable):
            send(f"http://{partner.address}/notices", client=client)
        assert send(f"http://{partner.address}/notices", client=client) == b"ok"


def at_once(connection: socket.socket, _over: Event) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
