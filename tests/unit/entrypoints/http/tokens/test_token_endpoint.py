"""SMART Backend Services: one assertion, one token, for as much as the client may have."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import Mock
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from referral_core.adapters.tokens.access_tokens import AccessTokens, own
from referral_core.adapters.tokens.assertions import ClientAssertions
from referral_core.adapters.tokens.key_sets import KeySet
from referral_core.domain.access.registration import Registration
from referral_core.domain.errors import Permanent, Retryable
from referral_core.entrypoints.http.tokens.endpoint import LIFE_S, TokenEndpoint

BASE = "https://api.example.org"
TOKEN_URL = f"{BASE}/oauth2/token"
PUBLISHED = "https://ehr.example.org/jwks.json"
RSA, EC = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())
SHORT = rsa.generate_private_key(65537, 1024)  # noqa: S505 - to be refused
OTHER_CURVE = ec.generate_private_key(ec.SECP256R1())
STRANGER, OURS = (rsa.generate_private_key(65537, 2048) for _ in range(2))
KINDS = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
Json = dict[str, Any]


def jwk(key: Any, kid: str) -> Json:
    algorithm = (
        jwt.algorithms.RSAAlgorithm
        if isinstance(key, rsa.RSAPrivateKey)
        else jwt.algorithms.ECAlgorithm
    )
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid}


KEYS = json.dumps(
    {"keys": [jwk(RSA, "r"), jwk(EC, "e"), jwk(SHORT, "short"), jwk(OTHER_CURVE, "p256")]}
)
REGISTERED = Registration(
    client_id="ehr-1", keys=KEYS, scopes=frozenset({"system/ServiceRequest.cru", "system/Task.rs"})
)


class Register:
    """One client, and what it has used."""

    def __init__(self, registered: Registration | None = REGISTERED) -> None:
        self.registered = registered
        self.used: set[str] = set()

    def registration(self, client_id: str) -> Registration | None:
        found = self.registered
        return found if found is not None and found.client_id == client_id else None

    def use_once(self, client_id: str, jti: str, expires_at: int) -> bool:
        assert time.time() < expires_at <= time.time() + 310
        is_new = jti not in self.used
        self.used.add(jti)
        return is_new


class Signer:
    def sign(self, claims: Mapping[str, Any]) -> str:
        return jwt.encode(dict(claims), OURS, algorithm="RS256", headers={"kid": "ours"})

    def key_set(self) -> bytes:
        return json.dumps({"keys": [jwk(OURS, "ours")]}).encode()


class Issuer:
    """The endpoint, and clients' addresses at which keys are published."""

    def __init__(self, registered: Registration | None = REGISTERED) -> None:
        self.register = Register(registered)
        self.published: dict[str, str | Exception] = {PUBLISHED: KEYS}
        self.fetched: list[str] = []
        assertions = ClientAssertions(TOKEN_URL, self._fetch)
        self.endpoint = TokenEndpoint(BASE, assertions, self.register, Signer())

    def _fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        found = self.published[url]
        if isinstance(found, Exception):
            raise found
        return found.encode()

    def answer(self, path: str, body: str = "", **fields: Any) -> Json:
        return self.endpoint.resolve({"rawPath": path, "body": body, **fields})

    def ask(self, assertion: str, scope: str = "system/Task.rs", **form: str) -> Json:
        sent = {
            "grant_type": "client_credentials",
            "scope": scope,
            "client_assertion": assertion,
            **KINDS,
            **form,
        }
        return self.answer("/oauth2/token", urlencode(sent))


def signed(key: Any = RSA, alg: str = "RS384", kid: str = "r", **fields: Any) -> str:
    head = fields.pop("head", {})
    now = int(time.time())
    made = {
        "iss": "ehr-1",
        "sub": "ehr-1",
        "aud": TOKEN_URL,
        "exp": now + 240,
        "jti": "once",
        **fields,
    }
    claims = {name: value for name, value in made.items() if value is not None}
    return jwt.encode(claims, key, algorithm=alg, headers={"kid": kid, **head})


def error(answer: Json) -> tuple[int, str]:
    assert answer["headers"]["Cache-Control"] == "no-store"
    return answer["statusCode"], json.loads(answer["body"])["error"]


