"""A deadline for a whole exchange: its connection is cut when the time is up.

A socket's timeout starts anew with each piece that comes. A partner that sends one byte a second,
of its TLS handshake, its headers or its body, would hold a function for as long as it likes.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Timer, local
from typing import Any, Final

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

_at_work: Final = local()
"""Which deadline holds in this thread."""


class Deadline:
    """Cuts the connection that it holds for once its time is up.

    Attributes:
        passed: whether the time is up: what was read until then may be cut off anywhere.
    """

    def __init__(self) -> None:
        """Begin with no connection."""
        self.passed = False
        self._wire: socket.socket | None = None
        self._lock = Lock()

    def holds_for(self, connected: socket.socket) -> None:
        """Let the deadline hold for a connection, which is cut at once when it is too late."""
        # A handle of our own: TLS takes the socket's away when it begins, and a connection that is
        # to be closed forgets its socket while the body is still read.
        wire = socket.fromfd(connected.fileno(), connected.family, connected.type)
        with self._lock:
            self._forget()
            self._wire = wire
            if self.passed:
                self._cut()

    def pass_by(self) -> None:
        """End the exchange: whoever reads or writes at the connection is woken by its end."""
        with self._lock:
            self.passed = True
            self._cut()

    def close(self) -> None:
        """Let go of the connection: the exchange is over."""
        with self._lock:
            self._forget()

    def _cut(self) -> None:
        if self._wire is not None:
            with suppress(OSError):  # the partner was faster
                self._wire.shutdown(socket.SHUT_RDWR)

    def _forget(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None


@contextmanager
def deadline(seconds: float) -> Iterator[Deadline]:
    """Let a deadline hold for the exchange that this thread begins within the block."""
    present = Deadline()
    timer = Timer(seconds, present.pass_by)
    timer.daemon = True
    _at_work.deadline = present
    timer.start()
    try:
        yield present
    finally:
        timer.cancel()
        _at_work.deadline = None
        present.close()


def pool_manager() -> urllib3.PoolManager:
    """Return a pool of connections for which the deadline of their exchange holds."""
    pool = urllib3.PoolManager(retries=False)
    pool.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return pool


def _hold(connected: socket.socket | None) -> None:
    present: Deadline | None = getattr(_at_work, "deadline", None)
    if present is not None and connected is not None:
        present.holds_for(connected)


class _Wired(HTTPConnection):
    """Is held by the deadline of its thread, from when it is opened or used again."""

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request, over a connection that may have been kept."""
        _hold(self.sock)
        super().request(*args, **kwargs)

    def _new_conn(self) -> socket.socket:
        opened = super()._new_conn()
        _hold(opened)
        return opened


class SecureWired(_Wired, HTTPSConnection):
    """The same over TLS, its handshake included."""


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Wired


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = SecureWired
