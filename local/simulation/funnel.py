"""How far each referral came, and where it stands: the figures that a day is judged by."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from local.simulation.day import Day
from referral_core.domain.events import Event, EventKind
from referral_core.domain.lifecycle import Status
from referral_core.domain.money.cost_ledger import PriceLine, cost
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.referral import Referral

_STAGES: Final[Mapping[str, frozenset[Status]]] = {
    "received": frozenset({Status.RECEIVED}),
    "complete": frozenset({Status.CHECKING_ELIGIBILITY}),
    "eligible": frozenset({Status.ROUTING}),
    "routed": frozenset({Status.AWAITING_AUTHORIZATION}),
    "authorized": frozenset({Status.OFFERED}),
    "accepted": frozenset({Status.ACCEPTED}),
    "reached": frozenset({Status.SCHEDULED}),
    "booked": frozenset({Status.SCHEDULED}),
    "seen": frozenset({Status.SEEN_AWAITING_REPORT, Status.REPORT_RECEIVED}),
    "report": frozenset({Status.REPORT_RECEIVED}),
}
"""Stage → the statuses that only a referral that came so far has had."""
_REACHED: Final = frozenset(
    {EventKind.PATIENT_AGREED, EventKind.PATIENT_DECLINED, EventKind.CALL_RECORDED}
)
STAGES: Final = (*_STAGES, "closed loop", "completed")


def stages(referral: Referral, events: Sequence[Event]) -> set[str]:
    """Return the stages that a referral came through."""
    had = {e.to_status for e in events}
    found = {stage for stage, statuses in _STAGES.items() if statuses & had}
    if any(e.kind in _REACHED for e in events):
        found.add("reached")
    if referral.loop_closed:
        found.add("closed loop")
    if referral.loop_completed:
        found.add("completed")
    return found


def funnel(day: Day, group: Callable[[Referral], str]) -> dict[str, Counter[str]]:
    """Count the stages, by group and over all (`all`)."""
    found: dict[str, Counter[str]] = {}
    for referral in day.referrals:
        reached = stages(referral, day.events(referral))
        for name in (group(referral), "all"):
            found.setdefault(name, Counter()).update(reached)
    return dict(sorted(found.items(), key=lambda entry: (entry[0] == "all", entry[0])))


def payer_of(day: Day) -> Callable[[Referral], str]:
    """Return what names a referral's payer: as its order's coverage does."""

    def named(referral: Referral) -> str:
        coverage = ClinicalPayload.load(day.table.payload(referral)).content.coverage
        if coverage.self_pay or referral.self_pay is not None:
            return "self-pay"
        return (coverage.payor.name if coverage.payor else None) or "no coverage"

    return named


def outcomes(day: Day) -> Counter[str]:
    """Count the outcomes of what is closed."""
    return Counter(str(r.outcome) for r in day.referrals if r.is_closed)


def worklists(day: Day) -> Counter[tuple[str, str]]:
    """Count what stands on worklists, by queue and reason."""
    return Counter(
        (r.queue.value, r.work_item.reason.value if r.work_item else "none")
        for r in day.referrals
        if not r.is_closed
    )


def cost_per_referral(
    day: Day, prices: Sequence[PriceLine], chosen: Iterable[Referral] | None = None
) -> Decimal:
    """Return the cost of all events by the number of (chosen) referrals, in dollars."""
    total = sum((cost(day.events(r), prices).usd for r in day.referrals), Decimal(0))
    count = len(list(day.referrals if chosen is None else chosen))
    return total / count if count else Decimal(0)


def not_priced(day: Day, prices: Sequence[PriceLine]) -> Counter[str]:
    """Count the units that have no price, which no cost has."""
    found: Counter[str] = Counter()
    for referral in day.referrals:
        found.update(cost(day.events(referral), prices).not_priced)
    return found


def line(day: Day, referral: Referral, payer: str, prices: Sequence[PriceLine]) -> str:
    """Return what became of one referral as a line of JSON, without PHI."""
    events = day.events(referral)
    figures: dict[str, Any] = {
        "referral": referral.id,
        "pathway": referral.pathway,
        "payer": payer,
        "status": referral.status.value,
        "outcome": referral.outcome.value if referral.outcome else None,
        "loop_closed": referral.loop_closed,
        "queue": None if referral.is_closed else referral.queue.value,
        "reason": referral.work_item.reason.value if referral.work_item else None,
        "runs": referral.run,
        "events": len(events),
        "days": round((referral.updated_at - referral.received_at).total_seconds() / 86_400, 2),
        "cost_usd": float(cost(events, prices).usd),
    }
    return json.dumps(figures)
