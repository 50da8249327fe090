"""Hard filters: who cannot see the patient at all, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Final

from referral_core.domain.directory import Practitioner
from referral_core.domain.directory_facts import CapacityStatus
from referral_core.domain.modality import SAID_BY_SPECIALTY, ImagingModality, Modality
from referral_core.domain.model import Model
from referral_core.domain.pathway import RoutingRule
from referral_core.domain.routing.capacity import first_day

_EARTH_RADIUS_KM: Final = 6371.0
OUT_OF_NETWORK: Final = 3
"""The tier of a service whose network the payer is not in."""
_SEXES: Final = frozenset({"female", "male"})
"""What a service may ask for; of other codes nobody is turned away."""
_FROM_AFAR: Final = frozenset({Modality.VIDEO, Modality.PHONE})
"""Ways to be seen without going there."""


class Need(Model):
    """What routing knows of the patient: no name, no number, nothing but what filters or costs.

    Attributes:
        payer, plan: who pays; None: the patient alone.
        is_network_denied: whether the payer answered that the benefits are out of network (EB12 N).
        day: of the decision; None: memberships count whatever their dates.
        born: birth date; None: not known.
        age: in whole years on the day; None: not known.
        sex: FHIR's code, asked by services that see one sex only.
        state: USPS code of the patient's home.
        is_consented: whether everything that needs the patient's consent has it.
        imaging: what the images that are ordered are taken with.
        seen: NPIs of clinicians who saw the patient before.
    """

    payer: str | None
    plan: str | None = None
    is_network_denied: bool = False
    day: date | None = None
    latitude: float | None = None
    longitude: float | None = None
    language: str = "en"
    born: date | None = None
    age: int | None = None
    sex: str | None = None
    state: str | None = None
    is_consented: bool = True
    imaging: frozenset[ImagingModality] = frozenset()
    seen: frozenset[str] = frozenset()

    @property
    def place(self) -> tuple[float, float] | None:
        """Latitude and longitude in degrees; None when they are not known."""
        if self.latitude is None or self.longitude is None:
            return None
        return self.latitude, self.longitude

    def on(self, day: date) -> Need:
        """Return the need as it is on another day: networks begin and end, and patients age."""
        age = self.age if self.born is None else age_on(self.born, day)
        return self.model_copy(update={"day": day, "age": age})


def age_on(born: date, day: date) -> int:
    """Return the whole years of somebody's age on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the great-circle distance between two (latitude, longitude) points."""
    lat1, lat2 = radians(a[0]), radians(b[0])
    north, east = sin((lat2 - lat1) / 2), sin(radians(b[1] - a[1]) / 2)
    h = north * north + cos(lat1) * cos(lat2) * east * east
    return 2 * _EARTH_RADIUS_KM * asin(sqrt(h))


def tier_for(need: Need, practitioner: Practitioner) -> int:
    """Return the practitioner's tier for who pays; 3 is out of network."""
    return practitioner.tier_for(need.payer, need.plan, need.day or date.max)


def in_network(need: Need, practitioner: Practitioner) -> bool:
    """Whether a practitioner is in the network of who pays; who pays alone has all of them."""
    payer = need.payer
    if payer is None:
        return True
    memberships = practitioner.memberships
    if memberships and any(m.payer == payer for m in memberships):
        return tier_for(need, practitioner) < OUT_OF_NETWORK
    return "*" in practitioner.networks or payer in practitioner.networks


def distance_to(need: Need, practitioner: Practitioner) -> float | None:
    """Return the kilometres to a practitioner; None when the patient's place is not known."""
    if need.place is None:
        return None
    return distance_km(need.place, (practitioner.latitude, practitioner.longitude))


def no_such_imaging(wanted: frozenset[ImagingModality], practitioner: Practitioner) -> str | None:
    """Return why a practitioner cannot take the images wanted, all of them; None when they can."""
    known = practitioner.imaging
    missing = sorted(wanted.difference(known)) if known else ()
    if missing:
        return f"does no {' and no '.join(missing)}"
    # Whoever is named by one modality takes no image of which nobody says what it is taken with.
    only = SAID_BY_SPECIALTY.get(practitioner.specialty)
    is_unsaid = only is not None and not wanted
    return f"is for {only}, which the order does not ask for" if is_unsaid else None


def _disputed(_: Need, practitioner: Practitioner, __: RoutingRule) -> str | None:
    disputes = practitioner.disputes
    return f"the directory is to be verified: {disputes[0].fact}" if disputes else None


def _closed(_: Need, practitioner: Practitioner, __: RoutingRule) -> str | None:
    is_closed = practitioner.capacity_status is CapacityStatus.CLOSED
    return "not accepting new patients" if is_closed or not practitioner.accepting else None


def _not_consented(need: Need, _: Practitioner, __: RoutingRule) -> str | None:
    return None if need.is_consented else "the patient's consent is missing"


def _out_of_network(need: Need, practitioner: Practitioner, rule: RoutingRule) -> str | None:
    if rule.networks == "any":
        return None
    if need.payer is not None and need.is_network_denied:
        return "the payer says the benefits are out of network"
    return None if in_network(need, practitioner) else "out of network"


