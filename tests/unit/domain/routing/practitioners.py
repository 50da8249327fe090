"""Builders: a practitioner, a need and a rule of routing, with only what a test is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from referral_core.domain.directory import Practitioner
from referral_core.domain.ids import Tenant
from referral_core.domain.pathway import RoutingRule
from referral_core.domain.routing.filters import Need
from referral_core.domain.routing.score import Ranking, rank

WORCESTER: Final = (42.26, -71.8)
WEEKS: Final = ("2026-W10", "2026-W11", "2026-W12", "2026-W13")
_KM_OF_A_DEGREE: Final = 111.195
"""Of latitude, on a sphere of 6371 km radius."""


def km_north(km: float) -> dict[str, float]:
    """Return the place that lies so far north of the patient."""
    return {"latitude": WORCESTER[0] + km / _KM_OF_A_DEGREE, "longitude": WORCESTER[1]}


def a_practitioner(npi: str = "1000000001", **fields: Any) -> Practitioner:
    """Return a preferred practitioner at the patient's door, with room for five a week."""
    base: dict[str, Any] = {
        "tenant": Tenant("lakeside"),
        "npi": npi,
        "name": f"Dr. {npi}",
        "specialty": "207N00000X",
        "organization": f"clinic-{npi}",
        "networks": ("harbor",),
        "tier": 1,
        **km_north(0),
        "weekly_capacity": 5,
        "clinic_url": "https://clinic.example.org",
        "secret": "referral-router/partners",
    }
    return Practitioner.model_validate({**base, **fields})


def a_need(**fields: Any) -> Need:
    """Return what a patient of Harbor in Worcester who speaks English needs."""
    base = {"payer": "harbor", "latitude": WORCESTER[0], "longitude": WORCESTER[1]}
    return Need.model_validate({**base, **fields})


def a_rule(**fields: Any) -> RoutingRule:
    """Return a rule whose four weights differ, so that none can stand for another."""
    base: dict[str, Any] = {
        "max_distance_km": 80,
        "weights": {"tier": 0.4, "earliest": 0.3, "distance": 0.2, "language": 0.1},
        "weeks_ahead": len(WEEKS),
        "waitlist_retry": "2bd",
        "waitlist_tries": 3,
    }
    return RoutingRule.model_validate({**base, **fields})


def only(part: str) -> RoutingRule:
    """Return a rule that looks at one part of the score."""
    return a_rule(weights={part: 1.0})


def ranking(
    *practitioners: Practitioner,
    need: Need | None = None,
    reserved: Mapping[str, Mapping[str, int]] | None = None,
    weeks: Sequence[str] = WEEKS,
    rule: RoutingRule | None = None,
    excluded: Mapping[str, str] | None = None,
) -> Ranking:
    """Rank for the patient of `a_need` by the rule of `a_rule`, with nothing held."""
    return rank(
        need or a_need(),
        practitioners,
        reserved or {},
        weeks,
        rule=rule or a_rule(),
        excluded=excluded or {},
    )


def npis(ranked: Ranking) -> list[str]:
    """Return who may be asked, best first."""
    return [candidate.npi for candidate in ranked.candidates]
