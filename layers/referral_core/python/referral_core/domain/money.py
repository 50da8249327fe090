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


# us-east-1 list prices, without what is rented by the month (a phone number). An event is one
# transaction: referral, event and mailbox (2 write units each) and three index entries: 9 write
# units at $0.625 a million. A voice message takes less than the one minute that a call is billed at
# least, about $0.013 to a US number; SES takes $0.10 a thousand emails: these two are common
# knowledge, not read again on that day. Payers' and clearing houses' fees, a print vendor's letter
# with its postage, and what staff's calls and decisions cost are contracts: 0 until a tenant's book
# says otherwise. Nobody takes anything for a message in the EHR's own portal.
PRICES: Final = PriceBook(
    version="2026-11.2",
    read_on=date(2026, 11, 24),
    prices=MappingProxyType(
        {
            "states": Decimal("0.000025"),
            EVENTS: Decimal("0.000005625"),
            "sms_parts": Decimal("0.0100"),
            "voice_calls": Decimal("0.0130"),
            "emails": Decimal("0.0001"),
            "letters": Decimal(0),
            "portal_messages": Decimal(0),
            "staff_calls": Decimal(0),
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
