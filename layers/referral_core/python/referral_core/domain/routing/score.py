"""The greedy score: who passes every hard filter, ranked by the pathway's weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from referral_core.domain.directory import Practitioner
from referral_core.domain.model import Model
from referral_core.domain.pathway import ChoiceList, RoutingRule
from referral_core.domain.referral import Reservation
from referral_core.domain.routing.capacity import earliest_week
from referral_core.domain.routing.filters import Need, distance_to, exclusion, in_network

POLICY: Final = "greedy-score/1"
_TIERS: Final = 3


class Candidate(Model):
    """A practitioner who passed every hard filter, with the score and the week to hold."""

    npi: str
    organization: str
    week: str
    weekly_capacity: int
    tier: int
    in_network: bool
    score: float
    parts: Mapping[str, float]


class Ranking(Model):
    """All candidates, best first, and why the others are none."""

    candidates: tuple[Candidate, ...]
    exclusions: Mapping[str, str]


def reservation_of(candidate: Candidate) -> Reservation:
    """Return the capacity that choosing a candidate takes."""
    return Reservation(npi=candidate.npi, week=candidate.week)


def rank(
    need: Need,
    practitioners: Sequence[Practitioner],
    reserved: Mapping[str, Mapping[str, int]],
    weeks: Sequence[str],
    *,
    rule: RoutingRule,
    excluded: Mapping[str, str],
) -> Ranking:
    """Rank the specialists for a need.

    Args:
        need: payer, place and language of the patient.
        practitioners: the directory's practitioners of the specialty.
        reserved: npi → ISO week → holds.
        weeks: ISO weeks to look at, soonest first.
        rule: the pathway's weights and limits.
        excluded: npi → reason, for those who declined or stayed silent.
    """
    candidates: list[Candidate] = []
    exclusions: dict[str, str] = {}
    for practitioner in practitioners:
        reason = excluded.get(practitioner.npi) or exclusion(need, practitioner, rule)
        week = earliest_week(practitioner, reserved.get(practitioner.npi, {}), weeks)
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
                weekly_capacity=practitioner.places_in(week),
                tier=practitioner.tier,
                in_network=in_network(practitioner, need.payer),
                score=round(score, 6),
                parts=parts,
            )
        )
    candidates.sort(key=lambda c: (-c.score, c.npi))
    return Ranking(candidates=tuple(candidates), exclusions=exclusions)


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


def _parts(
    need: Need, practitioner: Practitioner, weeks_waited: int, weeks: int, rule: RoutingRule
) -> dict[str, float]:
    distance = distance_to(need, practitioner)
    near = 0.5 if distance is None else 1 - distance / rule.max_distance_km
    return {
        "tier": 1 - (practitioner.tier - 1) / _TIERS,
        "earliest": 1 - weeks_waited / weeks,
        "distance": round(near, 6),
        "language": 1.0 if need.language in practitioner.languages else 0.0,
    }
