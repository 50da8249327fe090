"""Where a referral goes on once a person has looked."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from referral_core.domain.lifecycle import Step
from referral_core.domain.referral.work_item import WorkItem
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.steps.open_work_item import OpenWorkItem


@pytest.mark.parametrize("step", [step for step in Step if step is not Step.OPEN_WORK_ITEM])
def test_a_referral_goes_on_where_the_states_choice_leads(step: Step) -> None:
    # Given a work item that was opened at any step, the last one too
    item = WorkItem(
        reason=Reason.NOTICE_UNDELIVERED,
        opened_at=datetime(2026, 3, 2, tzinfo=UTC),
        resume_at=step,
        actions=(),
    )
    # Then the way back is an edge of OpenWorkItem
    assert item.resume_at in OpenWorkItem.goes_to
    assert (item.resume_at is step) is (step is not Step.CLOSE_REFERRAL)
