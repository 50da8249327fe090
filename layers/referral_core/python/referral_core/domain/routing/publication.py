"""The next prices of a market: what was asked of it is drawn anew, as if it came again.

Prices are solved over twice the weeks that are booked, so that the last of them does not seem the
last there is. Each publication takes the mean over four futures, and moves what was published half
of the way to it, so that no future rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from random import Random
from typing import Final

from referral_core.domain.directory import Practitioner
from referral_core.domain.modality import ImagingModality
from referral_core.domain.routing.auction import bid_prices
from referral_core.domain.routing.capacity import weeks_from
from referral_core.domain.routing.demand import KeptDemand
from referral_core.domain.routing.filters import Need, no_such_imaging
from referral_core.domain.routing.market import (
    Expected,
    Market,
    Prices,
    Solver,
    drawn_future,
    mean_prices,
)
from referral_core.domain.routing.matching import CostModel
from referral_core.domain.routing.prices import blend
from referral_core.domain.routing.published import (
    ListedService,
    PublishedMarket,
    demand_of,
    service_of,
)

FUTURES: Final = 4
"""Futures that are drawn for a publication: prices are the mean of what each comes to."""
WEIGHT: Final = 0.5
"""The share of a publication's futures in what is published."""
VALID_FOR: Final = timedelta(hours=2)
"""How long prices are used: some runs of the schedule may fail."""
DEFAULT_WEEKS: Final = 8
"""Weeks that are published of a market in which nobody was referred yet."""

Weights = Callable[[KeptDemand], tuple[CostModel, int]]
"""The costs of a demand by its pathway and urgency, and the weeks that the pathway looks ahead."""


@dataclass(frozen=True)
class Ledger:
    """What is known of a market when it is published.

    Attributes:
        practitioners: who may serve it.
        reserved: npi → ISO week → holds.
        demands: what was asked of it, in the order of time.
        previous: what is published now.
    """

    specialty: str
    practitioners: Sequence[Practitioner]
    reserved: Mapping[str, Mapping[str, int]]
    demands: Sequence[KeptDemand]
    previous: PublishedMarket | None


def weeks_ahead(demands: Sequence[KeptDemand], weights: Weights) -> int:
    """Return the weeks that the pathways look ahead which were asked for."""
    return max((weights(demand)[1] for demand in demands), default=DEFAULT_WEEKS)


def next_market(
    ledger: Ledger, now: datetime, weights: Weights, solver: Solver = bid_prices
) -> PublishedMarket:
    """Return the market as it is to be published now.

    Args:
        ledger: what is known.
        now: the business instant.
        weights: the costs of each demand.
        solver: solves the market for its prices.
    """
    ahead = weeks_ahead(ledger.demands, weights)
    weeks = weeks_from(now.date(), 2 * ahead)
    left = {p.npi: _left(p, ledger.reserved.get(p.npi, {}), weeks) for p in ledger.practitioners}
    version = f"{now.isoformat(timespec='seconds')}/{ledger.specialty}"
    futures = _futures(ledger, now, ahead, weights, Random(version))  # noqa: S311 - no secret
    prices = _prices(ledger, futures, weeks, left, day=now.date(), solver=solver)
    return PublishedMarket(
        specialty=ledger.specialty,
        version=version,
        published_at=now,
        valid_until=now + VALID_FOR,
        weeks=weeks[:ahead],
        services=tuple(
            ListedService(
                practitioner=p, left=left[p.npi][:ahead], prices=prices.get(p.npi, ())[:ahead]
            )
            for p in ledger.practitioners
        ),
    )


def _left(
    practitioner: Practitioner, held: Mapping[str, int], weeks: Sequence[str]
) -> tuple[int, ...]:
    return tuple(max(0, practitioner.places_in(week) - held.get(week, 0)) for week in weeks)


def _prices(
    ledger: Ledger,
    futures: Sequence[Sequence[Expected]],
    weeks: Sequence[str],
    left: Mapping[str, Sequence[int]],
    *,
    day: date,
    solver: Solver,
) -> Prices:
    """Return the prices in the given weeks; none without anybody who asked, or who could serve."""
    if not any(futures) or not ledger.practitioners:
        return {}
    accepting = [p for p in ledger.practitioners if p.accepting and not p.disputes]
    services = [service_of(p, ledger.specialty, day) for p in accepting]
    places = {s.id: left[s.id] for s in services}
    solved = mean_prices([Market(services, places, future) for future in futures], solver)
    known = ledger.previous.price_list if ledger.previous is not None else None
    blended = (
        solved
        if known is None
        else blend({npi: known.of(npi, weeks) for npi in solved}, solved, WEIGHT)
    )
    full = _full_before(ledger.previous)
    # Nobody can take a full week, so its price is nobody's: a place that opens there meanwhile is
    # not the last choice, and its first price owes nothing to the time when it was full.
    return {
        npi: tuple(
            0.0 if not place else now if (npi, week) in full else usual
            for week, place, now, usual in zip(
                weeks, left[npi], solved[npi], blended[npi], strict=True
            )
        )
        for npi in solved
    }


def _full_before(previous: PublishedMarket | None) -> frozenset[tuple[str, str]]:
    """Return the weeks of practitioners that had no place when prices were published last."""
    if previous is None:
        return frozenset()
    return frozenset(
        (listed.practitioner.npi, week)
        for listed in previous.services
        for week, place in zip(previous.weeks, listed.left, strict=False)
        if not place
    )


def _futures(
    ledger: Ledger, now: datetime, span: int, weights: Weights, rng: Random
) -> list[list[Expected]]:
    """Draw the referrals of the next weeks from those of as many weeks before, some times over.

    Without an older half there is nothing to draw from: all futures are one.
    """
    monday = now - timedelta(days=now.weekday(), hours=now.hour)
    recent, older = Counter[str](), Counter[str]()
    history: list[Expected] = []

    @cache
    def unable(imaging: frozenset[ImagingModality]) -> frozenset[str]:
        return frozenset(p.npi for p in ledger.practitioners if no_such_imaging(imaging, p))

    for kept in ledger.demands:
        back = now - kept.at
        if back >= timedelta(weeks=2 * span):
            continue
        is_recent = back < timedelta(weeks=span)
        (recent if is_recent else older)[ledger.specialty] += 1
        again = kept.at + timedelta(weeks=span if is_recent else 2 * span)
        expected = _expected(kept, ledger.specialty, (again - monday).days // 7, weights)
        history.append(replace(expected, unable=unable(kept.imaging)))
    if not older:
        return [history]
    was_expected = {name: float(count) for name, count in older.items()}
    return [
        drawn_future(history, came=recent, was_expected=was_expected, rng=rng, volume=0.5)
        for _ in range(FUTURES)
    ]


def _expected(kept: KeptDemand, specialty: str, week: int, weights: Weights) -> Expected:
    need = Need(
        payer=kept.payer,
        latitude=kept.latitude,
        longitude=kept.longitude,
        language=kept.language,
    )
    return Expected(demand_of(need, specialty), week, weights(kept)[0])
