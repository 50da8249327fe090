"""What was published of a market: its services, where there was room, and what a place is worth.

A decision reads it with one query, whatever the directory's size, and asks the directory itself
only for the few services that it then chooses among.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Final

from referral_core.domain.directory import Practitioner
from referral_core.domain.model import Model
from referral_core.domain.routing.filters import Need
from referral_core.domain.routing.matching import ANY_PAYER, SELF_PAY, Demand, Service
from referral_core.domain.routing.prices import PriceList
from referral_core.domain.routing.service_index import ServiceIndex

UNPUBLISHED: Final = "unpublished"
"""The version of a market that is read from the directory: nothing was published yet."""


class ListedService(Model):
    """A service of a market.

    Attributes:
        left: places left in each of the market's weeks when it was published.
        prices: points of a place in each of them; empty when there was nothing to solve.
    """

    practitioner: Practitioner
    left: tuple[int, ...]
    prices: tuple[float, ...] = ()


class PublishedMarket(Model):
    """All services that may serve one specialty, at one moment.

    Attributes:
        specialty: NUCC code of the service that orders want; others may serve it too.
        version: names the solve; part of every decision that used its prices.
        valid_until: when the prices are stale; who is listed is read anew anyway.
        weeks: ISO weeks, soonest first.
    """

    specialty: str
    version: str
    published_at: datetime
    valid_until: datetime
    weeks: tuple[str, ...]
    services: tuple[ListedService, ...]

    @property
    def is_published(self) -> bool:
        """Whether it was published, and not read from the directory for lack of that."""
        return self.version != UNPUBLISHED

    def is_trusted(self, now: datetime) -> bool:
        """Whether what it says of places still counts: not while publishing fails for long."""
        return now < self.valid_until

    @cached_property
    def by_id(self) -> Mapping[str, ListedService]:
        """NPI → service."""
        return {listed.practitioner.npi: listed for listed in self.services}

    @cached_property
    def index(self) -> ServiceIndex:
        """The services, searched best first."""
        day = self.published_at.date()
        return ServiceIndex(
            service_of(listed.practitioner, self.specialty, day) for listed in self.services
        )

    @cached_property
    def price_list(self) -> PriceList | None:
        """The prices; None when there are none."""
        prices = {s.practitioner.npi: s.prices for s in self.services if s.prices}
        return PriceList(self.version, self.valid_until, self.weeks, prices) if prices else None

    def left_of(self, npi: str, weeks: Sequence[str]) -> tuple[int, ...]:
        """Return the places a service had in some weeks; of others than the market's, all."""
        listed = self.by_id[npi]
        if tuple(weeks) == self.weeks[: len(weeks)]:
            return listed.left[: len(weeks)]
        known = dict(zip(self.weeks, listed.left, strict=False))
        return tuple([known.get(week, listed.practitioner.places_in(week)) for week in weeks])


def joined(sheets: Sequence[PublishedMarket]) -> PublishedMarket:
    """Return the market of its sheets, which may be of several versions: some are just written.

    Weeks are those of the newest; what older sheets say of others is not believed.
    """
    newest_first = sorted(sheets, key=lambda sheet: sheet.published_at, reverse=True)
    newest = newest_first[0]
    services: dict[str, ListedService] = {}
    for sheet in newest_first:
        for listed in sheet.services:
            services.setdefault(listed.practitioner.npi, _as_of(listed, sheet, newest))
    # A mixture is no version: whoever keeps one by its name reads the whole one in its place.
    versions = dict.fromkeys(sheet.version for sheet in newest_first)
    return newest.but(version="+".join(versions), services=tuple(services.values()))


def _as_of(listed: ListedService, sheet: PublishedMarket, newest: PublishedMarket) -> ListedService:
    """Return what a sheet says of a service, by the weeks of the newest."""
    if sheet.weeks == newest.weeks:
        return listed
    left = dict(zip(sheet.weeks, listed.left, strict=False))
    prices = dict(zip(sheet.weeks, listed.prices, strict=False))
    places = listed.practitioner.places_in
    return listed.but(
        left=tuple(left.get(week, places(week)) for week in newest.weeks),
        prices=tuple(prices.get(week, 0.0) for week in newest.weeks) if prices else (),
    )


def unpublished(
    specialty: str, practitioners: Iterable[Practitioner], now: datetime
) -> PublishedMarket:
    """Return the market of a directory of which nothing was published yet."""
    return PublishedMarket(
        specialty=specialty,
        version=UNPUBLISHED,
        published_at=now,
        valid_until=now,
        weeks=(),
        services=tuple(ListedService(practitioner=p, left=()) for p in practitioners),
    )


def service_of(practitioner: Practitioner, specialty: str, day: date) -> Service:
    """Return a practitioner as the search sees them, in the market of a specialty."""
    payers = {m.payer for m in practitioner.memberships} | set(practitioner.networks) - {ANY_PAYER}
    tiers = {payer: practitioner.tier_for(payer, None, day) for payer in payers}
    if ANY_PAYER in practitioner.networks:
        tiers[ANY_PAYER] = practitioner.tier
    return Service(
        id=practitioner.npi,
        specialty=specialty,
        place=(practitioner.latitude, practitioner.longitude),
        tiers={**tiers, SELF_PAY: practitioner.tier},
        languages=frozenset(practitioner.languages),
        is_second_choice=practitioner.is_second_choice,
    )


def demand_of(need: Need, specialty: str) -> Demand:
    """Return a patient's need as the search sees it."""
    return Demand(
        specialty=specialty,
        payer=SELF_PAY if need.payer is None else need.payer,
        place=need.place,
        language=need.language,
        seen=need.seen,
    )
