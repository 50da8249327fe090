"""What a directory says of a service beside who gives it: each fact with its source and its age.

A directory is right for a while. What a clinic or a patient contradicts is disputed from then on:
nobody is sent there until a person has verified it.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

from pydantic import Field

from referral_core.domain.ids import ReferralId
from referral_core.domain.model import Model


class ServiceKind(StrEnum):
    """What a service of the directory is."""

    CLINICIAN = "clinician"
    FACILITY = "facility"
    COMMUNITY_RESOURCE = "community-resource"


class CapacityStatus(StrEnum):
    """Whether a community resource, which publishes no places, takes people now."""

    OPEN = "open"
    LIMITED = "limited"
    WAITLIST = "waitlist"
    CLOSED = "closed"


class Fact(StrEnum):
    """What can be contradicted, and verified."""

    ACCEPTING = "accepting"
    SERVICE = "service"
    CONTACT = "contact"
    LOCATION = "location"
    NETWORK = "network"


_CONTRADICTED_BY: Final[Mapping[str, Fact]] = MappingProxyType(
    {
        "not-accepting": Fact.ACCEPTING,
        "not-accepting-new-patients": Fact.ACCEPTING,
        "closed-to-new-patients": Fact.ACCEPTING,
        "service-not-offered": Fact.SERVICE,
        "wrong-specialty": Fact.SERVICE,
        "wrong-number": Fact.CONTACT,
        "wrong-contact": Fact.CONTACT,
        "moved": Fact.LOCATION,
        "wrong-location": Fact.LOCATION,
        "out-of-network": Fact.NETWORK,
        "insurance-not-accepted": Fact.NETWORK,
    }
)
"""The reasons for which clinics decline that contradict the directory; codes of our own."""


def contradicted_by(reason: str | None) -> Fact | None:
    """Return the fact of the directory that a clinic's reason to decline contradicts, if one."""
    return _CONTRADICTED_BY.get((reason or "").rpartition("|")[2])


FRESH_FOR_DAYS: Final[Mapping[Fact, int]] = MappingProxyType(
    {
        Fact.ACCEPTING: 30,
        Fact.SERVICE: 180,
        Fact.CONTACT: 90,
        Fact.LOCATION: 180,
        Fact.NETWORK: 90,
    }
)
"""For how many days each fact is fresh: our own defaults."""


class FactSource(Model):
    """Where a fact is from. Attributes: source: its name; as_of: the day that it was true on."""

    source: str
    as_of: date


class Dispute(Model):
    """Somebody who should know says that a fact is wrong.

    Attributes:
        said_by: the role of who said it.
        referral_id: on which referral, if on one.
    """

    fact: Fact
    said_by: str
    at: datetime
    referral_id: ReferralId | None = None


class Closure(Model):
    """The days on which nobody is seen: a clinic that is closed, its clinician on leave.

    Attributes:
        last_day: included; None: until further notice.
        stated_at: when it was said: what is said again is another closure.
    """

    first_day: date
    last_day: date | None = None
    stated_at: datetime

    def includes(self, day: date) -> bool:
        """Whether nobody is seen on a day."""
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)


class AgeLimits(Model):
    """Whom a service sees, in whole years of age, both ends included."""

    youngest: int = Field(default=0, ge=0)
    oldest: int | None = Field(default=None, ge=0)

    def admits(self, age: int) -> bool:
        """Whether the service sees somebody of this age."""
        return self.youngest <= age and (self.oldest is None or age <= self.oldest)


class NetworkMembership(Model):
    """What a payer's directory says of a network.

    Attributes:
        plan: of the payer; None: all its plans.
        tier: 1 preferred, 2 in network.
        valid_from, valid_to: both days included; None: open.
    """

    payer: str
    plan: str | None = None
    tier: int = Field(default=2, ge=1, le=2)
    valid_from: date | None = None
    valid_to: date | None = None

    def covers(self, payer: str, plan: str | None, day: date) -> bool:
        """Whether a patient of a payer's plan is in the network on a day."""
        has_begun = self.valid_from is None or self.valid_from <= day
        has_ended = self.valid_to is not None and self.valid_to < day
        same_plan = self.plan is None or plan is None or self.plan == plan
        return self.payer == payer and same_plan and has_begun and not has_ended


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
"""FHIR's code of a day of the week."""
_WEEKDAYS: Final[Sequence[Weekday]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK: Final = r"^([01]\d|2[0-3]):[0-5]\d$"


class OpeningHours(Model):
    """When a service sees people, by the clock of its place.

    Attributes:
        days: of the week; empty: each.
        opens, closes: `HH:MM`; None: with the day. What closes no later than it opens does so in
            the night.
    """

    days: tuple[Weekday, ...] = ()
    opens: str | None = Field(default=None, pattern=_CLOCK)
    closes: str | None = Field(default=None, pattern=_CLOCK)

    def include(self, day: date, after: time = time.min) -> bool:
        """Whether somebody can be seen on a day after a time of it."""
        if self.days and _WEEKDAYS[day.weekday()] not in self.days:
            return False
        is_by_night = self.closes is None or self.closes <= (self.opens or "")
        return is_by_night or after.isoformat("minutes") < (self.closes or "")


class Location(Model):
    """Where a service is given, as its source writes it; coordinates stand on the service."""

    address: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    hours: tuple[OpeningHours, ...] = ()
