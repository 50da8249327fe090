"""What referrals cost by the prices in force: the release's list and the tenant's contracts."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from referral_core.adapters.aws.dynamodb.reads import ReferralReads
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.money.cost_ledger import Cost, cost, price_lines
from referral_core.price_books import LISTS, price_book
from referral_core.settings import settings
from referral_core.wiring.parts.clients import aws_client
from referral_core.wiring.parts.directory import configuration


@cache
def closed_costs() -> Callable[[str, str], Cost]:
    """Return what prices the events of one referral."""
    lists = [price_book(name) for name in LISTS]
    # Events are found by the referral's id: nothing that is hashed is looked up.
    record = ReferralReads(aws_client("dynamodb"), settings().need("table_name"))

    def cost_of(tenant: str, referral_id: str) -> Cost:
        known = Tenant(tenant)
        lines = price_lines(lists, configuration().price_books(known))
        return cost(record.events(known, ReferralId(referral_id)), lines)

    return cost_of
