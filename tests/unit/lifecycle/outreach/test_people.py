"""What the people around a patient change in the lifecycle."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from referral_core.domain.lifecycle import Step
from referral_core.domain.orders.clinical_content import ClinicalContent, CoverageContent
from referral_core.domain.orders.required_facts import not_in_force
from tests.in_memory import World
from tests.unit.builders import NOW

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("coverage", "in_force"),
    [
        ({}, True),
        ({"start": date(2026, 3, 2), "end": date(2026, 3, 2)}, True),
        ({"end": date(2026, 3, 1)}, False),
        ({"start": date(2026, 3, 3)}, False),
        ({"status": "cancelled"}, False),
        ({"status": "cancelled", "self_pay": True}, True),
    ],
)
def test_a_coverage_that_does_not_hold_today_is_missing(
    coverage: dict[str, Any], *, in_force: bool
) -> None:
    content = ClinicalContent(coverage=CoverageContent(**coverage))
    found = not_in_force(content, ("coverage.member_id",), TODAY)
    assert found == (() if in_force else ("coverage.in_force",))
    assert not_in_force(content, ("patient.phone",), TODAY) == ()


def changed(world: World, **patient: Any) -> None:
    """Change the patient of the accepted referral, as if the EHR had sent it so."""
    (at, version), body = next(iter(world.referrals.payloads.items()))
    payload = json.loads(body)
    payload["content"]["patient"] |= patient
    world.referrals.payloads[at, version] = json.dumps(payload).encode()


def test_what_was_sent_and_not_understood_is_asked_for_in_other_words() -> None:
    world = World()
    world.accept("happy-path")
    changed(world, phone=None, not_understood=["patient.phone"])
    world.settle()
    assert world.referral.current_step is Step.CHECK_READINESS
    assert world.referral.missing == ("patient.phone",)
    assert "lacks" not in world.referral.status_reason
    assert "Not understood: patient.phone" in world.referral.status_reason
    assert world.referral.received_at == NOW