def _too_far(need: Need, practitioner: Practitioner, rule: RoutingRule) -> str | None:
    if is_remote(practitioner, rule):
        return None
    distance = distance_to(need, practitioner)
    return "too far" if distance is not None and distance > rule.max_distance_km else None


def _wrong_age(need: Need, practitioner: Practitioner, _: RoutingRule) -> str | None:
    is_wrong = need.age is not None and not practitioner.ages.admits(need.age)
    return "does not see patients of this age" if is_wrong else None


def _wrong_sex(need: Need, practitioner: Practitioner, _: RoutingRule) -> str | None:
    wanted = practitioner.sex
    is_wrong = wanted is not None and need.sex in _SEXES and need.sex != wanted
    return "does not see patients of this sex" if is_wrong else None


def _wrong_modality(_: Need, practitioner: Practitioner, rule: RoutingRule) -> str | None:
    wanted = rule.modalities
    is_wrong = bool(wanted) and not any(way in wanted for way in practitioner.modalities)
    return "is not seen the way this needs" if is_wrong else None


def _no_such_imaging(need: Need, practitioner: Practitioner, _: RoutingRule) -> str | None:
    return no_such_imaging(need.imaging, practitioner)


def _not_licensed(need: Need, practitioner: Practitioner, rule: RoutingRule) -> str | None:
    """Ask for the licence of the state where the care is given: of the patient's, from afar."""
    known = practitioner.licence_states
    if not known:
        return None
    given_in = need.state if is_remote(practitioner, rule) else practitioner.location.state
    is_wrong = given_in is not None and given_in not in known
    return f"not licensed in {given_in}" if is_wrong else None


def _wrong_language(need: Need, practitioner: Practitioner, rule: RoutingRule) -> str | None:
    is_wrong = rule.language_required and need.language not in practitioner.languages
    return "nobody there speaks the patient's language" if is_wrong else None


def is_remote(practitioner: Practitioner, rule: RoutingRule) -> bool:
    """Whether the patient would be seen without going there."""
    wanted = rule.modalities
    offered = [way for way in practitioner.modalities if not wanted or way in wanted]
    return bool(offered) and all(way in _FROM_AFAR for way in offered)


HARD_FILTERS: Final = (
    _disputed,
    _closed,
    _not_consented,
    _out_of_network,
    _too_far,
    _wrong_age,
    _wrong_sex,
    _wrong_modality,
    _no_such_imaging,
    _not_licensed,
    _wrong_language,
)
"""Each says why a practitioner cannot see the patient at all; the first that does is the reason."""


def exclusion(need: Need, practitioner: Practitioner, rule: RoutingRule) -> str | None:
    """Return why a practitioner cannot see the patient at all; None when they can."""
    for filtered in HARD_FILTERS:
        reason = filtered(need, practitioner, rule)
        if reason is not None:
            return reason
    return None


def exclusions_by_week(
    need: Need, practitioner: Practitioner, rule: RoutingRule, weeks: Sequence[str]
) -> Sequence[str | None]:
    """Return for each ISO week why a practitioner cannot see the patient then; None: they can.

    A visit is weeks ahead. Who is in the network, or of the age, on part of a week only is not
    booked in it: on which of its days the visit will be nobody knows.
    """
    now = exclusion(need, practitioner, rule)
    if need.day is None or not _may_change(need, practitioner):
        return (now,) * len(weeks)
    return [
        next(filter(None, (exclusion(one, practitioner, rule) for one in needs)), None)
        for needs in (_over(need, need.day, week) for week in weeks)
    ]


def exclusion_of_all(
    need: Need, practitioner: Practitioner, rule: RoutingRule, weeks: Sequence[str]
) -> str | None:
    """Return why a practitioner can see the patient in none of some weeks; None where they can."""
    now = exclusion(need, practitioner, rule)
    if now is None or not _may_change(need, practitioner):
        return now
    return now if all(exclusions_by_week(need, practitioner, rule, weeks)) else None


def in_network_by_week(
    need: Need, practitioner: Practitioner, weeks: Sequence[str]
) -> Sequence[bool]:
    """Return for each ISO week whether a practitioner is in the network of who pays, all of it."""
    if need.day is None or not _may_change(need, practitioner):
        return (in_network(need, practitioner),) * len(weeks)
    return [
        all(in_network(one, practitioner) for one in _over(need, need.day, week)) for week in weeks
    ]


def need_in(need: Need, practitioner: Practitioner, week: str) -> Need:
    """Return the need in a week: on a day of it on which no network holds, if there is one."""
    if need.day is None:
        return need
    first, last = _over(need, need.day, week)
    return first if in_network(last, practitioner) else last


def _may_change(need: Need, practitioner: Practitioner) -> bool:
    """Whether who can be seen hangs on the day."""
    ages = practitioner.ages
    return (need.born is not None and (ages.youngest > 0 or ages.oldest is not None)) or any(
        m.payer == need.payer and (m.valid_from or m.valid_to) for m in practitioner.memberships
    )


def _over(need: Need, today: date, week: str) -> tuple[Need, Need]:
    """Return the need on the first day of a week that is left, and on its last."""
    monday = first_day(week)
    return need.on(max(today, monday)), need.on(max(today, monday + timedelta(days=6)))
