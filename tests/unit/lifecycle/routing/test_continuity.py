"""A clinician who saw the patient before is asked first, where the pathway weighs continuity."""

from __future__ import annotations

import json

from referral_core.domain.routing.explanation import reason_of
from referral_core.fhir.intake.orders import Intake
from referral_core.pathways import pathway
from tests.unit.domain.routing.practitioners import a_practitioner
from tests.unit.fhir.intake.test_clinicians_seen import a_care_team, by_number
from tests.unit.lifecycle.steps.routed import Routed

FIRST, SECOND = "1999900008", "1999900016"
"""Nothing but the number tells them apart, so the first is chosen."""


class InCareOfTheSecond(Routed):
    """A world whose order comes with the patient's care team."""

    def read(self, body: bytes) -> Intake:
        """Read an order with the care team."""
        order = json.loads(body)
        order["contained"].append(a_care_team(by_number(SECOND)))
        order.setdefault("supportingInfo", []).append({"reference": "#team"})
        return super().read(json.dumps(order).encode())


def chosen(world: Routed) -> str | None:
    return world.decision.chosen


def test_who_saw_the_patient_before_is_asked_first() -> None:
    two = [a_practitioner(npi) for npi in (FIRST, SECOND)]
    assert chosen(Routed(*two, pathway_id="behavioral-health")) == FIRST
    world = InCareOfTheSecond(*two, pathway_id="behavioral-health")
    assert chosen(world) == SECOND
    assert "has seen the patient before" in reason_of(world.decision.candidates[0])


def test_where_the_pathway_does_not_weigh_it_nothing_changes() -> None:
    assert "continuity" not in pathway("generic-specialist", 1).routing.weights
    two = [a_practitioner(npi) for npi in (FIRST, SECOND)]
    assert chosen(InCareOfTheSecond(*two)) == FIRST
