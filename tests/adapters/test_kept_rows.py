"""One contract for rows that are kept, memory and the bucket."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from referral_core.adapters.aws.kept_rows import S3KeptRows
from referral_core.adapters.memory.kept_rows import MemoryKeptRows
from referral_core.domain.errors import RouterError
from referral_core.domain.ids import Tenant
from referral_core.ports.lake import KeptRows
from tests.in_memory import TENANT

RIVERSIDE = Tenant("riverside")
KEPT = KeptRows(datetime(2026, 3, 2, 15, 0, 0, 250_000, UTC), "a" * 64, [["en", None, "12", 3]])


@pytest.fixture(params=["memory", "bucket"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    if request.param == "memory":
        yield MemoryKeptRows()
        return
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="results")
        yield S3KeptRows(client, "results")


def test_the_last_rows_of_a_question_are_there(store: Any) -> None:
    assert store.kept(TENANT, "volume") is None
    store.keep(TENANT, "volume", KEPT._replace(rows=[]))
    store.keep(TENANT, "volume", KEPT)
    assert store.kept(TENANT, "volume") == KEPT


def test_no_question_is_anothers_and_no_tenant_anothers(store: Any) -> None:
    store.keep(TENANT, "volume", KEPT)
    assert store.kept(TENANT, "cost") is None
    assert store.kept(RIVERSIDE, "volume") is None


def test_a_bucket_that_is_not_there_is_an_error_of_ours() -> None:
    with mock_aws():
        lost = S3KeptRows(boto3.client("s3", region_name="us-east-1"), "gone")
        with pytest.raises(RouterError):
            lost.kept(TENANT, "volume")
        with pytest.raises(RouterError):
            lost.keep(TENANT, "volume", KEPT)
