"""Nobody leaves the payer's network unless the payer was asked first and did not object."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from referral_core.adapters.memory.payer import MemoryPayer, PayerScript
from referral_core.domain.orders.patient_identity import PatientIdentity
from referral_core.domain.work_items import Reason
from referral_core.pathways import pathway
from tests.partner_actions import reason_of
from tests.unit.domain.routing.practitioners import a_practitioner
from tests.unit.lifecycle.steps.routed import Routed

OUTSIDE = ("pioneer",)


@pytest.mark.parametrize(
    "pathway_id",
    [
        *("generic-specialist", "high-risk-cardiology", "behavioral-health"),
        *("routine-imaging", "home-based-care"),
    ],
)
def test_only_a_pathway_whose_point_it_is_leaves_the_network(pathway_id: str) -> None:
    world = Routed(a_practitioner("1", networks=OUTSIDE), pathway_id=pathway_id)
    assert world.decision.exclusions == {"1": "out of network"}
    assert world.calls == []


@pytest.mark.parametrize("answer", ["A1", "not-required"])
def test_a_performer_outside_the_network_is_offered_nothing_before_the_payer_is_asked(
    answer: Any,
) -> None:
    """Even when the 271 says that the service needs no authorization."""
    world = Routed(
        a_practitioner("1", networks=OUTSIDE),
        pathway_id="external-provider",
        script=PayerScript(authorization=answer),
    )
    assert world.calls == [("authorization", "1"), ("offer", "1")]


@pytest.mark.parametrize("answer", ["A2", "A3", "A4-then-A1", "down"])
def test_a_performer_outside_the_network_is_offered_nothing_that_the_payer_has_not_allowed(
    answer: Any,
) -> None:
    world = Routed(
        a_practitioner("1", networks=OUTSIDE),
        pathway_id="external-provider",
        script=PayerScript(authorization=answer),
    )
    assert set(world.calls) == {("authorization", "1")}
    assert world.clinics.offers == {}


def test_each_performer_outside_the_network_is_asked_about_anew() -> None:
    world = Routed(
        *(a_practitioner(npi, networks=OUTSIDE) for npi in "12"),
        pathway_id="external-provider",
        script=PayerScript(authorization="not-required"),
    )
    world.decline()
    assert world.calls == [(call, npi) for npi in "12" for call in ("authorization", "offer")]


def test_who_left_the_network_is_asked_about_whatever_the_codes_of_the_pathway() -> None:
    # Given a pathway that asks for authorization of some codes only, and not of this order's
    rules = pathway("external-provider", 1)
    narrow = rules.but(authorization=rules.authorization.but(codes=("sct|77477000",)))
    script = PayerScript(authorization="A1")
    inside = Routed(a_practitioner("1", networks=("harbor",)), rules=narrow, script=script)
    assert inside.calls == [("offer", "1")]
    # When the performer is outside the payer's network, Then the payer must consent all the same
    outside = Routed(a_practitioner("1", networks=OUTSIDE), rules=narrow, script=script)
    assert outside.calls == [("authorization", "1"), ("offer", "1")]


def test_inside_the_network_nothing_is_asked_that_the_271_says_is_not_needed() -> None:
    world = Routed(
        a_practitioner("1", networks=("harbor",)),
        pathway_id="external-provider",
        script=PayerScript(authorization="not-required"),
    )
    assert world.calls == [("offer", "1")]


@pytest.mark.parametrize("answer", ["A1", "not-required"])
def test_an_answer_about_another_patient_is_for_a_person(
    answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = PatientIdentity(family="Roe", birth_date=date(2001, 2, 3))
    submit = MemoryPayer.submit
    monkeypatch.setattr(MemoryPayer, "submit", lambda *asked: submit(*asked).but(patient=stranger))
    world = Routed(
        a_practitioner("1", networks=OUTSIDE),
        pathway_id="external-provider",
        script=PayerScript(authorization=answer),
    )
    assert world.clinics.offers == {}
    assert reason_of(world) is Reason.AUTHORIZATION_UNCLEAR
