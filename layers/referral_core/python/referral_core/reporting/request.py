"""What is asked of a report: the period, its basis, the cuts, and as of when."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.model import Model
from referral_core.reporting.rows import ms_of

CUTS: Final = (
    "pathway",
    "kind",
    "specialty",
    "payer",
    "payer_class",
    "fee_class",
    "referring_practice",
    "referring_clinician",
    "location",
    "performer_organization",
    "performer",
    "network",
    "priority",
    "language",
    "zip3",
    "received_day",
    "outcome",
)
"""By what every figure can be cut."""
MOST_CUTS: Final = 3
PATIENT_CUTS: Final = frozenset({"language", "zip3"})
"""Cuts by what a patient is: small cells of these are not shown."""


class Basis(StrEnum):
    """What a period means."""

    COHORT = "cohort"
    ACTIVITY = "activity"


class ReportRequest(Model):
    """One request for one report.

    Attributes:
        time_zone: IANA zone of the tenant: days are cut in it.
        first_day, last_day: of the period, both in it.
        by: at most three of `CUTS`.
        as_of: only what was recorded by then counts.
        referral: one referral only.
    """

    tenant: Tenant
    time_zone: str
    first_day: date
    last_day: date
    basis: Basis = Basis.COHORT
    by: tuple[str, ...] = ()
    as_of: datetime
    referral: ReferralId | None = None

    @property
    def is_of_patients(self) -> bool:
        """Whether a cut says what patients are."""
        return not PATIENT_CUTS.isdisjoint(self.by)


class Offset(NamedTuple):
    """A stretch of time with one UTC offset, from and until in milliseconds since 1970."""

    from_ms: int
    until_ms: int
    offset_ms: int


_HOUR: Final = timedelta(hours=1)
_BEGINNING: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""Before the first referral of any tenant."""
_YEARS_AHEAD: Final = timedelta(days=800)


@lru_cache(maxsize=64)
def offsets(time_zone: str, until: datetime) -> tuple[Offset, ...]:
    """Return the offsets of a zone, one after another: a day of a clock change keeps its length.

    Args:
        time_zone: an IANA name.
        until: the report's instant; what lies ahead of it (a visit) is covered for two years.
    """
    zone, found = ZoneInfo(time_zone), list[Offset]()
    start, end = _BEGINNING, until.astimezone(UTC) + _YEARS_AHEAD
    while start < end:
        offset = _offset(zone, start)
        following = start
        while following < end and _offset(zone, following) == offset:
            following += timedelta(days=1)
        while following < end and _offset(zone, following - _HOUR) != offset:
            following -= _HOUR
        found.append(Offset(ms_of(start), ms_of(following), offset // timedelta(milliseconds=1)))
        start = following
    return (found[0]._replace(from_ms=0), *found[1:])


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def day_number(day: date) -> int:
    """Return the days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def local_day(at: datetime, time_zone: str) -> date:
    """Return the date of an instant in a zone."""
    return at.astimezone(ZoneInfo(time_zone)).date()


def begins(day: date, time_zone: str) -> datetime:
    """Return when a day begins in a zone."""
    return datetime.combine(day, time(0), ZoneInfo(time_zone)).astimezone(UTC)
