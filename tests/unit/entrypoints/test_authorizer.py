"""Who is let through the gateway: forged tokens never, clients that are unknown only to be told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from referral_core.adapters.tokens.access_tokens import AccessTokens, Issuer, pool
from referral_core.adapters.tokens.key_sets import KeySet
from referral_core.domain.access.caller import Caller
from referral_core.domain.access.principal import Person, Principal
from referral_core.domain.directory import TenantProfile
from referral_core.domain.errors import Forbidden, NotFound, Retryable, Unauthenticated
from referral_core.domain.ids import Tenant
from referral_core.domain.updates import Role
from referral_core.entrypoints.authorizer import AuthorizeClient
from tests.in_memory import PROFILE
from tests.unit.builders import TENANT

POOL, CONSOLE = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool", "the-console"
OURS, AUDIENCE = "https://api.example.org", "https://api.example.org/fhir"
KEYS = {name: rsa.generate_private_key(65537, 2048) for name in ("pool", "ours", "stranger")}
EHR = Principal(client_id="ehr-1", tenant=TENANT, role=Role.EHR, organization="lakeside-ehr")
MARIA = Principal(
    client_id="maria",
    tenant=TENANT,
    role=Role.STAFF,
    organization=TENANT,
    person=Person(name="Maria Santos"),
)
Claims = dict[str, Any]


def published(*names: str) -> bytes:
    found = []
    for name in names:
        jwk = jwt.algorithms.RSAAlgorithm.to_jwk(KEYS[name].public_key(), as_dict=True)
        found.append({**jwk, "kid": name, "use": "sig"})
    return json.dumps({"keys": found}).encode()


def claims(**fields: Any) -> Claims:
    now = int(time.time())
    made = {
        "iss": POOL,
        "iat": now,
        "exp": now + 3600,
        "token_use": "access",
        "client_id": "ehr-1",
        "scope": "referrals/read",
        **fields,
    }
    return {name: value for name, value in made.items() if value is not None}


def signed(said: Claims, key: str = "pool", kid: str | None = None, alg: str = "RS256") -> str:
    return jwt.encode(said, KEYS[key], algorithm=alg, headers={"kid": kid or key})


class Register:
    def __init__(self, *principals: Principal) -> None:
        self.known = {principal.client_id: principal for principal in principals}

    def principal(self, client_id: str) -> Principal:
        if client_id not in self.known:
            raise Forbidden("unknown")
        return self.known[client_id]

    def tenant(self, tenant: Tenant) -> TenantProfile:
        if tenant != TENANT:
            raise NotFound("no profile")
        return PROFILE


@pytest.fixture
def register() -> Register:
    return Register(EHR, MARIA)


@pytest.fixture
def authorize(register: Register) -> Callable[[str], dict[str, Any]]:
    def ours(said: Any) -> tuple[str, bool]:
        return str(said["client_id"]), False

    tokens = AccessTokens(
        pool(POOL, KeySet(lambda: published("pool")), CONSOLE),
        Issuer(OURS, KeySet(lambda: published("ours")), ours, AUDIENCE),
    )
    authorizer = AuthorizeClient(tokens, register)
    return lambda token: authorizer.resolve({"identitySource": [f"Bearer {token}"]})


def caller_of(answer: dict[str, Any]) -> Caller:
    assert answer["isAuthorized"] is True
    return Caller.received(answer["context"], time.time())


def test_a_machines_principal_and_scopes_are_handed_over(
    authorize: Callable[[str], dict[str, Any]],
) -> None:
    said = claims()
    answer = authorize(signed(said))
    read = frozenset({"referrals/read"})
    assert caller_of(answer) == Caller(EHR, read, said["exp"], "America/New_York")
    assert (answer["context"]["client_id"], answer["context"]["tenant"]) == ("ehr-1", TENANT)


def test_a_client_of_a_tenant_that_is_not_set_up_yet_is_handed_over(
    register: Register, authorize: Callable[[str], dict[str, Any]]
) -> None:
    register.known["ehr-1"] = EHR.but(tenant=Tenant("riverside"))
    found = caller_of(authorize(signed(claims())))
    assert (found.principal.tenant, found.time_zone) == ("riverside", "UTC")


def test_what_the_gateway_remembers_of_before_is_read() -> None:
    remembered = Caller(EHR, frozenset({"referrals/read"}), 4_102_444_800).handed_over()
    del remembered["time_zone"]
    assert Caller.received(remembered, time.time()).time_zone == "UTC"


def test_a_person_who_signed_in_at_the_console_is_handed_over(
    authorize: Callable[[str], dict[str, Any]],
) -> None:
    found = caller_of(authorize(signed(claims(username="maria", client_id=CONSOLE))))
    assert found.principal == MARIA


def test_a_token_of_our_own_issuer_is_taken_for_its_audience_only(
    authorize: Callable[[str], dict[str, Any]],
) -> None:
    own = claims(iss=OURS, aud=AUDIENCE, token_use=None)
    assert caller_of(authorize(signed(own, "ours"))).principal == EHR
    for audience in (None, OURS, "https://other.example.org/fhir"):
        refused = authorize(
            signed({**own, "aud": audience} if audience else claims(iss=OURS), "ours")
        )
        assert refused == {"isAuthorized": False}


def unsigned() -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none', 'kid': 'pool'})}.{part(claims())}."


def by_the_public_key() -> str:
    """Sign with the public key's bytes as the secret of an HMAC."""
    head, body, _ = signed(claims()).split(".")
    header = json.loads(base64.urlsafe_b64decode(head + "=="))
    head = base64.urlsafe_b64encode(json.dumps({**header, "alg": "HS256"}).encode()).decode()
    secret = published("pool")
    mac = hmac.new(secret, f"{head.rstrip('=')}.{body}".encode(), hashlib.sha256).digest()
    return f"{head.rstrip('=')}.{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