@pytest.mark.parametrize(("key", "alg", "kid"), [(RSA, "RS384", "r"), (EC, "ES384", "e")])
def test_an_assertion_is_changed_for_a_token_that_our_authorizer_takes(
    key: Any, alg: str, kid: str
) -> None:
    answer = Issuer().ask(signed(key, alg, kid), "system/ServiceRequest.c system/Task.s")
    assert answer["statusCode"] == 200
    assert answer["headers"]["Cache-Control"] == "no-store"
    body = json.loads(answer["body"])
    assert (body["token_type"], body["expires_in"]) == ("bearer", 300)
    assert body["scope"] == "system/ServiceRequest.c system/Task.s"
    tokens = AccessTokens(own(BASE, KeySet(Signer().key_set), f"{BASE}/fhir"))
    verified = tokens.verify(body["access_token"])
    assert (verified.subject, verified.is_person) == ("ehr-1", False)
    assert verified.scopes == {"system/ServiceRequest.c", "system/Task.s"}
    assert verified.expires_at <= time.time() + LIFE_S


BROKEN: dict[str, Callable[[], str]] = {
    "no token": lambda: "x",
    "a list of claims": lambda: "e30.W10.AA",
    "another client": lambda: signed(iss="ehr-2", sub="ehr-2"),
    "no issuer": lambda: signed(iss=None),
    "issuer is no text": lambda: "eyJhbGciOiJSUzM4NCJ9.eyJpc3MiOjF9.AA",
    "sub of another": lambda: signed(sub="ehr-2"),
    "the base as audience": lambda: signed(aud=BASE),
    "no audience": lambda: signed(aud=None),
    "no expiry": lambda: signed(exp=None),
    "expired": lambda: signed(exp=int(time.time()) - 60),
    "six minutes": lambda: signed(exp=int(time.time()) + 360),
    "no jti": lambda: signed(jti=None),
    "empty jti": lambda: signed(jti=""),
    "long jti": lambda: signed(jti="x" * 256),
    "half a character for a jti": lambda: signed(jti="\ud800"),
    "a number for a jti": lambda: signed(jti=7),
    "a line for a jti": lambda: signed(jti="a\nb"),
    "not yet": lambda: signed(nbf=int(time.time()) + 100),
    "unknown key": lambda: signed(kid="x"),
    "a stranger's key": lambda: signed(STRANGER),
    "algorithm of the pool": lambda: signed(alg="RS256"),
    "key of another kind": lambda: signed(kid="e"),
    "short key": lambda: signed(SHORT, "RS384", "short"),
    "another curve": lambda: signed(OTHER_CURVE, "ES256", "p256"),
    "jku that is not registered": lambda: signed(head={"jku": "https://evil.example.org/jwks"}),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_an_assertion_that_does_not_hold_is_refused_and_not_used_up(
    broken: Callable[[], str],
) -> None:
    issuer = Issuer()
    assert error(issuer.ask(broken())) == (401, "invalid_client")
    assert not issuer.register.used


def test_an_assertion_of_algorithm_none_is_refused() -> None:
    unsigned = signed(None, "none")
    assert error(Issuer().ask(unsigned)) == (401, "invalid_client")


def test_an_assertion_is_good_once() -> None:
    issuer = Issuer()
    assertion = signed()
    assert issuer.ask(assertion)["statusCode"] == 200
    assert error(issuer.ask(assertion)) == (401, "invalid_client")
    assert issuer.ask(signed(jti="another"))["statusCode"] == 200


def test_a_client_that_was_revoked_gets_no_token() -> None:
    issuer = Issuer()
    issuer.register.registered = None
    assert error(issuer.ask(signed())) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        ("system/Task.r", "system/Task.r"),
        ("system/Task.read", "system/Task.read"),
        ("system/Task.cruds system/Task.s", "system/Task.s"),
        ("system/*.rs system/ServiceRequest.u", "system/ServiceRequest.u"),
        ("referrals/write system/Task.r", "system/Task.r"),
        ("system/Task.r system/Task.r", "system/Task.r"),
    ],
)
def test_what_the_client_may_have_is_granted_and_said(asked: str, granted: str) -> None:
    assert json.loads(Issuer().ask(signed(), asked)["body"])["scope"] == granted


