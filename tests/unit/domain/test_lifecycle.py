"""One transition table: no illegal move is possible, and every open status has an owner."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.domain.change import change
from referral_core.domain.events import EventKind
from referral_core.domain.lifecycle import (
    LEGAL,
    RESPONSIBLE,
    IllegalTransition,
    Queue,
    Status,
    require_legal,
)
from tests.unit.builders import NOW, a_referral

OPEN = [s for s in Status if s is not Status.CLOSED]


@given(st.lists(st.sampled_from(list(Status)), max_size=30))
def test_whatever_is_tried_status_moves_only_along_legal_edges_and_version_rises(
    wanted: list[Status],
) -> None:
    referral = a_referral()
    for status in wanted:
        before = referral
        try:
            made = change(
                referral,
                EventKind.STEP_STARTED,
                at=NOW,
                actor="t",
                status_reason="w",
                due_at=NOW,
                status=status,
            )
        except IllegalTransition:
            assert status not in LEGAL[before.status]
            continue
        referral = made.after
        assert referral.status in {before.status, *LEGAL[before.status]}
        assert referral.version == before.version + 1 == made.event.version
        assert (made.event.from_status, made.event.to_status) == (before.status, status)


@pytest.mark.parametrize("status", OPEN)
def test_every_open_status_has_one_owner_queue_and_a_party(status: Status) -> None:
    assert RESPONSIBLE[status].queue in set(Queue)
    assert RESPONSIBLE[status].waits_for


@pytest.mark.parametrize("status", OPEN)
def test_every_open_status_can_reach_closed_and_be_cancelled(status: Status) -> None:
    assert Status.CLOSED in LEGAL[status]
    assert status is Status.CANCEL_REQUESTED or Status.CANCEL_REQUESTED in LEGAL[status]


def test_every_status_can_be_reached_from_received() -> None:
    reached, frontier = {Status.RECEIVED}, [Status.RECEIVED]
    while frontier:
        for after in LEGAL[frontier.pop()] - reached:
            reached.add(after)
            frontier.append(after)
    assert reached == set(Status)


def test_a_status_may_always_stay() -> None:
    for status in Status:
        require_legal(status, status)


def test_time_in_status_is_counted_from_the_last_move_and_not_from_the_last_write() -> None:
    first = change(
        a_referral(),
        EventKind.STEP_STARTED,
        at=NOW + timedelta(hours=1),
        actor="t",
        status_reason="w",
        due_at=NOW,
    ).after
    moved = change(
        first,
        EventKind.STEP_STARTED,
        at=NOW + timedelta(hours=3),
        actor="t",
        status_reason="w",
        due_at=NOW,
        status=Status.CHECKING_ELIGIBILITY,
    )
    assert moved.event.in_status_s == 3 * 3600


def test_a_wish_for_another_clinic_may_have_come_before_the_acceptance() -> None:
    require_legal(Status.ACCEPTED, Status.ROUTING)