FORGED: dict[str, Callable[[], str]] = {
    "alg none": unsigned,
    "hmac of the public key": by_the_public_key,
    "signed by a stranger": lambda: signed(claims(), "stranger", kid="pool"),
    "unknown key id": lambda: signed(claims(), kid="nobody"),
    "without key id": lambda: jwt.encode(claims(), KEYS["pool"], algorithm="RS256"),
    "another algorithm": lambda: signed(claims(), alg="RS512"),
    "another issuer": lambda: signed(claims(iss=f"{POOL}2")),
    "our issuer with the pool's key": lambda: signed(claims(iss=OURS, aud=AUDIENCE)),
    "without expiry": lambda: signed(claims(exp=None)),
    "issued in the future": lambda: signed(claims(iat=int(time.time()) + 600)),
    "not yet valid": lambda: signed(claims(nbf=int(time.time()) + 600)),
    "an identity token": lambda: signed(claims(token_use="id")),
    "signed in elsewhere": lambda: signed(claims(username="maria", client_id="another-app")),
    "no client": lambda: signed(claims(client_id=None)),
    "cut": lambda: signed(claims())[:-8],
    "no token": lambda: "",
    "two parts": lambda: "a.b",
    "nested deep": lambda: base64.urlsafe_b64encode(b"[" * 3000).decode().rstrip("=") + ".e30.AA",
    "a list": lambda: base64.urlsafe_b64encode(b"[]").decode().rstrip("=") + ".W10.AA",
    "too long": lambda: "x" * 9000,
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_a_token_that_is_none_of_ours_is_stopped_at_the_gateway(
    forged: Callable[[], str], authorize: Callable[[str], dict[str, Any]]
) -> None:
    assert authorize(forged()) == {"isAuthorized": False}


@pytest.mark.parametrize("header", ["", "Basic dXNlcjpwYXNz", "token"])
def test_another_kind_of_credentials_is_stopped_at_the_gateway(header: str) -> None:
    authorizer = AuthorizeClient(AccessTokens(), Register())
    assert authorizer.resolve({"identitySource": [header]}) == {"isAuthorized": False}


def refused(answer: dict[str, Any]) -> str:
    """Given that the function behind the gateway is to say why: its sentence."""
    assert answer["isAuthorized"] is True
    with pytest.raises(Unauthenticated) as caught:
        Caller.received(answer["context"], time.time())
    return str(caught.value)


def test_an_expired_token_is_told_to_be_renewed(
    authorize: Callable[[str], dict[str, Any]],
) -> None:
    past = int(time.time()) - 60
    assert "expired" in refused(authorize(signed(claims(iat=past - 60, exp=past))))
    forged = authorize(signed(claims(iat=past - 60, exp=past), "stranger", kid="pool"))
    assert forged == {"isAuthorized": False}


def test_a_client_that_was_revoked_is_refused_with_the_next_question(
    authorize: Callable[[str], dict[str, Any]], register: Register
) -> None:
    token = signed(claims())
    assert caller_of(authorize(token)).principal == EHR
    del register.known["ehr-1"]
    assert "not registered" in refused(authorize(token))


def test_a_persons_token_never_speaks_for_a_machine_nor_a_machines_for_a_person(
    authorize: Callable[[str], dict[str, Any]],
) -> None:
    assert "not registered" in refused(authorize(signed(claims(client_id="maria"))))
    person = claims(username="ehr-1", client_id=CONSOLE)
    assert "not registered" in refused(authorize(signed(person)))


# --- keys that are published ---------------------------------------------------------------------


class Publisher:
    """Publishes keys; counts how often it is asked."""

    def __init__(self, *names: str) -> None:
        self.names, self.asked, self.now = names, 0, 0.0

    def fetch(self) -> bytes:
        self.asked += 1
        return published(*self.names)


def test_keys_are_fetched_once_an_hour_and_made_up_ids_once_a_minute() -> None:
    publisher = Publisher("pool")
    keys = KeySet(publisher.fetch, lambda: publisher.now)
    for _ in range(3):
        assert keys("pool").key_id == "pool"
        with pytest.raises(Unauthenticated):
            keys("made up")
    assert publisher.asked == 1
    publisher.now = 60.0
    publisher.names = ("pool", "ours")
    assert keys("ours").key_id == "ours"
    assert publisher.asked == 2
    publisher.now = 3660.0
    publisher.names = ("ours",)
    with pytest.raises(Unauthenticated):
        keys("pool")


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"[" * 5000, b'{"keys": 1}', b'{"keys": []}']
)
def test_what_is_no_key_set_is_no_answer_that_the_gateway_remembers(content: bytes) -> None:
    authorizer = AuthorizeClient(
        AccessTokens(pool(POOL, KeySet(lambda: content), CONSOLE)), Register()
    )
    with pytest.raises(Retryable):
        authorizer.resolve({"identitySource": [f"Bearer {signed(claims())}"]})
