"""One contract for the markets: memory and the DynamoDB table (moto) behave alike."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import boto3
import pytest
from moto import mock_aws

from referral_core.adapters.aws.dynamodb import items, keys
from referral_core.adapters.aws.dynamodb import markets as adapter
from referral_core.adapters.aws.dynamodb.directory import DynamoDbDirectory, config_item
from referral_core.adapters.aws.dynamodb.markets import DynamoDbMarkets
from referral_core.adapters.aws.dynamodb.schema import create_table_request
from referral_core.adapters.memory.directory import MemoryDirectory
from referral_core.adapters.memory.markets import MemoryMarkets
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.routing.demand import KeptDemand, OpenMarket
from referral_core.domain.routing.published import ListedService
from referral_core.domain.terminology import Priority
from referral_core.entrypoints.price_publication import Markets
from referral_core.ports.lifecycle import Directory
from tests.unit.builders import TENANT, a_referral
from tests.unit.domain.routing.markets import NOW, a_market
from tests.unit.domain.routing.practitioners import a_practitioner

SKIN = "207N00000X"
OTHER = Tenant("other")
MARKET = OpenMarket(tenant=TENANT, specialty=SKIN, accepts=(SKIN, "207NS0135X"))


def a_demand(days_ago: int) -> KeptDemand:
    return KeptDemand(
        specialty=SKIN,
        at=NOW - timedelta(days=days_ago),
        payer="harbor",
        latitude=42.26,
        longitude=None,
        language="es",
        level=Priority.URGENT,
        pathway="generic-specialist",
        pathway_version=1,
    )


class Kept(NamedTuple):
    """Attributes: calls: reads of the table by name; empty in memory."""

    markets: Markets
    directory: Directory
    calls: Counter[str]


@pytest.fixture(params=["memory", "table"])
def kept(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    """Given a market to be published and two referrals that asked of it."""
    calls: Counter[str] = Counter()
    if request.param == "memory":
        referrals = MemoryReferrals()
        referrals.open_markets[TENANT, SKIN] = MARKET.accepts
        for days in (3, 9):
            referrals.demands[TENANT, SKIN][ReferralId(str(days))] = a_demand(days)
        yield Kept(MemoryMarkets(referrals), MemoryDirectory(referrals, ()), calls)
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr(adapter, "_A_SHEET", 2)
    with mock_aws():
        client = boto3.client("dynamodb", "us-east-1")
        client.create_table(**create_table_request("referrals"))
        referral = a_referral()
        written = [items.open_market_item(MARKET)]
        written += [items.demand_item(referral, a_demand(days)) for days in (3, 9)]
        written += [config_item(a_practitioner(str(n), tenant=TENANT)) for n in range(300)]
        for item in written:
            client.put_item(TableName="referrals", Item=item)

        def counted(params: dict[str, Any], model: Any, **_: Any) -> None:
            calls[model.name] += 1

        client.meta.events.register("before-call.dynamodb", counted)
        directory = DynamoDbDirectory(client, "referrals")
        yield Kept(DynamoDbMarkets(client, "referrals"), directory, calls)


def test_the_markets_to_be_published_are_listed(kept: Kept) -> None:
    assert list(kept.markets.open_markets()) == [MARKET]


def test_demands_are_listed_from_a_moment_on_in_their_order(kept: Kept) -> None:
    asked = kept.markets.demands
    assert asked(TENANT, SKIN, NOW - timedelta(days=30)) == [a_demand(9), a_demand(3)]
    assert asked(TENANT, SKIN, NOW - timedelta(days=4)) == [a_demand(3)]
    assert list(asked(OTHER, SKIN, NOW - timedelta(days=30))) == []


@pytest.mark.parametrize("sizes", [(3,), (5, 1), (1, 5), (0,)])
def test_what_was_published_last_is_read(kept: Kept, sizes: tuple[int, ...]) -> None:
    assert kept.markets.published(TENANT, SKIN) is None
    for size in sizes:
        everybody = [a_practitioner(str(n), tenant=TENANT) for n in range(size)]
        market = a_market(*everybody, prices={"0": (1.5, 2.0, 0.0, 0.0)})
        kept.markets.publish(TENANT, market)
        read = kept.markets.published(TENANT, SKIN)
        assert read is not None
        assert sorted(read.services, key=_npi) == sorted(market.services, key=_npi)
        assert read.but(services=market.services) == market
    assert kept.markets.published(OTHER, SKIN) is None


def test_a_decision_takes_at_most_five_reads_of_the_table(kept: Kept) -> None:
    """One query of the market, and a call for each hundred items of those that are looked at."""
    everybody = [a_practitioner(str(n), tenant=TENANT) for n in range(20)]
    kept.markets.publish(TENANT, a_market(*everybody))
    kept.calls.clear()
    for _ in range(2):
        assert kept.directory.market(TENANT, SKIN) is not None
        weeks = [f"2026-W{n:02d}" for n in range(10, 18)]
        kept.directory.listed(TENANT, [(p.specialty, p.npi) for p in everybody], weeks)
    # The second decision of a process finds the market read already.
    assert kept.calls in (Counter(), Counter(Query=1, BatchGetItem=4))


def _npi(listed: ListedService) -> str:
    return listed.practitioner.npi


def test_a_sheet_of_another_version_of_the_code_is_published_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("dynamodb", "us-east-1")
        client.create_table(**create_table_request("referrals"))
        markets = DynamoDbMarkets(client, "referrals")
        key = {"pk": {"S": keys.market(TENANT, SKIN)}, "sk": {"S": f"{keys.Sort.SHEET}000"}}
        body = {"B": gzip.compress(b'{"specialty": "x", "from": "a later version"}')}
        client.put_item(TableName="referrals", Item={**key, "body": body})
        assert markets.published(TENANT, SKIN) is None
        markets.publish(TENANT, a_market())
        assert markets.published(TENANT, SKIN) is not None
