"""Token vectors on the embedded stack: what is no token of ours, or no longer, is refused."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from local.clients import Cell, onboard_backend, revoke
from local.seed import EHR, TENANT, onboard
from local.stack import Stack
from referral_core.domain.access.principal import Principal
from referral_core.domain.updates import Role
from tests.end_to_end.orders import a_new_placer, an_order_that_waits

KEY: Final = ec.generate_private_key(ec.SECP384R1())
FOREIGN: Final = rsa.generate_private_key(65537, 2048)
SCOPE: Final = "system/ServiceRequest.crus"
NO_TOKEN_OF_OURS: Final = HTTPStatus.FORBIDDEN
NO_LONGER: Final = HTTPStatus.UNAUTHORIZED


class Backend:
    """A client of SMART Backend Services, its key, and the key of our issuer behind its back."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.base = stack, stack.api_url
        self.cell = Cell(stack.emulator.client, stack.deployment.outputs)
        key = jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
        self.client_id = onboard_backend(
            self.cell,
            Principal(client_id="", tenant=TENANT, role=Role.EHR, organization=EHR),
            keys=json.dumps({"keys": [{**key, "kid": "k"}]}),
            scopes=[SCOPE],
        )
        self.http = httpx.Client(base_url=self.base, timeout=60)

    def assertion(self, **said: Any) -> str:
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": f"{self.base}/oauth2/token",
            "exp": int(time.time()) + 240,
            "jti": secrets.token_hex(8),
            **said,
        }
        return jwt.encode(claims, KEY, algorithm="ES384", headers={"kid": "k"})

    def ask(self, assertion: str, scope: str = SCOPE) -> httpx.Response:
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        form = {
            "grant_type": "client_credentials",
            "scope": scope,
            "client_assertion_type": kind,
            "client_assertion": assertion,
        }
        return self.http.post("/oauth2/token", data=form)

    def token(self, scope: str = SCOPE) -> str:
        found: str = self.ask(self.assertion(), scope).raise_for_status().json()["access_token"]
        return found

    def post(self, token: str) -> httpx.Response:
        return self.http.post(
            "/fhir/ServiceRequest",
            json=an_order_that_waits(a_new_placer()),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"},
        )

    def search(self, token: str) -> httpx.Response:
        return self.http.get(
            "/fhir/ServiceRequest?_count=1", headers={"Authorization": f"Bearer {token}"}
        )

    def forged(self, head: dict[str, Any] | None = None, **said: Any) -> str:
        """Sign a token with our issuer's own key, as nobody outside the account could."""
        good = self.token()
        header = {**jwt.get_unverified_header(good), **(head or {})}
        claims = {**jwt.decode(good, options={"verify_signature": False}), **said}
        text = f"{part(header)}.{part(claims)}"
        functions = self.stack.emulator.client("lambda")
        settings = functions.get_function_configuration(FunctionName="referral-router-issue_token")
        signed = self.stack.emulator.client("kms").sign(
            KeyId=settings["Environment"]["Variables"]["TOKEN_KEY_IDS"],
            Message=sha256(text.encode()).digest(),
            MessageType="DIGEST",
            SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256",
        )
        return f"{text}.{base64.urlsafe_b64encode(signed['Signature']).rstrip(b'=').decode()}"


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def backend(stack: Stack) -> Iterator[Backend]:
    made = Backend(stack)
    yield made
    made.http.close()


def test_a_backend_finds_the_endpoint_proves_itself_and_refers(backend: Backend) -> None:
    found = backend.http.get("/fhir/.well-known/smart-configuration").raise_for_status().json()
    assert found["token_endpoint"] == f"{backend.base}/oauth2/token"
    keys = backend.http.get("/.well-known/jwks.json").raise_for_status().json()["keys"]
    token = backend.token()
    assert jwt.get_unverified_header(token)["kid"] in {key["kid"] for key in keys}
    created = backend.post(token)
    assert created.status_code == HTTPStatus.CREATED, created.text
    assert backend.search(token).status_code == HTTPStatus.OK
    # The same forgery with nothing changed is taken: what the vectors change is what refuses them.
    assert backend.search(backend.forged()).status_code == HTTPStatus.OK


VECTORS: Final[dict[str, tuple[int, Callable[[Backend], str]]]] = {
    "alg none": (NO_TOKEN_OF_OURS, lambda b: f"{part({'alg': 'none', 'kid': 'k'})}.{part({})}."),
    "wrong audience": (NO_TOKEN_OF_OURS, lambda b: b.forged(aud="https://elsewhere.example/fhir")),
    "wrong issuer": (NO_TOKEN_OF_OURS, lambda b: b.forged(iss="https://elsewhere.example")),
    "wrong key id": (NO_TOKEN_OF_OURS, lambda b: b.forged({"kid": "another"})),
    "another's key": (
        NO_TOKEN_OF_OURS,
        lambda b: jwt.encode(
            jwt.decode(b.token(), options={"verify_signature": False}),
            FOREIGN,
            algorithm="RS256",
            headers={"kid": jwt.get_unverified_header(b.token())["kid"]},
        ),
    ),
    "the pool's client, never onboarded": (NO_LONGER, lambda b: stranger_of_the_pool(b.stack)),
    "expired": (
        NO_LONGER,
        lambda b: b.forged(iat=int(time.time()) - 600, exp=int(time.time()) - 300),
    ),
    "no such client": (NO_LONGER, lambda b: b.forged(client_id="nobody")),
    "missing scope": (HTTPStatus.FORBIDDEN, lambda b: b.token("system/ServiceRequest.r")),
    "scope of another resource": (HTTPStatus.FORBIDDEN, lambda b: b.forged(scope="system/Task.rs")),
}


@pytest.mark.parametrize("name", VECTORS)
def test_a_token_that_does_not_hold_is_refused(name: str, backend: Backend) -> None:
    status, make = VECTORS[name]
    answer = backend.search(make(backend))
    assert answer.status_code == status, answer.text
    if status == NO_LONGER:
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        assert answer.json()["resourceType"] == "OperationOutcome"


def stranger_of_the_pool(stack: Stack) -> str:
    """Given an app client of the pool that operations forgot to make a principal of."""
    client = onboard(stack.emulator, stack.deployment, Role.EHR, EHR)
    cell = Cell(stack.emulator.client, stack.deployment.outputs)
    token = stack.token(client)
    revoke(cell, client.client_id)
    return token


def test_an_assertion_is_good_once(backend: Backend) -> None:
    assertion = backend.assertion()
    assert backend.ask(assertion).status_code == HTTPStatus.OK
    again = backend.ask(assertion)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")


def test_a_client_that_is_revoked_gets_no_token_and_its_next_one_is_refused(stack: Stack) -> None:
    gone = Backend(stack)
    kept = gone.token()
    unused = gone.token()
    assert gone.search(kept).status_code == HTTPStatus.OK
    revoke(gone.cell, gone.client_id)
    # The gateway remembers `kept` for up to a minute; nothing remembers the other.
    assert gone.search(unused).status_code == NO_LONGER
    assert gone.ask(gone.assertion()).json()["error"] == "invalid_client"
    gone.http.close()
