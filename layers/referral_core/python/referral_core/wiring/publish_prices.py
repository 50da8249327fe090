"""The function publish_prices."""

from __future__ import annotations

from referral_core.adapters.aws.dynamodb.directory import DynamoDbDirectory
from referral_core.adapters.aws.dynamodb.markets import DynamoDbMarkets
from referral_core.entrypoints.price_publication import PublishPrices
from referral_core.pathways import pathway
from referral_core.settings import settings
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.clients import aws_client
from referral_core.wiring.parts.clock import clock


@built_once
def build() -> PublishPrices:
    """Build the function publish_prices."""
    client, name = aws_client("dynamodb"), settings().need("table_name")
    markets, directory = DynamoDbMarkets(client, name), DynamoDbDirectory(client, name)
    return PublishPrices(markets, directory, pathway, clock())
