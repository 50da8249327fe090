"""What no event carries, by the hour, and whose it is: shared out in whole units, none lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from referral_core.domain.ids import Tenant


class Overhead(NamedTuple):
    """What the cell used in one hour beside its referrals.

    Attributes:
        hour: when it began, UTC.
        units: metered unit → count.
    """

    hour: datetime
    units: Mapping[str, int]


Shares = Mapping[Tenant, Mapping[str, int]]
"""Tenant → unit → count."""


def shared_out(units: Mapping[str, int], open_by_tenant: Mapping[Tenant, int]) -> Shares:
    """Share units out over tenants by how many referrals each has open; alike where none has any.

    Whole units, and together as many as there were: each tenant gets what is due to it and all
    before it, less what those got.
    """
    weights = open_by_tenant if any(open_by_tenant.values()) else dict.fromkeys(open_by_tenant, 1)
    whole, before, found = sum(weights.values()), 0, dict[Tenant, Mapping[str, int]]()
    for tenant, weight in sorted(weights.items()):
        until = before + weight
        found[tenant] = {
            unit: count * until // whole - count * before // whole for unit, count in units.items()
        }
        before = until
    return found
