"""Stacks that start at the same time get ports of their own."""

from __future__ import annotations

import errno
import os
import socket

import pytest

from local.emulator import HOST, reserved_port


def test_a_reserved_port_goes_only_to_the_server_that_asks_for_it() -> None:
    port = reserved_port()
    in_use = os.strerror(errno.EADDRINUSE)
    with socket.socket() as stranger, pytest.raises(OSError, match=in_use):
        stranger.bind((HOST, port))
    with socket.create_server((HOST, port)) as server:
        assert server.getsockname() == (HOST, port)
