"""What a referral cost: counted units times a versioned price book, never an estimate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from referral_core.domain.model import Record
from referral_core.domain.referral import Event

EVENTS: Final = "events"
"""The unit counted by the events themselves."""


class PriceBook(Record):
    """Prices in US dollars per unit, with the day they were read.

    Attributes:
        prices: unit → price; a unit without a price is an error, not free.
    """

    version: str
    read_on: date
    prices: Mapping[str, Decimal]


# us-east-1 list prices. An event is one transaction: referral, event and mailbox (2 write units
# each) and three index entries: 9 write units at $0.625 a million. Payers' and clearing houses'
# fees are contracts: 0 until a tenant's book says otherwise. Staff minutes likewise.
PRICES: Final = PriceBook(
    version="2026-11",
    read_on=date(2026, 11, 24),
    prices=MappingProxyType(
        {
            "states": Decimal("0.000025"),
            EVENTS: Decimal("0.000005625"),
            "sms_parts": Decimal("0.0100"),
            "payer_transactions": Decimal(0),
            "staff_decisions": Decimal(0),
        }
    ),
)


def units(events: Iterable[Event]) -> Mapping[str, int]:
    """Count the units of some events."""
    counted: Counter[str] = Counter()
    for event in events:
        counted[EVENTS] += 1
        counted.update(event.metered)
    return counted


def cost(events: Iterable[Event], book: PriceBook = PRICES) -> Decimal:
    """Return what some events cost.

    Raises:
        KeyError: a counted unit has no price in the book.
    """
    counted = units(events)
    return sum((book.prices[unit] * count for unit, count in counted.items()), Decimal(0))
