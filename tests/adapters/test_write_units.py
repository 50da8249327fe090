"""What a write costs, by DynamoDB's rules; and that a whole referral stays within its budget."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.write_units import GOES_ON_AND_ON, GOES_WELL, Action, counted_of, mean
from referral_core.adapters.aws.dynamodb.attributes import item
from referral_core.adapters.aws.dynamodb.items import event_item, referral_item
from referral_core.adapters.aws.dynamodb.write_units import Item, Write, item_size, units_of
from referral_core.domain.lifecycle import Status
from tests.unit.builders import NOW, a_new_referral, a_referral

BUDGET = 9.0
"""Write units an event, over a whole referral (issue 7)."""


def an_item(size: int, **attributes: Any) -> Item:
    """An item of a size in bytes."""
    others = item(pk="p", sk="s", **attributes)
    return {**others, "body": {"S": "x" * (size - item_size(others) - len("body"))}}


@pytest.mark.parametrize(("size", "units"), [(100, 2), (1024, 2), (1025, 4), (2048, 4), (2049, 6)])
def test_a_transactional_write_costs_two_units_for_each_started_kb(size: int, units: int) -> None:
    assert units_of([Write(None, an_item(size))]) == units


def test_the_larger_of_the_old_and_the_new_item_counts() -> None:
    small, large = an_item(500), an_item(1500)
    assert units_of([Write(large, small)]) == units_of([Write(small, large)]) == 4
    assert units_of([Write(large, None)]) == 4


def test_a_check_of_what_is_not_there_costs_as_much_as_a_write() -> None:
    assert units_of([Write(None, None)]) == 2


def test_the_parts_of_a_transaction_add_up() -> None:
    assert units_of([Write(None, an_item(100)), Write(None, an_item(1500))]) == 6


IN_QUEUE = {"queue_key": "q1", "received_at": "t1"}


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        pytest.param({}, IN_QUEUE, 1, id="an entry is put"),
        pytest.param(IN_QUEUE, {}, 1, id="an entry is deleted"),
        pytest.param(IN_QUEUE, IN_QUEUE, 0, id="an entry stays as it is"),
        pytest.param(IN_QUEUE, {**IN_QUEUE, "queue_key": "q2"}, 2, id="deleted and put"),
        pytest.param({}, {"queue_key": "q1"}, 0, id="half a key is no entry"),
        pytest.param(
            IN_QUEUE, {**IN_QUEUE, "performer_key": "p1"}, 1, id="a second index beside the first"
        ),
    ],
)
def test_an_index_entry_costs_what_changes_of_its_key(
    before: dict[str, str], after: dict[str, str], units: int
) -> None:
    write = Write(an_item(900, **before), an_item(900, **after))
    assert units_of([write]) == 2 + units


def test_an_items_size_is_that_of_its_names_and_values() -> None:
    assert item_size({"pk": {"S": "é"}}) == 2 + 2
    assert item_size({"body": {"B": b"abc"}}) == 4 + 3
    assert item_size({"n": {"N": "12345"}}) == 1 + 4
    assert item_size({"f": {"BOOL": True}}) == 1 + 1
    assert item_size({"l": {"L": [{"S": "ab"}]}}) == 1 + 3 + 1 + 2
    assert item_size({"m": {"M": {"k": {"S": "v"}}}}) == 1 + 3 + 1 + 2
    assert item_size({"s": {"SS": ["a", "é"]}}) == 1 + 1 + 2
    with pytest.raises(ValueError, match="NS"):
        item_size({"s": {"NS": ["1"]}})


def test_what_only_the_watchdog_reads_costs_only_when_the_minute_changes() -> None:
    referral = a_referral(due_at=NOW)
    soon = referral_item(referral.but(due_at=NOW.replace(second=30)))
    later = referral_item(referral.but(due_at=NOW.replace(minute=30)))
    assert units_of([Write(referral_item(referral), soon)]) == 2
    assert units_of([Write(referral_item(referral), later)]) == 2 + 2


def test_a_closed_referral_leaves_the_due_index() -> None:
    referral = a_referral()
    closed = referral_item(referral.but(status=Status.CLOSED))
    # One entry is deleted; in the index by queue it moves to those that are closed, and people's
    # list of those has one more.
    assert units_of([Write(referral_item(referral), closed)]) == 2 + 1 + 2 + 1
    assert "due_at" not in closed


def test_an_event_is_one_kb_and_in_no_index() -> None:
    event = event_item(a_new_referral(a_referral()).event)
    assert units_of([Write(None, event)]) == 2


@pytest.mark.parametrize(
    ("actions", "at_least"),
    [
        pytest.param(GOES_WELL, 25, id="one that goes well"),
        pytest.param(GOES_ON_AND_ON, 40, id="one that goes on and on"),
    ],
)
def test_a_whole_referral_stays_within_its_budget(
    actions: tuple[Action, ...], at_least: int
) -> None:
    counted = counted_of(actions)
    assert (counted[0].event, counted[-1].event) == ("received", "closed")
    assert len(counted) >= at_least
    assert mean(counted) <= BUDGET
