"""Markets in the table: which there are, what referrals asked of them, and what is published."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.attributes import item
from referral_core.adapters.aws.dynamodb.stored_text import gzipped
from referral_core.adapters.aws.dynamodb.table import Table
from referral_core.adapters.aws.service_errors import service_errors
from referral_core.domain.ids import Tenant
from referral_core.domain.routing.demand import KeptDemand, OpenMarket
from referral_core.domain.routing.published import PublishedMarket, joined
from referral_core.observability import logger

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_A_SHEET: Final = 1_500
"""Services of one item: compressed they take some 150 KB of its 400."""


class DynamoDbMarkets:
    """What publishing reads and writes, and the one query that a decision makes."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        """Take a DynamoDB client and the table's name."""
        self._table = Table(client, name)

    def open_markets(self) -> Iterable[OpenMarket]:
        """Iterate over the markets of all tenants."""
        for found in self._table.between(keys.MARKETS, "!", "~"):
            yield OpenMarket.model_validate_json(str(found["body"]))

    def demands(self, tenant: Tenant, specialty: str, since: datetime) -> Sequence[KeptDemand]:
        """List what referrals asked of a market from a moment on, in the order of time."""
        first, last = (f"{keys.Sort.DEMAND}{at}" for at in (keys.second(since), "~"))
        found = self._table.between(keys.demand(tenant, specialty), first, last)
        return [KeptDemand.model_validate_json(str(entry["body"])) for entry in found]

    def published(self, tenant: Tenant, specialty: str) -> PublishedMarket | None:
        """Read what was published last; None: nothing was that can be read.

        Each item stands for itself: of a market that is just being published, some are older.
        """
        partition = keys.market(tenant, specialty)
        found = self._table.query(partition, prefix=keys.Sort.SHEET.value, consistent=False)
        try:
            sheets = [PublishedMarket.model_validate_json(_text(entry["body"])) for entry in found]
        except ValidationError:
            # Of another version of the code: it is published anew within minutes.
            logger.error("market not read", extra={"specialty": specialty})
            return None
        return joined(sheets) if sheets else None

    def publish(self, tenant: Tenant, market: PublishedMarket) -> None:
        """Write a market anew; a sheet more than it needs is left without services."""
        partition = keys.market(tenant, market.specialty)
        before = self._table.query(partition, prefix=keys.Sort.SHEET.value, consistent=False)
        needed = max(1, -(-len(market.services) // _A_SHEET))
        for number in range(max(needed, sum(1 for _ in before))):
            begin = number * _A_SHEET
            sheet = market.but(services=market.services[begin : begin + _A_SHEET])
            entry = item(
                pk=partition,
                sk=f"{keys.Sort.SHEET}{number:03d}",
                body=gzipped(sheet.model_dump_json().encode()),
            )
            with service_errors("The market could not be published"):
                self._table.client.put_item(TableName=self._table.name, Item=entry)


def _text(body: object) -> bytes:
    return gzip.decompress(bytes(body))  # type: ignore[call-overload]
