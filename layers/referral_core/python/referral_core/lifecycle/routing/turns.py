"""Whose turn it is: which places a waiting referral may take, and who must let others go first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from itertools import islice, takewhile
from typing import Final
from zoneinfo import ZoneInfo

from referral_core.domain.directory import Practitioner
from referral_core.domain.routing.capacity import first_day, weeks_from, weeks_until
from referral_core.domain.routing.filters import exclusion_of_all
from referral_core.domain.waitlist import place_of
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.routing.proposal import excluded_by_offers, need_of

_WORKING_DAYS: Final = timedelta(days=5)
"""A week's places are used up by the end of its Friday."""
_MOST_BEFORE: Final = 20
"""Of how many who come first it is read whether they can use a place; of more one surely can."""


def weeks_in_time(case: Case) -> tuple[str, ...]:
    """Return the ISO weeks to look at, soonest first: those that begin while there is time."""
    first = case.not_before or case.today
    weeks = weeks_from(first, case.rules.routing.weeks_ahead)
    if case.wanted_by is None:
        return weeks
    return weeks_until(weeks, case.wanted_by.astimezone(ZoneInfo(case.profile.time_zone)).date())


def is_too_late(case: Case) -> bool:
    """Whether no clinic could even answer in the time that the order leaves."""
    limit = case.wanted_by
    answered = case.calendar.after(case.now, case.rules.offer.answer_within)
    return limit is not None and answered > limit


def earliest_offerable(case: Case) -> datetime:
    """Return from when on who waits can be told of a place in time, and come."""
    return case.calendar.after(case.now, case.rules.routing.waitlist.not_within)


def offerable_weeks(case: Case, weeks: Sequence[str]) -> tuple[str, ...]:
    """Return those of some weeks that are far enough ahead for who waits to be told and to come."""
    earliest = earliest_offerable(case)
    return tuple(week for week in weeks if _monday(case, week) + _WORKING_DAYS >= earliest)


def had_its_offers(case: Case) -> bool:
    """Whether a referral was offered to as many clinics today as its pathway says."""
    zone = ZoneInfo(case.profile.time_zone)
    offered = [o.offered_at for o in case.referral.offers if o.offered_at]
    today = sum(at.astimezone(zone).date() == case.today for at in offered)
    return today >= case.rules.routing.waitlist.offers_a_day


def may_use(case: Case, entry: Practitioner, week: str | None) -> bool:
    """Whether a waiting referral could take a place of an entry at all, by what is cheap to read.

    Args:
        case: of who waits.
        entry: whose place it is.
        week: the ISO week of the place; None: any that may be offered.
    """
    # What opened before the day from which the order wants it is no place for it.
    weeks = offerable_weeks(case, [w for w in weeks_in_time(case) if week in {None, w}])
    is_out = entry.npi in excluded_by_offers(case)
    return bool(weeks) and not is_out and _passes(case, entry, weeks)


def _passes(case: Case, entry: Practitioner, weeks: Sequence[str]) -> bool:
    return exclusion_of_all(need_of(case), entry, case.rules.routing, weeks) is None


def is_behind_others(case: Case, entry: Practitioner, week: str) -> bool:
    """Whether others wait for the same service who come first, and may take a place in a week.

    Whoever comes later stands in line behind them, and the line is served within seconds; who
    cannot use this place keeps nobody from it. What is wanted by a day waits for nobody: it is
    placed at once, or a person looks for a place.
    """
    if case.wanted_by is not None or not offerable_weeks(case, (week,)):
        return False
    tenant, own = case.referral.tenant, place_of(case.referral)
    line = case.sources.referrals.waiting(tenant, entry.specialty)
    before = list(islice(takewhile(lambda waiting: waiting.place < own, line), _MOST_BEFORE + 1))
    return len(before) > _MOST_BEFORE or any(
        may_use(case.of_another(waiting.referral_id), entry, week) for waiting in before
    )


def next_week_begins(case: Case) -> datetime:
    """Return when another week comes into sight: the tenant's next Monday."""
    (_, following) = weeks_from(case.today, 2)
    return _monday(case, following)


def _monday(case: Case, week: str) -> datetime:
    return datetime.combine(first_day(week), time(), ZoneInfo(case.profile.time_zone))
