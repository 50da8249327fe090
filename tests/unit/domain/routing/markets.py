"""Builders: a published market, with only what a test is about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from referral_core.domain.directory import Practitioner
from referral_core.domain.routing.published import ListedService, PublishedMarket
from tests.unit.domain.routing.practitioners import WEEKS

NOW: Final = datetime(2026, 3, 2, 15, tzinfo=UTC)


def a_market(
    *practitioners: Practitioner,
    prices: Mapping[str, tuple[float, ...]] | None = None,
    left: Mapping[str, tuple[int, ...]] | None = None,
    specialty: str = "207N00000X",
    weeks: tuple[str, ...] = WEEKS,
) -> PublishedMarket:
    """Return a market in which everybody has room, and those priced that are named."""
    return PublishedMarket(
        specialty=specialty,
        version="solve-7",
        published_at=NOW,
        valid_until=NOW + timedelta(hours=2),
        weeks=weeks,
        services=tuple(
            ListedService(
                practitioner=p,
                left=(left or {}).get(p.npi, (p.weekly_capacity,) * len(weeks)),
                prices=(prices or {}).get(p.npi, (0.0,) * len(weeks)) if prices else (),
            )
            for p in practitioners
        ),
    )
