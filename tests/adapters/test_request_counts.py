"""The counts of clients' requests, on moto."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from referral_core.adapters.aws.dynamodb.request_counts import KEY, RequestCounts
from referral_core.domain.errors import Permanent


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield


def test_each_client_has_a_count_for_each_minute() -> None:
    dynamodb = boto3.client("dynamodb", "us-east-1")
    dynamodb.create_table(
        TableName="counts",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": KEY, "AttributeType": "S"}],
        KeySchema=[{"AttributeName": KEY, "KeyType": "HASH"}],
    )
    counts = RequestCounts(dynamodb, "counts")
    assert [counts.take("a", 1, 4), counts.take("a", 1, 8)] == [4, 12]
    assert [counts.take("b", 1, 4), counts.take("a", 2, 4)] == [4, 4]
    with pytest.raises(Permanent):
        RequestCounts(dynamodb, "nowhere").take("a", 1, 1)
