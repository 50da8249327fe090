"""Whatever a client signs or posts is refused or taken: the token endpoint never fails over it."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tests.unit.entrypoints.http.tokens.test_token_endpoint import RSA, TOKEN_URL, Issuer

HEAD: Mapping[str, Any] = {"alg": "RS384", "typ": "JWT", "kid": "r"}
STRANGE = (
    *("null", "true", "[]", "{}", '""', "-1", "0", "1.5", "1e400", "NaN", "-Infinity"),
    *("1" + "0" * 400, "1" + "0" * 5_000, '"x"', '["a", null, {}]', '"\\ud800"', '"\\u0000"'),
    *('"' + "x" * 300_000 + '"', "[" * 3_000 + "]" * 3_000),
)
"""As they stand in JSON: a library that writes it would refuse to write half of them."""
HEADS = (
    *({**HEAD, "kid": strange} for strange in (None, [], {}, "", "r" * 100_000, "\ud800", 1)),
    *({**HEAD, "alg": strange} for strange in (None, [], "none", "nOnE", "HS256", "PS384", 1)),
    *({**HEAD, "crit": ["x"]}, {**HEAD, "jku": "https://elsewhere.example.org/keys"}),
)


def part(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def signed(claims: str, head: Mapping[str, Any] = HEAD) -> str:
    """Sign any text as a good client's claims."""
    text = f"{part(json.dumps(head).encode())}.{part(claims.encode())}"
    signature = RSA.sign(text.encode(), padding.PKCS1v15(), hashes.SHA384())
    return f"{text}.{part(signature)}"


def good() -> dict[str, str]:
    """Claims that are good, each as it stands in JSON."""
    expires = str(int(time.time()) + 240)
    names = {"iss": '"ehr-1"', "sub": '"ehr-1"', "aud": f'"{TOKEN_URL}"', "jti": '"once"'}
    return {**names, "exp": expires}


def said(claims: Mapping[str, str]) -> str:
    return "{" + ", ".join(f'"{name}": {value}' for name, value in claims.items()) + "}"


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp", "jti", "nbf", "iat", "scope"])
def test_no_strange_claim_is_a_fault(name: str) -> None:
    for strange in STRANGE:
        answer = Issuer().ask(signed(said({**good(), name: strange})))
        assert answer["statusCode"] in {200, 400, 401}, strange[:40]
        if name in {"iss", "sub", "aud"}:
            assert answer["statusCode"] != 200, strange[:40]


def test_no_strange_head_is_a_fault_or_taken() -> None:
    for head in HEADS:
        answer = Issuer().ask(signed(said(good()), head))
        assert answer["statusCode"] in {400, 401}, str(head)[:80]


@pytest.mark.parametrize("claims", ["", "[]", "null", "{", '"x"', '{"iss": "ehr-1", "iss": 1}'])
def test_what_is_no_set_of_claims_is_refused(claims: str) -> None:
    assert Issuer().ask(signed(claims))["statusCode"] in {400, 401}


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize(
    "body",
    [
        *("", "=", "&&&&", "a=b&" * 20_000, "grant_type=%00", "client_assertion=%ED%A0%80"),
        *("\ud800", "client_assertion=" + "." * 100_000, "client_assertion=" + "A" * 900_000),
    ],
)
def test_no_strange_form_is_a_fault(body: str, *, encoded: bool) -> None:
    answer = Issuer().answer("/oauth2/token", body, isBase64Encoded=encoded)
    assert answer["statusCode"] in {400, 401, 413}
