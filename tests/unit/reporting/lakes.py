"""The samples' day in a lake, and requests for it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Final

from local.lake.duck import DuckLake
from referral_core.domain.events import Event
from referral_core.domain.ids import Tenant
from referral_core.domain.money.cost_ledger import price_lines
from referral_core.domain.money.price_book import PriceBook, RevenueTable
from referral_core.price_books import price_book
from referral_core.reporting.composition import Policy, compose
from referral_core.reporting.request import Basis, ReportRequest
from referral_core.reports import definitions
from tests.unit.simulation.days import a_whole_day

ZONE: Final = "America/New_York"
TENANT: Final = Tenant("lakeside")
LATER: Final = datetime(2027, 3, 1, tzinfo=UTC)

CONTRACT: Final = PriceBook.model_validate(
    {
        "version": "contract-1",
        "read_on": "2026-01-01",
        "valid_from": "2026-01-01",
        "prices": {
            "letters": {"usd": "1.37", "source": "print vendor"},
            "payer_transactions": {"usd": "0.25", "source": "clearing house"},
        },
        "staff": {
            "usd_per_hour": "38.50",
            "minutes": {"staff_decisions": "6", "staff_calls": "8"},
            "source": "payroll",
        },
    }
)
REVENUE: Final = RevenueTable.model_validate(
    {
        "version": "revenue-1",
        "valid_from": "2026-01-01",
        "lines": [{"specialty": "207RG0100X", "payer_class": "other", "usd": "312.50"}],
    }
)
POLICY: Final = Policy(
    prices=price_lines([price_book("us-east-1")], [CONTRACT]),
    revenue=(REVENUE,),
    horizons={
        "generic-specialist": 90,
        "high-risk-cardiology": 30,
        "behavioral-health": 40,
        "routine-imaging": 30,
        "home-based-care": 40,
        "social-need": 30,
        "external-provider": 90,
    },
)


@cache
def sample_events() -> tuple[Event, ...]:
    """All events of a day with every sample."""
    day = a_whole_day()
    return tuple(event for referral in day.referrals for event in day.events(referral))


@cache
def sample_lake() -> DuckLake:
    """A lake with them, which no test may change."""
    return DuckLake.of(sample_events())


def a_request(**fields: Any) -> ReportRequest:
    """Ask for the samples' month."""
    usual: dict[str, Any] = {
        "tenant": TENANT,
        "time_zone": ZONE,
        "first_day": date(2026, 3, 1),
        "last_day": date(2026, 3, 31),
        "basis": Basis.COHORT,
        "as_of": LATER,
    }
    return ReportRequest.model_validate({**usual, **fields})


def statement(name: str, request: ReportRequest, policy: Policy = POLICY) -> str:
    return compose(definitions()[name], request, policy)


def rows(
    lake: DuckLake, name: str, request: ReportRequest, policy: Policy = POLICY
) -> list[dict[str, Any]]:
    """Run a figure; return its rows by column, the cuts among them."""
    selected = (c.name for c in definitions()[name].selected)
    names = ("cut_1", "cut_2", "cut_3", *selected, *(("people",) if request.is_of_patients else ()))
    found = lake.query(statement(name, request, policy))
    return [dict(zip(names, row, strict=True)) for row in found]
