"""Secrets of partners: kept for minutes, and read again when a partner no longer takes one."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from referral_core.adapters.aws.secrets import KEPT_S, CachedSecrets
from referral_core.adapters.http.client import HttpClient
from referral_core.domain.errors import Permanent
from tests.adapters.loopback import served


class Vault:
    """Secrets Manager with one secret, and a clock."""

    def __init__(self) -> None:
        self.secret, self.reads, self.seconds = "first", 0, 0.0
        client: Any = self
        self.cached = CachedSecrets(client, lambda: self.seconds)

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803 - boto3's name
        """Return the secret as it is now."""
        assert SecretId == "partner"
        self.reads += 1
        return {"SecretString": self.secret}


def test_a_secret_is_read_once_in_five_minutes() -> None:
    vault = Vault()
    vault.cached("partner")
    vault.secret, vault.seconds = "second", KEPT_S - 1
    assert vault.cached("partner") == "first"
    vault.seconds = KEPT_S
    assert (vault.cached("partner"), vault.reads) == ("second", 2)


def test_one_that_is_read_again_is_known_from_then_on() -> None:
    vault = Vault()
    vault.cached("partner")
    vault.secret = "second"
    assert vault.cached.read_again("partner") == "second"
    assert (vault.cached("partner"), vault.reads) == ("second", 2)


class Partner:
    """A partner that takes one token."""

    def __init__(self) -> None:
        self.takes, self.seen = "first", 0

    async def answer(self, request: Request) -> Response:
        """Answer 401 to any other token."""
        self.seen += 1
        known = request.headers["authorization"] == f"Bearer {self.takes}"
        return Response(status_code=HTTPStatus.OK if known else HTTPStatus.UNAUTHORIZED)


@pytest.fixture
def partner() -> Partner:
    return Partner()


@pytest.fixture
def url(partner: Partner) -> Iterator[str]:
    with served(Starlette(routes=[Route("/", partner.answer, methods=["POST"])])) as url:
        yield url


def post(vault: Vault, url: str) -> int:
    client = HttpClient(vault.cached, read_again=vault.cached.read_again)
    return client.send(
        "POST", f"{url}/", secret="partner", body=b"x", content_type="text/plain", timeout=5
    ).status


def test_a_token_that_was_rotated_is_read_again_and_the_request_sent_once_more(
    partner: Partner, url: str
) -> None:
    vault = Vault()
    assert post(vault, url) == HTTPStatus.OK
    vault.secret = partner.takes = "second"
    assert post(vault, url) == HTTPStatus.OK
    assert (vault.reads, partner.seen) == (2, 3)


def test_a_token_that_is_still_the_same_is_not_sent_again(partner: Partner, url: str) -> None:
    vault = Vault()
    partner.takes = "another"
    with pytest.raises(Permanent, match="401"):
        post(vault, url)
    assert partner.seen == 1
