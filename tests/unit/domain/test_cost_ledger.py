"""The price book: every unit that messages are counted in has a price, and no other is free."""

from __future__ import annotations

from decimal import Decimal

import pytest

from referral_core.domain.change import change
from referral_core.domain.cost_ledger import WRITE_UNITS, NoPrice, cost, units
from referral_core.domain.events import Event, EventKind
from referral_core.domain.lifecycle import Status
from referral_core.domain.outreach.plan import METERED
from referral_core.price_books import price_book
from tests.unit.builders import NOW, a_referral

BOOK = price_book("us-east-1")


def an_event(**metered: int) -> Event:
    contacted = change(
        a_referral(status=Status.CONTACTING_PATIENT),
        EventKind.PATIENT_CONTACTED,
        at=NOW,
        actor="router",
        status_reason="w",
        due_at=NOW,
        metered=metered,
    )
    return contacted.event


@pytest.mark.parametrize(
    "unit", [*METERED.values(), "states", "staff_decisions", "payer_transactions", WRITE_UNITS]
)
def test_what_is_counted_has_a_price(unit: str) -> None:
    assert cost([an_event(**{unit: 1})], BOOK) == BOOK.price(unit)


def test_a_series_of_messages_costs_what_its_parts_cost() -> None:
    sent = [an_event(sms_parts=2), an_event(voice_calls=1), an_event(emails=3), an_event(letters=1)]

    assert cost(sent, BOOK) == Decimal("0.0333")


def test_units_are_summed_over_events() -> None:
    assert units([an_event(sms_parts=2), an_event(sms_parts=1)]) == {"sms_parts": 3}


def test_a_unit_without_a_price_is_an_error_and_not_free() -> None:
    with pytest.raises(NoPrice, match=r"us-east-1.* has no price for carrier_pigeons"):
        cost([an_event(carrier_pigeons=1)], BOOK)


def test_writes_cost_what_the_units_stated_cost() -> None:
    written = [an_event(write_units=9), an_event(write_units=16)]

    assert cost(written, BOOK) == Decimal("0.000015625")


def test_another_book_prices_the_same_units_otherwise() -> None:
    dearer = BOOK.but(
        prices={**BOOK.prices, "letters": BOOK.prices["letters"].but(usd=Decimal("1.5"))}
    )

    assert cost([an_event(letters=2)], dearer) - cost([an_event(letters=2)], BOOK) == 3


def test_every_price_names_its_source_and_the_book_its_day() -> None:
    assert all(price.source for price in BOOK.prices.values())
    assert BOOK.version.startswith("us-east-1-")
