"""Our issuer's keys in KMS, and the register of its clients, on moto."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from referral_core.adapters.aws.dynamodb.client_register import ClientRegister, registration_item
from referral_core.adapters.aws.dynamodb.schema import create_table_request
from referral_core.adapters.tokens.access_tokens import AccessTokens, own
from referral_core.adapters.tokens.key_sets import KeySet
from referral_core.adapters.tokens.signing import SigningKeys
from referral_core.domain.access.registration import Registration


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield


def test_what_kms_signs_verifies_by_the_keys_that_are_published() -> None:
    kms = boto3.client("kms", "us-east-1")
    made = [
        kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        for _ in range(2)
    ]
    old, new = SigningKeys(kms, made), SigningKeys(kms, made[::-1])
    now = int(time.time())
    claims = {"iss": "us", "aud": "us/fhir", "client_id": "c", "iat": now, "exp": now + 300}
    tokens = AccessTokens(own("us", KeySet(new.key_set), "us/fhir"))
    # A key that is being replaced is still published, so what it signed still holds.
    assert tokens.verify(new.sign(claims)).subject == "c"
    assert tokens.verify(old.sign(claims)).subject == "c"
    published = json.loads(new.key_set())["keys"]
    assert [set(key) for key in published] == [{"kty", "n", "e", "kid", "use", "alg"}] * 2
    assert len({key["kid"] for key in published}) == 2


def test_an_assertion_is_used_once_by_each_client() -> None:
    dynamodb = boto3.client("dynamodb", "us-east-1")
    dynamodb.create_table(**create_table_request("referrals"))
    known = Registration(client_id="a", keys="{}", scopes=frozenset({"referrals/read"}))
    dynamodb.put_item(TableName="referrals", Item=registration_item(known))
    register = ClientRegister(dynamodb, "referrals")
    assert register.registration("a") == known
    assert register.registration("b") is None
    assert [register.use_once("a", "j", 1) for _ in range(2)] == [True, False]
    assert register.use_once("b", "j", 1)
    assert register.use_once("a", "k", 1)
