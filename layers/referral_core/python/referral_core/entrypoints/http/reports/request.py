"""A report's query parameters, read into a request; every one that is not right says how it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Final, NamedTuple, NoReturn

from referral_core.domain.directory import TenantProfile
from referral_core.domain.ids import ReferralId
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.search_parameters import with_offset
from referral_core.reporting.request import (
    CUTS,
    MOST_CUTS,
    PATIENT_CUTS,
    Basis,
    ReportRequest,
    local_day,
)

FORMATS: Final = ("json", "csv", "parquet")
REPORT_PARAMETERS: Final = frozenset(
    {"from", "to", "basis", "by", "as-of", "max-age", "since", "format", "referral", "run"}
)
_EARLIEST: Final = date(2020, 1, 1)
_LONGEST: Final = timedelta(days=1100)
_USUAL: Final = timedelta(days=29)
_DAY: Final = timedelta(days=1)
_OF_ONE_INSTANT: Final = frozenset({"basis", "by", "format", "referral"})
"""What a comparison of two instants does not look at."""
_A_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_SECONDS: Final = re.compile(r"[0-9]{1,6}", re.ASCII)
_OLDEST_S: Final = 86_400
_ID: Final = re.compile(r"[0-9a-f]{32}")


class Asked(NamedTuple):
    """What is asked for.

    Attributes:
        since: the earlier instant that the figures are compared with; None: nothing is compared.
        run: a query that was started before.
        max_age: how old the figures may be; None: they are counted now.
    """

    request: ReportRequest
    format: str
    since: datetime | None
    run: str | None
    max_age: timedelta | None = None


def asked_of(
    query: Mapping[str, str],
    profile: TenantProfile,
    now: datetime,
    cut: str | None,
    *,
    small_cells: bool,
) -> Asked:
    """Read the parameters.

    Args:
        query: as they came.
        profile: of the tenant; its zone cuts the days.
        now: the business instant.
        cut: the figure's usual one.
        small_cells: whether the caller is shown cells of few patients, so that no two periods tell
            them more.

    Raises:
        FhirError: one of them is not known, or not right.
    """
    if unknown := sorted(set(query) - REPORT_PARAMETERS):
        _refuse(
            f"There is no parameter {unknown[0]!r}: use {', '.join(sorted(REPORT_PARAMETERS))}."
        )
    as_of = _instant(query, "as-of", now) or now
    referral = _referral(query)
    today = local_day(as_of, profile.time_zone)
    by = _cuts(query, cut if referral is None else None)
    is_monthly = not (small_cells or referral or PATIENT_CUTS.isdisjoint(by))
    first, last = (_month_of if is_monthly else _days_of)(query, today, referral)
    request = ReportRequest(
        tenant=profile.tenant,
        time_zone=profile.time_zone,
        first_day=first,
        last_day=last,
        basis=Basis(_one_of(query, "basis", tuple(Basis), Basis.COHORT)),
        by=by,
        as_of=as_of,
        referral=referral,
    )
    since = _since(query, as_of)
    wanted = _one_of(query, "format", FORMATS, "json")
    return Asked(request, wanted, since, query.get("run"), _max_age(query))


def _days_of(
    query: Mapping[str, str], today: date, referral: ReferralId | None
) -> tuple[date, date]:
    """Return the first and the last day that are asked for: the last thirty where none is."""
    last = _day(query, "to") or today
    first = _day(query, "from") or (_EARLIEST if referral else last - _USUAL)
    if not _EARLIEST <= first <= last or (last - first > _LONGEST and referral is None):
        _refuse(
            f"Send from and to as days, from {_EARLIEST} on, in order, "
            f"at most {_LONGEST.days} apart."
        )
    return first, last


def _month_of(
    query: Mapping[str, str], today: date, referral: ReferralId | None
) -> tuple[date, date]:
    """Return the month that is asked for, the last one that is over where none is.

    Of two periods a day apart, each with many patients, the difference would be that day's few.
    """
    latest = today.replace(day=1) - _DAY
    if query.keys().isdisjoint(("from", "to")):
        return latest.replace(day=1), latest
    first, last = _days_of(query, today, referral)
    # Asked first: what lies far ahead has no month to be compared with.
    if last > latest or first.day != 1 or last != _end_of_month(first):
        _refuse(
            "What is cut by language or zip3 is of one whole month that is over, so that no two "
            f"periods tell what a few patients are: from={latest.replace(day=1)}&to={latest}."
        )
    return first, last


def _end_of_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1) - _DAY


def require_once(parameters: Sequence[tuple[str, str]]) -> None:
    """Refuse a parameter that is there twice: only one of them would count. Raises: FhirError."""
    names = [name for name, _ in parameters]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        _refuse(f"Send {twice[0]} once; several cuts as by=payer,kind.")


def _since(query: Mapping[str, str], as_of: datetime) -> datetime | None:
    since = _instant(query, "since", as_of)
    ignored = sorted(query.keys() & _OF_ONE_INSTANT)
    if since is not None and ignored:
        _refuse(f"Leave out {ignored[0]} with since: what differs is told in JSON, day by day.")
    return since


def _max_age(query: Mapping[str, str]) -> timedelta | None:
    text = query.get("max-age")
    if text is None:
        return None
    if not _SECONDS.fullmatch(text) or not 0 < int(text) <= _OLDEST_S:
        _refuse(f"Send max-age in seconds, from 1 to {_OLDEST_S}.")
    if not query.keys().isdisjoint(("as-of", "since")):
        _refuse("Send max-age for the latest figures, or as-of and since: not both.")
    return timedelta(seconds=int(text))


def _cuts(query: Mapping[str, str], usual: str | None) -> tuple[str, ...]:
    text = query.get("by")
    if text is None:
        return (usual,) if usual else ()
    by = tuple(name for name in text.split(",") if name)
    if set(by) - set(CUTS) or len(by) > MOST_CUTS or len(set(by)) < len(by):
        _refuse(f"Cut by at most {MOST_CUTS} different ones of {', '.join(CUTS)}.")
    return by


def _referral(query: Mapping[str, str]) -> ReferralId | None:
    text = query.get("referral")
    if text is not None and not _ID.fullmatch(text):
        _refuse("Send referral as the id of one referral.")
    return None if text is None else ReferralId(text)


def _day(query: Mapping[str, str], name: str) -> date | None:
    text = query.get(name)
    if text is None:
        return None
    # Python reads weeks and days without hyphens too: no calendar of a reader's has them.
    if _A_DAY.fullmatch(text):
        with suppress(ValueError):
            return date.fromisoformat(text)
    _refuse(f"Send {name} as a day: 2026-03-02.")
    return None


def _instant(query: Mapping[str, str], name: str, until: datetime) -> datetime | None:
    text = query.get(name)
    if text is None:
        return None
    at = with_offset(text)
    if at is None or not at.date() >= _EARLIEST or at > until:
        _refuse(
            f"Send {name} as a past instant with its offset, since {_EARLIEST}: "
            "2026-03-02T15:00:00Z."
        )
    return at


def _one_of(query: Mapping[str, str], name: str, known: tuple[str, ...], usual: str) -> str:
    text = query.get(name, usual)
    if text not in known:
        _refuse(f"Send {name} as one of {', '.join(known)}.")
    return text


def _refuse(diagnostics: str) -> NoReturn:
    refuse("invalid-parameter", diagnostics, code="value", status=HTTPStatus.BAD_REQUEST)
