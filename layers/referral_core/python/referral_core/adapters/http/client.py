"""The one outbound HTTP client: all partners are spoken to through it, over TLS, with a token.

It says by its errors whether trying again can help. Nothing that it raises or logs holds a body, a
query or a token: partners' URLs and responses may hold PHI.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Final, NamedTuple

import urllib3
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import Url, parse_url

from referral_core.adapters.http.deadline import Deadline, deadline, pool_manager
from referral_core.adapters.http.observed import Observe, nobody, observed
from referral_core.domain.errors import Permanent, Refused, Retryable

_CONNECT_SECONDS: Final = 3.0
_LARGEST_RESPONSE: Final = 5_000_000
_CHUNK: Final = 65_536
_LOOPBACK: Final = "127.0.0.1"
_TRY_LATER: Final = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
_OURS_TO_MEND: Final = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
    }
)
"""What an address or a token that is wrong, or not valid yet, is answered with: no word about
what was sent."""
_TOO_SLOW: Final = "it is too slow"


class Response(NamedTuple):
    """A partner's 2xx response."""

    status: int
    content_type: str
    body: bytes


class HttpClient:
    """Sends one request; who tries again, and when, is the state machine's.

    Args:
        secret: looks up a bearer token by the name of its secret.
        pool: connections, kept between invocations; a fresh pool when None.
        read_again: looks a token up anew when a partner refuses it; None: no other is known.
        observe: told what came of each exchange.
    """

    def __init__(
        self,
        secret: Callable[[str], str],
        pool: urllib3.PoolManager | None = None,
        read_again: Callable[[str], str] | None = None,
        observe: Observe = nobody,
    ) -> None:
        self._observe = observe
        self._secret = secret
        self._read_again = read_again or secret
        self._pool = pool or pool_manager()
        # At level DEBUG it writes each URL with its query.
        logging.getLogger("urllib3").setLevel(logging.INFO)

    def send(
        self,
        method: str,
        url: str,
        *,
        secret: str,
        body: bytes,
        content_type: str,
        timeout: float,
        accept: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a request and return the 2xx response.

        Args:
            method: the HTTP method.
            url: https, or http on 127.0.0.1.
            secret: name of the secret that holds the bearer token.
            body: the content.
            content_type: its media type.
            timeout: seconds for the whole exchange, reading included.
            accept: the media type wanted back; the content's own when None.
            headers: further request headers.

        Raises:
            Retryable: the partner is unreachable, slow, throttling or broken (5xx).
            Refused: it refuses what it was sent, or answers more than is reasonable.
            Permanent: the configuration is at fault: the URL, the token, a redirect.
        """
        target = _target(url)
        token = self._secret(secret)
        ask = partial(
            self._pool.request,
            method,
            target.url,
            body=body,
            timeout=urllib3.Timeout(connect=min(_CONNECT_SECONDS, timeout), total=timeout),
            redirect=False,
            retries=False,
            preload_content=False,
        )
        described = {
            **(headers or {}),
            "Content-Type": content_type,
            "Accept": accept or content_type,
        }
        with observed(self._observe), deadline(timeout) as time:
            try:
                response = ask(headers={**described, "Authorization": f"Bearer {token}"})
                if response.status == HTTPStatus.UNAUTHORIZED:
                    # Rotated meanwhile: what was not taken was not done, so it is sent once more.
                    renewed = self._read_again(secret)
                    if renewed != token:
                        response.close()
                        response = ask(headers={**described, "Authorization": f"Bearer {renewed}"})
                try:
                    require_success(response.status, target.host or "A partner")
                    content = _read(response, target)
                finally:
                    # A body read to its end has given its connection back to the pool already;
                    # one that was not would spoil the next answer.
                    response.close()
            except HTTPError as error:
                # The cause is named by its type only: its text quotes the URL.
                raise Retryable(f"{target.host} did not answer: {_cause(error, time)}.") from None
            if time.passed:  # a body without a length ends where it is cut
                raise Retryable(f"{target.host} did not answer: {_TOO_SLOW}.")
        return Response(response.status, response.headers.get("Content-Type", ""), content)


def _cause(error: HTTPError, time: Deadline) -> str:
    return _TOO_SLOW if time.passed else type(error).__name__


def _target(url: str) -> Url:
    try:
        target = parse_url(url)
    except LocationParseError:
        raise Permanent("A partner's URL in the configuration is not a URL.") from None
    on_this_machine = target.scheme == "http" and target.host == _LOOPBACK
    if not target.host or not (target.scheme == "https" or on_this_machine):
        raise Permanent(f"{target.host or 'A partner'} must be reached by https.")
    return target


def require_success(status: int, host: str) -> None:
    """Raise unless a status is 2xx; see `HttpClient.send`."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _TRY_LATER:
        raise Retryable(f"{host} cannot answer now: HTTP {status}.")
    if status in _OURS_TO_MEND or status < HTTPStatus.BAD_REQUEST:
        raise Permanent(f"{host} is not configured as it answers: HTTP {status}.")
    raise Refused(f"{host} refuses the request: HTTP {status}.")


def _read(response: urllib3.BaseHTTPResponse, target: Url) -> bytes:
    content = bytearray()
    for piece in response.stream(_CHUNK):
        content += piece
        if len(content) > _LARGEST_RESPONSE:
            raise Refused(f"{target.host} answers more than {_LARGEST_RESPONSE} bytes.")
    return bytes(content)
