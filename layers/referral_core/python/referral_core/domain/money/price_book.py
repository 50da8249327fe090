"""Price books and revenue tables: data with validity, checked when they are read."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from referral_core.domain.model import Model
from referral_core.domain.payers.vocabulary import PayerClass

_EXACT: Final = Decimal("0.000000001")
"""Prices are exact to the billionth of a dollar: a write unit costs 0.000000625."""
_MINUTES_AN_HOUR: Final = 60
_Minutes = Annotated[Decimal, Field(ge=0, le=24 * _MINUTES_AN_HOUR)]
"""What one act may take: more than a day is a slip."""


class Price(Model):
    """The price of one unit. Attributes: usd: of one; source: a list, a contract."""

    usd: Decimal = Field(ge=0, max_digits=18, decimal_places=12)
    source: str = Field(min_length=1)


class StaffTime(Model):
    """What staff's work costs: minutes times the loaded rate.

    Attributes:
        usd_per_hour: wages with all that comes on top.
        minutes: unit (`staff_decisions`, `staff_calls`) → minutes that one takes.
    """

    usd_per_hour: Decimal = Field(ge=0, max_digits=18, decimal_places=12)
    minutes: Mapping[str, _Minutes]
    source: str = Field(min_length=1)


class _Valid(Model):
    """What has a version and a time in which it is in force.

    Attributes:
        valid_from, valid_to: the first and the last day; None: for good.
        known_from: the day it became known; figures as of an earlier one do not have it. None:
            it came with the release.
    """

    version: str = Field(min_length=1, max_length=64)
    valid_from: date
    valid_to: date | None = None
    known_from: date | None = None

    @property
    def until(self) -> date | None:
        """The day after the last one."""
        return None if self.valid_to is None else self.valid_to + timedelta(days=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        return self


class PriceBook(_Valid):
    """Prices in US dollars per unit.

    Attributes:
        read_on: the day the prices were read.
        prices: unit → price; what is missing is not priced.
        staff: what a minute of staff costs.
    """

    read_on: date
    prices: Mapping[str, Price]
    staff: StaffTime | None = None

    @model_validator(mode="after")
    def _one_price_a_unit(self) -> Self:
        twice = self.prices.keys() & (self.staff.minutes.keys() if self.staff else ())
        if twice:
            raise ValueError(f"priced twice, and by minutes: {', '.join(sorted(twice))}")
        return self

    def price(self, unit: str) -> Decimal | None:
        """Return the price of a unit; None where the book has none."""
        if unit in self.prices:
            return self.prices[unit].usd
        if self.staff is not None and unit in self.staff.minutes:
            minutes = self.staff.minutes[unit]
            return (minutes * self.staff.usd_per_hour / _MINUTES_AN_HOUR).quantize(_EXACT)
        return None

    @property
    def units(self) -> frozenset[str]:
        """The units that it has a price for."""
        return frozenset(self.prices) | frozenset(self.staff.minutes if self.staff else ())


class RevenueLine(Model):
    """The expected net revenue of one visit. Attributes: specialty: NUCC code."""

    specialty: str = Field(pattern=r"^[0-9A-Z]{10}$")
    payer_class: PayerClass
    usd: Decimal = Field(ge=0, max_digits=18, decimal_places=12)


class RevenueTable(_Valid):
    """A tenant's expected net revenue by specialty and payer class; each pair at most once."""

    lines: tuple[RevenueLine, ...]

    @model_validator(mode="after")
    def _once(self) -> Self:
        pairs = [(line.specialty, line.payer_class) for line in self.lines]
        twice = sorted({f"{s} {p}" for s, p in pairs if pairs.count((s, p)) > 1})
        if twice:
            raise ValueError(f"valued twice: {', '.join(twice)}")
        return self
