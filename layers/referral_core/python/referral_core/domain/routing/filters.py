"""Hard filters: who cannot see the patient at all, and why."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from typing import Final

from referral_core.domain.directory import Practitioner
from referral_core.domain.directory_facts import CapacityStatus
from referral_core.domain.model import Model
from referral_core.domain.pathway import RoutingRule

_EARTH_RADIUS_KM: Final = 6371.0


class Need(Model):
    """What routing knows of the patient: no name, no number."""

    payer: str | None
    latitude: float | None = None
    longitude: float | None = None
    language: str = "en"


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the great-circle distance between two (latitude, longitude) points."""
    lat1, lon1, lat2, lon2 = map(radians, (*a, *b))
    h = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_RADIUS_KM * asin(sqrt(h))


def in_network(practitioner: Practitioner, payer: str | None) -> bool:
    """Whether a practitioner is in a payer's network; who pays alone has all of them."""
    return payer is None or "*" in practitioner.networks or payer in practitioner.networks


def distance_to(need: Need, practitioner: Practitioner) -> float | None:
    """Return the kilometres to a practitioner; None when the patient's place is not known."""
    if need.latitude is None or need.longitude is None:
        return None
    place = (practitioner.latitude, practitioner.longitude)
    return distance_km((need.latitude, need.longitude), place)


def exclusion(need: Need, practitioner: Practitioner, rule: RoutingRule) -> str | None:
    """Return why a practitioner cannot see the patient at all; None when they can."""
    if practitioner.disputes:
        return f"the directory is to be verified: {practitioner.disputes[0].fact}"
    if not practitioner.accepting or practitioner.capacity_status is CapacityStatus.CLOSED:
        return "not accepting new patients"
    if rule.networks == "in" and not in_network(practitioner, need.payer):
        return "out of network"
    distance = distance_to(need, practitioner)
    if distance is not None and distance > rule.max_distance_km:
        return "too far"
    return None
