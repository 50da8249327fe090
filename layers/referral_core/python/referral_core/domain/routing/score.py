"""The ranking: who passes every hard filter, by the pathway's weights and the prices of places.

A candidate's cost is `POINTS` less those of its score, so that without prices the best score wins.
With prices the least cost + price wins, in the week in which that sum is least.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple

from referral_core.domain.directory import Practitioner
from referral_core.domain.model import Model
from referral_core.domain.pathway import ChoiceList, RoutingRule
from referral_core.domain.referral import Reservation, ReservedSlot
from referral_core.domain.routing.filters import (
    Need,
    distance_to,
    exclusions_by_week,
    in_network,
    in_network_by_week,
    need_in,
    tier_for,
)
from referral_core.domain.routing.matching import (
    LONG_LEAD_WEEKS,
    OUTSIDE_MARGIN,
    POINTS,
    SECOND_CHOICE,
    TIERS,
    UNASSIGNED,
)
from referral_core.domain.routing.prices import BID_PRICES, GREEDY, PriceList, usable
from referral_core.domain.slots import Slot

SlotsByWeek = Mapping[str, Sequence[Slot]]
"""ISO week → the slots of it that may be reserved, soonest first."""


class Open(NamedTuple):
    """When a service can still be booked.

    Attributes:
        slots: what may be reserved, of whose clinic publishes slots.
        shut: ISO weeks in which it opens no more.
    """

    slots: SlotsByWeek = MappingProxyType({})
    shut: frozenset[str] = frozenset()


_ALWAYS: Final = Open()
_ANYTIME: Final[Mapping[str, Open]] = MappingProxyType({})
_WEIGHED_BY_WEEK: Final = ("earliest", "attendance")


class Candidate(Model):
    """A practitioner who passed every hard filter, with the score and the week to hold.

    Attributes:
        score: weighted sum of the parts, from 0 to 1.
        price: points of the place: what it is worth to referrals that are still to come.
        margin: points that a place out of network must be better by where prices decide.
        second_choice: points that it costs to be seen by who is another specialty first.
        distance_km: from the patient's home; None when that is not known.
        slot: the soonest of the week, where the clinic publishes slots.
    """

    npi: str
    organization: str
    week: str
    weekly_capacity: int
    tier: int
    in_network: bool
    score: float
    price: float = 0.0
    margin: float = 0.0
    second_choice: float = 0.0
    distance_km: float | None = None
    slot: ReservedSlot | None = None
    parts: Mapping[str, float]

    @property
    def total(self) -> float:
        """Cost, price and margins in points: what the candidates are ranked by."""
        return POINTS * (1 - self.score) + self.price + self.margin + self.second_choice


class Ranking(Model):
    """All candidates, best first, and why the others are none.

    Attributes:
        policy: `bid-prices/4`, or `greedy-cost/1` when no valid prices were at hand.
        price_version: the price list that was used; None when greedy.
    """

    candidates: tuple[Candidate, ...]
    exclusions: Mapping[str, str]
    policy: str = GREEDY
    price_version: str | None = None


def reservation_of(candidate: Candidate) -> Reservation:
    """Return the capacity that choosing a candidate takes."""
    return Reservation(npi=candidate.npi, week=candidate.week, slot=candidate.slot)


def rank(
    need: Need,
    practitioners: Sequence[Practitioner],
    reserved: Mapping[str, Mapping[str, int]],
    weeks: Sequence[str],
    *,
    rule: RoutingRule,
    excluded: Mapping[str, str],
    prices: PriceList | None = None,
    now: datetime | None = None,
    opened: Mapping[str, Open] = _ANYTIME,
) -> Ranking:
    """Rank the specialists for a need.

    Args:
        need: what is known of the patient.
        practitioners: the directory's practitioners of the specialty.
        reserved: npi → ISO week → holds.
        weeks: ISO weeks to look at, soonest first.
        rule: the pathway's weights and limits.
        excluded: npi → reason, for those who declined or stayed silent.
        prices: the last published list; when missing or stale the ranking is greedy.
        now: decides whether the list is stale; None: it is not.
        opened: npi → when it can be booked; who is missing, in every week.
    """
    valid = prices if prices is None or now is None else usable(prices, now)
    candidates: list[Candidate] = []
    exclusions: dict[str, str] = {}
    for practitioner in practitioners:
        npi = practitioner.npi
        times, held = opened.get(npi, _ALWAYS), reserved.get(npi, {})
        left, reason = _left_to(need, practitioner, held, times, weeks=weeks, rule=rule)
        if reason := excluded.get(npi) or reason:
            exclusions[npi] = reason
            continue
        of_weeks = valid.of(npi, weeks) if valid else (0.0,) * len(weeks)
        candidate = _candidate(need, practitioner, left, weeks, rule=rule, prices=of_weeks)
        if soonest := next(iter(times.slots.get(candidate.week, ())), None):
            slot = ReservedSlot(id=soonest.id, start=soonest.start, end=soonest.end)
            candidate = candidate.but(slot=slot, weekly_capacity=1)
        if valid and not candidate.in_network:
            candidate = candidate.but(margin=OUTSIDE_MARGIN)
        if rule.keeps_places and candidate.total >= UNASSIGNED:
            exclusions[npi] = "its places are kept for patients who need them more"
            continue
        candidates.append(candidate)
    candidates.sort(key=lambda c: (round(c.total, 4), c.npi))
    return Ranking(
        candidates=tuple(candidates),
        exclusions=exclusions,
        policy=BID_PRICES if valid else GREEDY,
        price_version=valid.version if valid else None,
    )


def _left_to(
    need: Need,
    practitioner: Practitioner,
    held: Mapping[str, int],
    times: Open,
    *,
    weeks: Sequence[str],
    rule: RoutingRule,
) -> tuple[Sequence[int], str | None]:
    """Return the places of each week that a patient could have, or why there are none."""
    unable = exclusions_by_week(need, practitioner, rule, weeks)
    if unable and all(unable):
        return (), unable[0]
    places = _left(practitioner, held, times, weeks)
    left = [0 if why else count for why, count in zip(unable, places, strict=True)]
    inside = in_network_by_week(need, practitioner, weeks)
    if any(count > 0 and within for count, within in zip(left, inside, strict=True)):
        left = [count if within else 0 for count, within in zip(left, inside, strict=True)]
    if any(count > 0 for count in left):
        return left, None
    if any(count > 0 for count in places):
        return (), next(filter(None, unable))
    has_places = any(count > 0 for count in _left(practitioner, held, Open(times.slots), weeks))
    return (), "not open in the time that is left" if has_places else "no capacity"


def _left(
    practitioner: Practitioner, held: Mapping[str, int], times: Open, weeks: Sequence[str]
) -> list[int]:
    """Return the places of each week that nobody holds: of who publishes slots, those."""
    if practitioner.publishes_slots:
        return [len(times.slots.get(week, ())) for week in weeks]
    left = [practitioner.places_in(week) - held.get(week, 0) for week in weeks]
    return [0 if week in times.shut else n for week, n in zip(weeks, left, strict=True)]


def _candidate(
    need: Need,
    practitioner: Practitioner,
    left: Sequence[int],
    weeks: Sequence[str],
    *,
    rule: RoutingRule,
    prices: Sequence[float],
) -> Candidate:
    """Return a candidate in the week of the least cost + price; of equal ones the first."""
    free = [ahead for ahead, places in enumerate(left) if places > 0]

    def dearness(ahead: int) -> float:
        parts = _parts_of_week(ahead, len(weeks))
        return prices[ahead] - POINTS * sum(_weight(rule, p) * parts[p] for p in _WEIGHED_BY_WEEK)

    ahead = min(free, key=lambda n: (dearness(n), n))
    need = need_in(need, practitioner, weeks[ahead])
    parts = _parts(need, practitioner, rule) | _parts_of_week(ahead, len(weeks))
    distance = distance_to(need, practitioner)
    return Candidate(
        npi=practitioner.npi,
        organization=practitioner.organization,
        week=weeks[ahead],
        weekly_capacity=practitioner.places_in(weeks[ahead]),
        tier=tier_for(need, practitioner),
        in_network=in_network(need, practitioner),
        score=round(sum(_weight(rule, name) * part for name, part in parts.items()), 6),
        price=prices[ahead],
        second_choice=SECOND_CHOICE if practitioner.is_second_choice else 0.0,
        distance_km=None if distance is None else round(distance, 1),
        parts=parts,
    )


def shown(
    need: Need, ranking: Ranking, practitioners: Sequence[Practitioner], rule: ChoiceList
) -> tuple[str, ...]:
    """Return the NPIs of the list that the patient is to be shown."""
    known = {s.npi: s for s in practitioners}
    near = [c.npi for c in ranking.candidates if _is_near(need, known[c.npi], rule)]
    listed = near if rule.ranked else sorted(near)
    return tuple(listed[: rule.at_most])


def _is_near(need: Need, practitioner: Practitioner, rule: ChoiceList) -> bool:
    distance = distance_to(need, practitioner)
    return rule.within_km is None or distance is None or distance <= rule.within_km


def _weight(rule: RoutingRule, part: str) -> float:
    return rule.weights.get(part, 0.0)  # type: ignore[call-overload,no-any-return]


def _parts_of_week(ahead: int, weeks: int) -> dict[str, float]:
    return {
        "earliest": 1 - ahead / weeks,
        "attendance": 0.0 if ahead > LONG_LEAD_WEEKS else 1.0,
    }


def _parts(need: Need, practitioner: Practitioner, rule: RoutingRule) -> dict[str, float]:
    distance = distance_to(need, practitioner)
    near = 0.5 if distance is None else max(0.0, 1 - distance / rule.max_distance_km)
    return {
        "tier": 1 - (tier_for(need, practitioner) - 1) / TIERS,
        "distance": round(near, 6),
        "language": 1.0 if need.language in practitioner.languages else 0.0,
        "continuity": 1.0 if practitioner.npi in need.seen else 0.0,
    }
