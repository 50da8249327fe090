"""What may be wrong with an order or its coverage, before anybody is chosen."""

from __future__ import annotations

from typing import Final

from referral_core.adapters.memory.payer import PayerScript
from referral_core.domain.work_items import Reason
from tests.partner_actions import notified
from tests.unit.fhir.orders import a_coverage
from tests.unit.timelines.openings import stands_for
from tests.unit.timelines.world import PathwayWorld, at_work_item, order

_SELF_PAY: Final = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/coverage-selfpay", "code": "pay"}]
}


def information_never_comes(pathway_id: str) -> PathwayWorld:
    """The patient's phone is missing; the referrer is asked, reminded, then the front office."""
    world = PathwayWorld(pathway_id, telecom=[])
    world.until(at_work_item)
    return world


def information_comes(pathway_id: str) -> PathwayWorld:
    """The patient's phone is missing; the referrer sends it with the order's next version."""
    world = PathwayWorld(pathway_id, telecom=[])
    world.later(1)
    world.supplies(order(pathway_id))
    return world


def consent_is_missing(pathway_id: str) -> PathwayWorld:
    """The front office is asked for the consent, not the referrer; it gets and records it."""
    world = PathwayWorld(pathway_id, wanted=order(pathway_id, consented=False))
    assert stands_for(world.referral, Reason.MISSING_INFORMATION)
    world.decide("record-consent")
    return world


def payer_says_not_covered(pathway_id: str) -> PathwayWorld:
    """The coverage is not active; the front office finds no other and closes."""
    world = PathwayWorld(pathway_id, PayerScript(eligibility="inactive"))
    assert stands_for(world.referral, Reason.NOT_ELIGIBLE)
    world.decide("close:not-eligible")
    notified(world)
    return world


def patient_pays_by_a_fee_class(pathway_id: str) -> PathwayWorld:
    """At an FQHC: a patient who pays has no class of the sliding fee scale yet; one is agreed."""
    coverage = a_coverage(type=_SELF_PAY, payor=[{"display": "Self"}])
    world = PathwayWorld(pathway_id, sliding_fee=True, wanted=order(pathway_id, coverage))
    assert stands_for(world.referral, Reason.FEE_CLASS_MISSING)
    world.decide("self-pay", fee_class="B")
    return world


def patient_has_died(pathway_id: str) -> PathwayWorld:
    """The order itself says that the patient has died: nobody is called."""
    world = PathwayWorld(pathway_id, deceasedBoolean=True)
    notified(world)
    return world
