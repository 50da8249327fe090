"""A referral about which thousands of updates come: all are on record, and it stays small."""

from __future__ import annotations

import pytest

from referral_core.adapters.aws.dynamodb.items import referral_item
from referral_core.adapters.aws.dynamodb.transactions import LARGEST_ITEM
from referral_core.adapters.aws.dynamodb.write_units import item_size
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain.lifecycle import Status
from referral_core.domain.updates import Cancel, ProgressNoted
from referral_core.lifecycle.engine.apply_update import Receipt
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import accepted

MANY = 2_000


@pytest.mark.parametrize("is_accepted", [False, True])
def test_thousands_of_updates_are_recorded_and_the_referral_still_ends(
    *, is_accepted: bool
) -> None:
    world = World(referrals=MemoryReferrals())
    world.accept("happy-path")
    world.settle()
    if is_accepted:
        accepted(world)
    before = item_size(referral_item(world.referral))
    receipts = {
        world.report(ProgressNoted, id=f"note-{n}", status="in-progress") for n in range(MANY)
    }
    assert receipts == {Receipt.RECORDED}
    assert len(world.referrals.events(TENANT, REFERRAL)) > MANY
    # Each is on record by its id, however many came since.
    assert world.report(ProgressNoted, id="note-0", status="in-progress") is Receipt.DUPLICATE
    assert item_size(referral_item(world.referral)) < before + 1_024 < LARGEST_ITEM / 100
    world.report(Cancel, reason="cancelled")
    world.settle()
    assert world.referral.status in {Status.CLOSED, Status.CANCEL_REQUESTED}
