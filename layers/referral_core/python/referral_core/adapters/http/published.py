"""Fetches what others publish, as key sets: small, soon, over TLS, without a token or a redirect.

An address that a client registered is a stranger's: it must not lead into our own network. What is
asked is the address that the connection has, not what a name meant a moment before.
"""

from __future__ import annotations

import ipaddress
import socket
from http import HTTPStatus
from typing import Final

import urllib3
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import parse_url

from referral_core.adapters.http.deadline import SecureWired, deadline, pool_manager
from referral_core.domain.errors import Permanent, Retryable

_SECONDS: Final = 5.0
_LARGEST: Final = 200_000
_LOOPBACK: Final = "127.0.0.1"


def fetch(url: str) -> bytes:
    """Return what is published at an address of the configuration.

    Args:
        url: https, or http on 127.0.0.1.

    Raises:
        Retryable: it is not there now, is too slow or too large.
        Permanent: the address is none that may be asked.
    """
    return _fetched(url, pool_manager(), on_this_machine=True)


def fetch_from_strangers(url: str) -> bytes:
    """Return what is published at an address that a client registered: https, a public host.

    Raises:
        Retryable: it is not there now, is too slow or too large, or is no public host.
        Permanent: the address is none that may be asked.
    """
    pool = pool_manager()
    pool.pool_classes_by_scheme = {"https": _PublicPool}
    return _fetched(url, pool, on_this_machine=False)


def _fetched(url: str, pool: urllib3.PoolManager, *, on_this_machine: bool) -> bytes:
    try:
        target = parse_url(url)
    except LocationParseError:
        raise Permanent("The address of a key set is no URL.") from None
    is_local = on_this_machine and target.scheme == "http" and target.host == _LOOPBACK
    if not target.host or target.auth or not (target.scheme == "https" or is_local):
        raise Permanent("A key set must be published by https.")
    with deadline(_SECONDS) as time:
        try:
            response = pool.request(
                "GET",
                url,
                headers={"Accept": "application/json"},
                timeout=urllib3.Timeout(total=_SECONDS),
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
            )
            try:
                content: bytes = response.read(_LARGEST + 1)
            finally:
                response.close()
        except HTTPError as error:
            raise Retryable(f"A key set was not published: {type(error).__name__}.") from None
    if time.passed or response.status != HTTPStatus.OK or len(content) > _LARGEST:
        raise Retryable(f"A key set was not published: HTTP {response.status}.")
    return content


class NoPublicHost(HTTPError):
    """The connection leads to a machine that is not the public's."""


class _PublicWired(SecureWired):
    """Speaks to public addresses only."""

    def _new_conn(self) -> socket.socket:
        opened = super()._new_conn()
        if not ipaddress.ip_address(opened.getpeername()[0].partition("%")[0]).is_global:
            opened.close()
            raise NoPublicHost
        return opened


class _PublicPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _PublicWired
