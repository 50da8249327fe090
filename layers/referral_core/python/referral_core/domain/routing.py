"""Which specialist: hard filters, then a weighted score, then the earliest week with capacity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Final

from referral_core.domain.model import Record
from referral_core.domain.network import Practitioner
from referral_core.domain.pathway import ChoiceList, RoutingRule
from referral_core.domain.referral import Hold

POLICY: Final = "greedy-score/1"
_EARTH_RADIUS_KM: Final = 6371.0
_TIERS: Final = 3


class Need(Record):
    """What routing knows of the patient: no name, no number."""

    payer: str | None
    latitude: float | None = None
    longitude: float | None = None
    language: str = "en"


class Candidate(Record):
    """A practitioner who passed every hard filter, with the score and the week to hold."""

    npi: str
    organization: str
    week: str
    weekly_capacity: int
    score: float
    parts: Mapping[str, float]


class Ranking(Record):
    """All candidates, best first, and why the others are none."""

    candidates: tuple[Candidate, ...]
    exclusions: Mapping[str, str]


def iso_week(day: date) -> str:
    """Return the ISO week of a day, as `2026-W07`."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def weeks_from(day: date, count: int) -> tuple[str, ...]:
    """Return `count` ISO weeks, the one of `day` first."""
    return tuple(iso_week(day + timedelta(weeks=i)) for i in range(count))


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the great-circle distance between two (latitude, longitude) points."""
    lat1, lon1, lat2, lon2 = map(radians, (*a, *b))
    h = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_RADIUS_KM * asin(sqrt(h))


def rank(
    need: Need,
    specialists: Sequence[Practitioner],
    held: Mapping[str, Mapping[str, int]],
    weeks: Sequence[str],
    *,
    rule: RoutingRule,
    excluded: Mapping[str, str],
) -> Ranking:
    """Rank the specialists for a need.

    Args:
        need: payer, place and language of the patient.
        specialists: the directory's practitioners of the specialty.
        held: npi → ISO week → holds.
        weeks: ISO weeks to look at, soonest first.
        rule: the pathway's weights and limits.
        excluded: npi → reason, for those who declined or stayed silent.
    """
    candidates: list[Candidate] = []
    exclusions: dict[str, str] = {}
    for practitioner in specialists:
        reason = excluded.get(practitioner.npi) or _hard_filter(need, practitioner, rule)
        week = _earliest(practitioner, held.get(practitioner.npi, {}), weeks)
        if reason or week is None:
            exclusions[practitioner.npi] = reason or "no capacity"
            continue
        parts = _parts(need, practitioner, weeks.index(week), len(weeks), rule)
        score = sum(rule.weights.get(name, 0.0) * part for name, part in parts.items())  # type: ignore[call-overload]
        candidates.append(
            Candidate(
                npi=practitioner.npi,
                organization=practitioner.organization,
                week=week,
                weekly_capacity=practitioner.weekly_capacity,
                score=round(score, 6),
                parts=parts,
            )
        )
    candidates.sort(key=lambda c: (-c.score, c.npi))
    return Ranking(candidates=tuple(candidates), exclusions=exclusions)


def hold_of(candidate: Candidate) -> Hold:
    """Return the capacity that choosing a candidate takes."""
    return Hold(npi=candidate.npi, week=candidate.week)


def in_network(practitioner: Practitioner, payer: str | None) -> bool:
    """Whether a practitioner is in a payer's network; who pays alone has all of them."""
    return payer is None or "*" in practitioner.networks or payer in practitioner.networks


def shown(
    need: Need, ranking: Ranking, specialists: Sequence[Practitioner], rule: ChoiceList
) -> tuple[str, ...]:
    """Return the NPIs of the list that the patient is to be shown."""
    known = {s.npi: s for s in specialists}
    near = [c.npi for c in ranking.candidates if _is_near(need, known[c.npi], rule)]
    listed = near if rule.ranked else sorted(near)
    return tuple(listed[: rule.at_most])


def _is_near(need: Need, practitioner: Practitioner, rule: ChoiceList) -> bool:
    distance = _distance(need, practitioner)
    return rule.within_km is None or distance is None or distance <= rule.within_km


def _distance(need: Need, practitioner: Practitioner) -> float | None:
    if need.latitude is None or need.longitude is None:
        return None
    place = (practitioner.latitude, practitioner.longitude)
    return distance_km((need.latitude, need.longitude), place)


def _hard_filter(need: Need, practitioner: Practitioner, rule: RoutingRule) -> str | None:
    if not practitioner.accepting:
        return "not accepting new patients"
    if rule.networks == "in" and not in_network(practitioner, need.payer):
        return "out of network"
    distance = _distance(need, practitioner)
    if distance is not None and distance > rule.max_distance_km:
        return "too far"
    return None


def _earliest(
    practitioner: Practitioner, held: Mapping[str, int], weeks: Sequence[str]
) -> str | None:
    return next((w for w in weeks if held.get(w, 0) < practitioner.weekly_capacity), None)


def _parts(
    need: Need, practitioner: Practitioner, weeks_waited: int, weeks: int, rule: RoutingRule
) -> dict[str, float]:
    distance = _distance(need, practitioner)
    near = 0.5 if distance is None else 1 - distance / rule.max_distance_km
    return {
        "tier": 1 - (practitioner.tier - 1) / _TIERS,
        "earliest": 1 - weeks_waited / weeks,
        "distance": round(near, 6),
        "language": 1.0 if need.language in practitioner.languages else 0.0,
    }
