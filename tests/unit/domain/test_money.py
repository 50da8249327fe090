"""The price book: every unit that messages are counted in has a price, and no other is free."""

from __future__ import annotations

from decimal import Decimal

import pytest

from referral_core.domain.lifecycle import Status
from referral_core.domain.money import EVENTS, PRICES, cost, units
from referral_core.domain.outreach import METERED
from referral_core.domain.referral import Event
from tests.unit.builders import NOW, a_referral


def an_event(**metered: int) -> Event:
    referral = a_referral()
    return Event(
        tenant=referral.tenant,
        referral_id=referral.id,
        version=1,
        run=1,
        kind="patient-contacted",
        at=NOW,
        actor="router",
        from_status=None,
        to_status=Status.CONTACTING_PATIENT,
        why="w",
        pathway=referral.pathway,
        metered=metered,
    )


@pytest.mark.parametrize("unit", [*METERED.values(), "states", "staff_decisions"])
def test_what_is_counted_has_a_price(unit: str) -> None:
    cost([an_event(**{unit: 1})])


def test_a_series_of_messages_costs_what_its_parts_cost() -> None:
    event = PRICES.prices[EVENTS]
    told = [an_event(sms_parts=2), an_event(voice_calls=1), an_event(emails=3), an_event(letters=1)]

    assert cost(told) - 4 * event == Decimal("0.0333")


def test_units_are_summed_over_events() -> None:
    assert units([an_event(sms_parts=2), an_event(sms_parts=1)]) == {EVENTS: 2, "sms_parts": 3}


def test_a_unit_without_a_price_is_an_error_and_not_free() -> None:
    with pytest.raises(KeyError, match="carrier_pigeons"):
        cost([an_event(carrier_pigeons=1)])