@pytest.mark.parametrize(
    "asked",
    ["", "system/*.rs", "system/Task.u", "user/Task.rs", "system/Task.sr", "system/Task.", "*"],
)
def test_what_it_may_not_have_is_refused(asked: str) -> None:
    assert error(Issuer().ask(signed(), asked)) == (400, "invalid_scope")


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type"),
        ({"client_assertion_type": "x"}, "invalid_request"),
        ({"client_id": "ehr-2"}, "invalid_request"),
    ],
)
def test_another_grant_is_refused(form: dict[str, str], code: str) -> None:
    assert error(Issuer().ask(signed(), **form)) == (400, code)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "\ud800",
        "x" * 17_000,
        "&".join(f"f{n}=1" for n in range(30)),
        "grant_type=client_credentials&grant_type=client_credentials",
        '{"grant_type": "client_credentials"}',
    ],
)
def test_what_is_no_form_is_refused(body: str) -> None:
    assert Issuer().answer("/oauth2/token", body)["statusCode"] == 400
    broken = Issuer().answer("/oauth2/token", "%%%", isBase64Encoded=True)
    assert broken["statusCode"] == 400


def test_more_scopes_than_a_token_holds_are_refused() -> None:
    issuer = Issuer(REGISTERED.but(scopes=frozenset({"system/*.cruds"})))
    many = " ".join(f"system/{'T' * n}.r" for n in range(1, 42))
    assert error(issuer.ask(signed(), many)) == (400, "invalid_scope")
    assert issuer.ask(signed(jti="2"), many.rpartition(" ")[0])["statusCode"] == 200


# --- keys by address -----------------------------------------------------------------------------

BY_ADDRESS = Registration(
    client_id="ehr-1", keys_url=PUBLISHED, scopes=frozenset({"system/Task.rs"})
)


def test_keys_may_be_published_and_are_fetched_once_for_many() -> None:
    issuer = Issuer(BY_ADDRESS)
    for number in range(3):
        assertion = signed(jti=str(number), head={"jku": PUBLISHED})
        assert issuer.ask(assertion)["statusCode"] == 200
    assert issuer.fetched == [PUBLISHED]
    assert error(issuer.ask(signed(kid="made up"))) == (401, "invalid_client")
    assert issuer.fetched == [PUBLISHED]


@pytest.mark.parametrize("failing", [Retryable("down"), Permanent("no public host"), "{}", "[]"])
def test_keys_that_cannot_be_had_are_no_refusal_of_the_client(failing: str | Exception) -> None:
    issuer = Issuer(BY_ADDRESS)
    issuer.published[PUBLISHED] = failing
    answer = issuer.ask(signed())
    assert error(answer) == (503, "temporarily_unavailable")
    assert answer["headers"]["Retry-After"] == "2"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"keys": KEYS, "keys_url": PUBLISHED},
        {"keys_url": "http://ehr.example.org/jwks.json"},
        {"keys": KEYS, "scopes": []},
        {"keys": KEYS, "scopes": ["system/Task.x"]},
        {"keys": KEYS, "scopes": ["openid"]},
    ],
)
def test_a_registration_is_whole_or_none(fields: Json) -> None:
    with pytest.raises(ValueError, match=r"a client|keys are"):
        Registration.model_validate({"client_id": "a", "scopes": ["referrals/read"], **fields})


# --- the public documents ------------------------------------------------------------------------


def test_the_configuration_names_what_there_is() -> None:
    body = json.loads(Issuer().answer("/fhir/.well-known/smart-configuration")["body"])
    assert body["token_endpoint"] == TOKEN_URL
    assert body["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert body["token_endpoint_auth_signing_alg_values_supported"] == ["RS384", "ES384"]
    assert "client-confidential-asymmetric" in body["capabilities"]
    assert {"system/ServiceRequest.c", "system/Task.s", "system/ClaimResponse.c"} <= set(
        body["scopes_supported"]
    )


def test_the_keys_are_published_without_their_secrets() -> None:
    (key,) = json.loads(Issuer().answer("/.well-known/jwks.json")["body"])["keys"]
    assert key["kid"] == "ours"
    assert "d" not in key


def test_a_name_that_no_client_can_have_is_looked_up_nowhere() -> None:
    issuer = Issuer()
    issuer.register.registration = Mock(side_effect=AssertionError)  # type: ignore[method-assign]
    assert error(issuer.ask(signed(iss="x" * 256))) == (401, "invalid_client")


def test_a_fault_of_ours_is_said_in_the_words_of_the_protocol() -> None:
    issuer = Issuer()
    broken = Mock(side_effect=Permanent("The table does not take the key."))
    issuer.register.registration = broken  # type: ignore[method-assign]
    assert error(issuer.ask(signed())) == (500, "server_error")
