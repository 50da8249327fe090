"""The same figures counted again from events, in plain Python: no SQL, none of its tables."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from referral_core.domain.events import Event, EventKind
from referral_core.domain.lifecycle import RESPONSIBLE, Status
from referral_core.domain.money.cost_ledger import UNITS
from referral_core.reporting.composition import Policy
from referral_core.reporting.request import Basis, ReportRequest

K = EventKind
SEEN = {Status.SEEN_AWAITING_REPORT, Status.REPORT_RECEIVED}
REACHED = {K.PATIENT_AGREED, K.PATIENT_DECLINED, K.APPOINTMENT_BOOKED}
COMPLETED = {"completed-report-acknowledged", "completed-attested"}
HOUR = 3_600_000
Figures = dict[tuple[Any, ...], dict[str, Any]]


def ms(at: datetime) -> int:
    """Return whole milliseconds since 1970, as the lake has them: what is begun does not count."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def fact(event: Event, name: str) -> Any:
    return getattr(event.facts, name, None)


def occurred(event: Event) -> datetime:
    start = fact(event, "start")
    if event.kind in {K.APPOINTMENT_FULFILLED, K.APPOINTMENT_NOSHOW} and start:
        return min(start, event.at)
    return event.at


def is_attempt(event: Event) -> bool:
    return event.kind is K.PATIENT_CONTACTED or event.metered.get("staff_calls", 0) > 0


def is_opt_out(event: Event) -> bool:
    return event.kind is K.PATIENT_OPTED_OUT or fact(event, "reason") == "patient-opted-out"


@dataclass
class One:
    """A referral as its events tell it."""

    events: Sequence[Event]
    request: ReportRequest
    policy: Policy

    def day(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.request.time_zone)).date()

    def inside(self, at: datetime | None) -> bool:
        r = self.request
        if at is None:
            return False
        counted = self.events[0].at if r.basis is Basis.COHORT else at
        return r.first_day <= self.day(counted) <= r.last_day

    def first(self, wanted: Callable[[Event], bool]) -> Event | None:
        """Return the earliest, which need not be of the lowest version: it may be told late."""
        return min(filter(wanted, self.events), key=lambda e: (e.at, e.version), default=None)

    def last(self, wanted: Callable[[Event], bool]) -> Event | None:
        return next((e for e in reversed(self.events) if wanted(e)), None)

    @property
    def now(self) -> Event:
        return self.events[-1]

    @property
    def cuts(self) -> tuple[Any, ...]:
        found = [self.cut(name) for name in self.request.by]
        return (*found, *[None] * (3 - len(found)))

    def cut(self, name: str) -> Any:
        if name == "outcome":
            return self.now.outcome
        if name == "received_day":
            return str((self.day(self.events[0].at) - date(1970, 1, 1)).days)
        if name == "network":
            return self.network
        return getattr(self.now.dimensions, name)

    @property
    def network(self) -> str | None:
        return {True: "in-network", False: "out-of-network", None: None}[
            self.now.dimensions.network
        ]

    @property
    def is_valid(self) -> bool:
        return self.now.outcome not in {"entered-in-error", "superseded"}

    @property
    def routed(self) -> datetime | None:
        found = self.first(lambda e: e.to_status is Status.ROUTING)
        return found.at if found else None

    @property
    def booked(self) -> Event | None:
        return self.first(lambda e: e.kind is K.APPOINTMENT_BOOKED)

    @property
    def seen(self) -> datetime | None:
        return min((occurred(e) for e in self.events if e.to_status in SEEN), default=None)

    @property
    def reported(self) -> datetime | None:
        back = self.last(
            lambda e: (
                (e.from_status, e.to_status)
                == (Status.REPORT_RECEIVED, Status.SEEN_AWAITING_REPORT)
            )
        )
        since = back.version if back else 0
        found = self.first(lambda e: e.to_status is Status.REPORT_RECEIVED and e.version > since)
        return found.at if found else None

    @property
    def contacted(self) -> datetime | None:
        found = self.first(is_attempt)
        return found.at if found else None

    @property
    def closed(self) -> datetime | None:
        if self.now.to_status is not Status.CLOSED:
            return None
        found = self.last(
            lambda e: e.to_status is Status.CLOSED and e.from_status is not Status.CLOSED
        )
        return found.at if found else None

    @property
    def authored(self) -> datetime | None:
        found: datetime | None = fact(self.events[0], "authored_at")
        return found

    @property
    def written(self) -> datetime:
        return self.authored or self.events[0].at

    @property
    def loop_closed(self) -> bool:
        closing = self.last(lambda e: e.kind is K.CLOSED)
        return bool(closing and fact(closing, "loop_closed"))

    @property
    def is_eligible(self) -> bool:
        return self.is_valid and self.inside(self.routed)

    @property
    def is_received(self) -> bool:
        return self.inside(self.events[0].at)

    @property
    def is_seen(self) -> bool:
        return self.is_valid and self.inside(self.seen)

    @property
    def is_open(self) -> bool:
        if self.now.to_status is Status.CLOSED:
            return False
        return self.request.basis is Basis.ACTIVITY or self.is_received

    @property
    def age(self) -> int:
        return (self.day(self.request.as_of) - self.day(self.events[0].at)).days

    @property
    def horizon(self) -> int:
        return self.policy.horizons[self.now.dimensions.pathway]

    @property
    def is_immature(self) -> bool:
        received = self.day(self.events[0].at)
        of_cohort = self.request.first_day <= received <= self.request.last_day
        return of_cohort and self.age < self.horizon

    @property
    def maturity(self) -> dict[str, int]:
        return {
            "cohort": int(self.is_received),
            "still_open": int(self.is_open),
            "immature": int(self.is_immature),
        }

    def happened(self) -> Iterator[Event]:
        return (e for e in self.events if self.inside(occurred(e)))


