"""A contract is loaded once, and known from the day on which that was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local.contracts import NotRight, load
from referral_core.adapters.aws.dynamodb.directory import DynamoDbDirectory, config_item
from referral_core.adapters.aws.dynamodb.schema import create_table_request
from referral_core.domain.ids import Tenant
from referral_core.domain.money.price_book import Price
from tests.in_memory import TENANT, World
from tests.unit.reporting.lakes import CONTRACT, REVENUE

LATE = datetime(2026, 6, 2, 2, 0, tzinfo=UTC)
"""The second of June in UTC, and still the first where the tenant is."""
BOOK = CONTRACT.but(known_from=None)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(**create_table_request("record"))
        client.put_item(TableName="record", Item=config_item(World().directory.tenant(TENANT)))
        yield client


def test_a_contract_is_known_from_the_day_on_which_it_is_loaded(client: Any) -> None:
    # When a book that is in force for months is loaded today
    there = load(client, "record", TENANT, BOOK, LATE)
    # Then figures as of an earlier day go on saying what they said
    assert there.known_from == date(2026, 6, 1)
    assert DynamoDbDirectory(client, "record").price_books(TENANT) == [there]


def test_one_that_says_from_when_it_was_known_is_known_from_then(client: Any) -> None:
    told = BOOK.but(known_from=date(2026, 5, 1))
    assert load(client, "record", TENANT, told, LATE) == told


def test_a_version_that_is_there_is_not_written_over(client: Any) -> None:
    there = load(client, "record", TENANT, BOOK, LATE)
    other = BOOK.but(prices={"letters": Price(usd=Decimal(9), source="a slip")})
    with pytest.raises(NotRight, match="a version of its own"):
        load(client, "record", TENANT, other, LATE)
    with pytest.raises(NotRight, match="a version of its own"):
        load(client, "record", TENANT, BOOK.but(known_from=date(2025, 1, 1)), LATE)
    # Loaded once more as it is, it is the same one.
    assert load(client, "record", TENANT, BOOK, LATE.replace(month=7)) == there
    assert DynamoDbDirectory(client, "record").price_books(TENANT) == [there]


def test_a_table_is_another_thing_than_a_book_of_its_version(client: Any) -> None:
    load(client, "record", TENANT, BOOK, LATE)
    table = load(client, "record", TENANT, REVENUE.but(version=BOOK.version), LATE)
    assert DynamoDbDirectory(client, "record").revenue_tables(TENANT) == [table]


def test_nobodys_contract_is_loaded(client: Any) -> None:
    with pytest.raises(NotRight, match="no tenant lakesite"):
        load(client, "record", Tenant("lakesite"), BOOK, LATE)
