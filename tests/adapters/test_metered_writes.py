"""An event states the units of its transaction: in memory, on the table, and by a recount."""

from __future__ import annotations

import pytest

from benchmarks.write_units import GOES_ON_AND_ON, GOES_WELL, Action, MirroredReferrals, counted_of
from referral_core.adapters.aws.dynamodb.items import event_item
from referral_core.adapters.aws.dynamodb.transactions import metered
from referral_core.adapters.aws.dynamodb.write_units import Write, item_size, units_of
from referral_core.adapters.memory.metering import AsTheTable
from referral_core.domain.change import change
from referral_core.domain.events import Event, EventKind
from referral_core.domain.mailbox import Mailbox
from referral_core.domain.money.cost_ledger import WRITE_UNITS
from referral_core.domain.writes import Commit
from tests.unit.builders import NOW, a_new_referral, a_referral

KB = 1024
BOTH = [
    pytest.param(GOES_WELL, id="one that goes well"),
    pytest.param(GOES_ON_AND_ON, id="one that goes on and on"),
]


class SameOnBoth(MirroredReferrals):
    """Writes the same on both: the token too is as long in memory as on the table."""

    def on_aws(self, mailbox: Mailbox | None) -> Mailbox | None:
        return mailbox


def test_in_memory_an_event_states_what_its_write_costs() -> None:
    """Said of one write: a whole referral whose two records part may not come to its end."""
    new = a_new_referral(a_referral())
    kind, why = EventKind.READINESS_CONFIRMED, "It goes on."
    moved = change(new.referral, kind, at=NOW, actor="router", status_reason=why, due_at=NOW)
    commit = Commit(change=moved, mailbox_before=Mailbox(), mailbox=None)
    metering = AsTheTable()
    assert metering.event_of_new(new).metered[WRITE_UNITS] > 0
    assert metering.event_of_commit(commit, releases=False).metered[WRITE_UNITS] > 0


@pytest.mark.parametrize("actions", BOTH)
def test_memory_and_table_state_what_a_recount_of_the_items_finds(
    actions: tuple[Action, ...],
) -> None:
    counted = counted_of(actions, SameOnBoth)
    assert [c.in_memory for c in counted] == [c.units for c in counted]
    assert [c.stated for c in counted] == [c.units for c in counted]


@pytest.mark.parametrize("actions", BOTH)
def test_an_event_states_its_units_with_tokens_as_long_as_those_of_aws(
    actions: tuple[Action, ...],
) -> None:
    counted = counted_of(actions)
    assert [c.stated for c in counted] == [c.units for c in counted]


def an_event(size: int) -> Event:
    """An event whose item has a size in bytes before its units are stated."""
    event = a_new_referral(a_referral()).event
    missing = size - item_size(event_item(event))
    return event.but(status_reason=event.status_reason + "x" * missing)


@pytest.mark.parametrize("size", range(KB - 30, KB + 5))
@pytest.mark.parametrize("others", [0, 3, 4, 50])
def test_a_kb_that_the_statement_itself_begins_is_counted(size: int, others: int) -> None:
    beside = [Write(None, None)] * others
    stated = metered(an_event(size), beside)
    assert stated.metered[WRITE_UNITS] == units_of([*beside, Write(None, event_item(stated))])


def test_the_statement_can_begin_a_kb() -> None:
    """Guards the test above: without a crossing it would prove nothing."""
    event = an_event(KB - 1)
    assert units_of([Write(None, event_item(event))]) == 2
    assert metered(event, []).metered[WRITE_UNITS] == 4


def test_what_else_an_event_counts_stays() -> None:
    event = a_new_referral(a_referral()).event
    assert metered(event, []).metered == {**event.metered, WRITE_UNITS: 2}
