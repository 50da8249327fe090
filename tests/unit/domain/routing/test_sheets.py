"""A market of several sheets: some are older while it is just being published."""

from __future__ import annotations

from datetime import timedelta

from referral_core.domain.routing.capacity import weeks_from
from referral_core.domain.routing.published import ListedService, PublishedMarket, joined
from tests.in_memory import START
from tests.unit.domain.routing.practitioners import a_practitioner

LAST, NOW = (weeks_from((START - timedelta(weeks=n)).date(), 3) for n in (1, 0))


def a_sheet(weeks: tuple[str, ...], *listed: ListedService, newer: bool = False) -> PublishedMarket:
    at = START if newer else START - timedelta(days=7)
    return PublishedMarket(
        specialty="207N00000X",
        version=at.isoformat(),
        published_at=at,
        valid_until=at + timedelta(hours=2),
        weeks=weeks,
        services=listed,
    )


def a_service(npi: str, left: tuple[int, ...], prices: tuple[float, ...] = ()) -> ListedService:
    return ListedService(
        practitioner=a_practitioner(npi, weekly_capacity=9), left=left, prices=prices
    )


def test_an_older_sheet_counts_by_the_weeks_of_the_newest() -> None:
    old = a_sheet(LAST, a_service("1", (0, 1, 2), (7.0, 8.0, 9.0)))
    new = a_sheet(NOW, a_service("2", (3, 4, 5), (1.0, 2.0, 3.0)), newer=True)
    for sheets in ([old, new], [new, old]):
        market = joined(sheets)
        assert market.weeks == NOW
        assert market.by_id["1"].left == (1, 2, 9)
        assert market.by_id["1"].prices == (8.0, 9.0, 0.0)
        assert market.by_id["2"].left == (3, 4, 5)
        prices = market.price_list
        assert prices is not None
        assert prices.of("1", NOW[1:]) == (9.0, 0.0)


def test_who_is_on_two_sheets_is_as_the_newest_says() -> None:
    old = a_sheet(LAST, a_service("1", (0, 0, 0)))
    new = a_sheet(NOW, a_service("1", (5, 5, 5)), newer=True)
    for sheets in ([old, new], [new, old]):
        (listed,) = joined(sheets).services
        assert listed.left == (5, 5, 5)


def test_fewer_weeks_than_before_are_no_error() -> None:
    old = a_sheet(LAST, a_service("1", (0, 1, 2)))
    new = a_sheet(NOW[:2], a_service("2", (3, 4)), newer=True)
    assert joined([old, new]).by_id["1"].left == (1, 2)


def test_a_mixture_is_not_taken_for_the_whole_market() -> None:
    old, new = a_sheet(LAST, a_service("1", (0, 0, 0))), a_sheet(NOW, newer=True)
    assert joined([old, new]).version != new.version
    assert joined([new, new]).version == new.version