def referrals(events: Iterable[Event], request: ReportRequest, policy: Policy) -> list[One]:
    """Group what was known by then, each event once."""
    found: dict[str, dict[int, Event]] = defaultdict(dict)
    for event in events:
        if event.at <= request.as_of and event.tenant == request.tenant:
            found[event.referral_id][event.version] = event
    return [One([e for _, e in sorted(one.items())], request, policy) for one in found.values()]


def nearest(values: Iterable[int], share: float) -> int | None:
    ordered = sorted(values)
    return ordered[ceil(share * len(ordered)) - 1] if ordered else None


def summed(ones: Iterable[One], count: Callable[[One], Mapping[str, Any]], *needs: str) -> Figures:
    """Add what each referral counts, by its cuts; keep the cuts where anything needed is."""
    found: Figures = {}
    for one in ones:
        into = found.setdefault(one.cuts, Counter())
        for name, value in count(one).items():
            into[name] = into.get(name, 0) + value
    return {cut: dict(v) for cut, v in found.items() if any(v.get(n) for n in needs)}


def timed(found: Figures, ones: Iterable[One], took: Callable[[One], int | None]) -> Figures:
    """Add median and 90th percentile."""
    by_cut: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for one in ones:
        if (value := took(one)) is not None:
            by_cut[one.cuts].append(value)
    for cut, row in found.items():
        row["days_median"] = nearest(by_cut[cut], 0.5)
        row["days_p90"] = nearest(by_cut[cut], 0.9)
    return found


def counted(ones: Iterable[One]) -> Iterator[tuple[One, Event, str, int]]:
    """Yield the units that count in the period."""
    for one in ones:
        for event in one.happened():
            for unit, count in event.metered.items():
                if count > 0:
                    yield one, event, unit, count


def price(one: One, event: Event, unit: str) -> Decimal | None:
    day = one.day(event.at)
    for line in one.policy.prices:
        until = line.until_day or date.max
        if line.unit == unit and line.from_day <= day < until:
            return line.usd
    return None


def part(unit: str) -> str:
    return UNITS[unit].part


def owner(event: Event) -> tuple[Any, Any, Any]:
    usual = RESPONSIBLE[event.to_status]
    return (event.step, event.queue or usual.queue, event.waits_for or usual.waits_for)


def with_maturity(found: Figures, ones: Iterable[One]) -> Figures:
    """Put beside each row what its cut's cohort is."""
    by_cut: Figures = {}
    for one in ones:
        into = by_cut.setdefault(one.cuts, Counter())
        for name, value in one.maturity.items():
            into[name] += value
    return {cut: {**row, **by_cut[cut[:3]]} for cut, row in found.items()}
