"""The ledger: every unit is listed, each is priced by the book in force, and none looks free."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from referral_core.domain.change import change
from referral_core.domain.events import Event, EventKind
from referral_core.domain.lifecycle import Status
from referral_core.domain.money.cost_ledger import UNITS, WRITE_UNITS, cost, price_lines, units
from referral_core.domain.money.price_book import PriceBook, RevenueTable
from referral_core.domain.outreach.plan import METERED
from referral_core.price_books import price_book
from tests.unit.builders import NOW, a_referral

BOOK = price_book("us-east-1")
LIST = price_lines([BOOK])
DAY = timedelta(days=1)
TODAY = NOW.date()


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


def a_book(version: str = "contract-1", letters: str = "1.50", **fields: Any) -> PriceBook:
    prices = {"letters": {"usd": letters, "source": "contract"}}
    return PriceBook.model_validate(
        {
            "version": version,
            "read_on": TODAY,
            "valid_from": TODAY - 10 * DAY,
            "prices": prices,
            **fields,
        }
    )


@pytest.mark.parametrize(
    "unit", [*METERED.values(), "states", "staff_decisions", "payer_transactions", WRITE_UNITS]
)
def test_what_is_counted_is_listed(unit: str) -> None:
    assert UNITS[unit].means


def test_a_series_of_messages_costs_what_its_parts_cost() -> None:
    sent = [an_event(sms_parts=2), an_event(voice_calls=1), an_event(emails=3)]
    spent = cost(sent, LIST)
    assert (spent.usd, spent.not_priced) == (Decimal("0.0333"), {})


def test_a_cost_is_the_sum_of_its_parts() -> None:
    spent = cost([an_event(sms_parts=2, states=4), an_event(emails=3)], LIST)
    assert spent.parts == {
        "cloud": Decimal("0.0001"),
        "messages": Decimal("0.0203"),
        "letters": 0,
        "payer": 0,
        "staff": 0,
    }
    assert sum(spent.parts.values()) == spent.usd


def test_units_are_summed_over_events() -> None:
    assert units([an_event(sms_parts=2), an_event(sms_parts=1)]) == {"sms_parts": 3}


@pytest.mark.parametrize("unit", ["letters", "staff_calls", "payer_transactions"])
def test_a_unit_without_a_price_is_counted_as_not_priced(unit: str) -> None:
    spent = cost([an_event(**{unit: 2}), an_event(sms_parts=1)], LIST)
    assert (spent.usd, spent.not_priced) == (Decimal("0.0100"), {unit: 2})


def test_writes_cost_what_the_units_stated_cost() -> None:
    written = [an_event(write_units=9), an_event(write_units=16)]
    assert cost(written, LIST).usd == Decimal("0.000015625")


def test_a_contract_prices_what_the_list_leaves_open_and_goes_before_it() -> None:
    sms = {"sms_parts": {"usd": "0.008", "source": "contract"}}
    lines = price_lines([BOOK], [a_book(), a_book("texts", prices=sms)])
    assert cost([an_event(letters=2, sms_parts=1)], lines).usd == Decimal("3.008")


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "priced"),
    [
        (TODAY, TODAY, True),
        (TODAY - DAY, TODAY - DAY, False),
        (TODAY + DAY, None, False),
        (TODAY - DAY, None, True),
    ],
)
def test_an_event_is_priced_by_the_book_in_force_on_its_day(
    valid_from: date, valid_to: date | None, *, priced: bool
) -> None:
    lines = price_lines([], [a_book(valid_from=valid_from, valid_to=valid_to)])
    assert (cost([an_event(letters=1)], lines).not_priced == {}) is priced


def test_a_later_book_corrects_an_earlier_one_once_it_is_known() -> None:
    books = [a_book(), a_book("contract-2", "2.00", known_from=TODAY + DAY)]
    letter = [an_event(letters=1)]
    assert cost(letter, price_lines([], books, TODAY)).usd == Decimal("1.50")
    assert cost(letter, price_lines([], books, TODAY + DAY)).usd == Decimal("2.00")


def test_after_a_book_that_ends_the_one_before_it_is_in_force_again() -> None:
    books = [a_book(), a_book("sale", "1.00", valid_from=TODAY - 5 * DAY, valid_to=TODAY - 2 * DAY)]
    lines = price_lines([], books)
    assert [(line.from_day, line.until_day, line.usd) for line in lines] == [
        (TODAY - 10 * DAY, TODAY - 5 * DAY, Decimal("1.50")),
        (TODAY - 5 * DAY, TODAY - DAY, Decimal("1.00")),
        (TODAY - DAY, None, Decimal("1.50")),
    ]


def test_staff_time_is_minutes_at_the_loaded_rate() -> None:
    staff = {"usd_per_hour": "38.50", "minutes": {"staff_decisions": "6"}, "source": "payroll"}
    lines = price_lines([], [a_book(staff=staff)])
    assert cost([an_event(staff_decisions=2)], lines).usd == Decimal("7.70")


def test_every_price_names_its_source_and_the_book_its_day() -> None:
    assert all(price.source for price in BOOK.prices.values())
    assert BOOK.version.startswith("us-east-1-")


def test_a_book_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="valid_to lies before valid_from"):
        a_book(valid_to=TODAY - 11 * DAY)


def test_a_revenue_table_values_a_pair_once() -> None:
    line = {"specialty": "207RC0000X", "payer_class": "medicare", "usd": "310"}
    with pytest.raises(ValueError, match="valued twice: 207RC0000X medicare"):
        RevenueTable.model_validate(
            {"version": "1", "valid_from": TODAY, "lines": [line, {**line, "usd": "1"}]}
        )
