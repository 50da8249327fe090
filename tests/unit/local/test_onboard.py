"""Onboarding and revoking: what is asked for is done, or refused with a word."""

from __future__ import annotations

import boto3
import pytest
from moto import mock_aws

from local.clients import Cell, revoke
from local.onboard import read_arguments
from referral_core.adapters.aws.dynamodb.schema import create_table_request


def test_a_client_that_is_not_there_is_not_said_to_be_revoked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        boto3.client("dynamodb", "us-east-1").create_table(**create_table_request("referrals"))
        cell = Cell(lambda name: boto3.client(name, "us-east-1"), {"TableName": "referrals"})  # type: ignore[call-overload]
        with pytest.raises(LookupError, match="nothing was revoked"):
            revoke(cell, "mistyped")


@pytest.mark.parametrize(
    "asked",
    [
        ["ehr", "north", "--scopes", "system/Task.rs"],
        ["ehr", "north", "--stack", "prod"],
        ["ehr"],
    ],
)
def test_what_would_not_be_done_is_refused(asked: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        read_arguments(asked)
    assert left.value.code == 2


def test_a_client_with_keys_has_the_scopes_that_are_named() -> None:
    chosen = read_arguments(["ehr", "north", "--keys", "jwks.json", "--scopes", "system/Task.rs"])
    assert chosen.scopes == ["system/Task.rs"]
