"""A stop that comes between a step's look at the list and its write: the step plans again."""

from __future__ import annotations

import pytest

from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Status
from tests.in_memory import TENANT
from tests.partner_actions import accepted
from tests.unit.lifecycle.work_item_worlds import a_world


def test_a_stop_at_the_last_moment_is_read_and_the_series_goes_on_without_texts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Given a stop that is written just after the step looked
    world = a_world()
    look, looks = world.referrals.opted_out, []

    def stops_after_the_look(tenant: Tenant, phone: str) -> bool:
        listed = look(tenant, phone)
        world.referrals.opt_out(TENANT, phone, world.clock.now())
        looks.append(listed)
        return listed

    monkeypatch.setattr(world.referrals, "opted_out", stops_after_the_look)
    # When the patient's turn comes, Then the list is read anew, and no fault comes of it
    accepted(world)
    assert looks[:2] == [False, True]
    assert world.referral.work_item is None
    assert world.referral.status is Status.CONTACTING_PATIENT
    assert world.messenger.sent == []
