"""What a referral cost: counted units times a versioned price book, never an estimate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from pydantic import Field

from referral_core.domain.events import Event
from referral_core.domain.model import Model

WRITE_UNITS: Final = "write_units"
"""The unit that the table's adapter counts of each transaction and states in its event."""


class NoPrice(Exception):
    """A unit was counted that the book has no price for: it would be free."""

    def __init__(self, unit: str, book: str) -> None:
        super().__init__(f"The price book {book} has no price for {unit}.")
        self.unit = unit


class Price(Model):
    """The price of one unit.

    Attributes:
        usd: of one unit.
        source: where it is from, or why it is nothing.
    """

    usd: Decimal = Field(ge=0)
    source: str


class PriceBook(Model):
    """Prices in US dollars per unit, with the day they were read.

    Attributes:
        prices: unit → price.
    """

    version: str
    read_on: date
    prices: Mapping[str, Price]

    def price(self, unit: str) -> Decimal:
        """Return the price of a unit.

        Raises:
            NoPrice: the book has none.
        """
        if unit not in self.prices:
            raise NoPrice(unit, self.version)
        return self.prices[unit].usd


def units(events: Iterable[Event]) -> Mapping[str, int]:
    """Count the units of some events."""
    counted: Counter[str] = Counter()
    for event in events:
        counted.update(event.metered)
    return counted


def cost(events: Iterable[Event], book: PriceBook) -> Decimal:
    """Return what some events cost by a price book.

    Raises:
        NoPrice: a counted unit has no price in the book.
    """
    counted = units(events)
    return sum((book.price(unit) * count for unit, count in counted.items()), Decimal(0))
