"""A 271 about another member says nothing of this patient: a person asks the payer again."""

from __future__ import annotations

from datetime import date

import pytest

from referral_core.domain.events import WorkItemFacts
from referral_core.domain.lifecycle import Step
from referral_core.domain.orders.patient_identity import PatientIdentity
from referral_core.domain.payers.requests import EligibilityRequest, EligibilityResponse
from referral_core.domain.work_items import Reason
from tests.in_memory import REFERRAL, TENANT, World
from tests.unit.fhir.orders import an_order
from tests.unit.lifecycle.work_item_worlds import of_order

BORN = date(1961, 4, 17)


def answered_about(**named: object) -> World:
    """Return a world whose payer says that somebody is covered."""
    world = World()
    check = world.payer.check

    def about(payer: object, inquiry: EligibilityRequest) -> EligibilityResponse:
        return check(payer, inquiry).but(patient=PatientIdentity.model_validate(named))  # type: ignore[arg-type]

    world.payer.check = about  # type: ignore[method-assign,assignment]
    return of_order(an_order(), world)


@pytest.mark.parametrize(
    "named",
    [
        {"family": "FINCH", "given": "HAROLD", "birth_date": date(1940, 1, 1)},
        {"family": "FINCH", "given": "HAROLD", "identifiers": ("|W9",)},
        # A number of the family, and the mother's name and birth date
        {"identifiers": ("|M-1",), "family": "FINCH", "birth_date": date(1940, 1, 1)},
    ],
)
def test_an_answer_about_another_member_is_a_persons_to_look_at(named: dict[str, object]) -> None:
    world = answered_about(**named)
    referral = world.referral
    assert referral.work_item is not None
    assert referral.work_item.reason is Reason.ELIGIBILITY_UNCLEAR
    assert referral.eligibility is not None
    assert referral.eligibility.reason == "another-patient"
    facts = [e.facts for e in world.referrals.events(TENANT, REFERRAL)]
    said = [f.refused for f in facts if isinstance(f, WorkItemFacts)]
    assert "The payer's answer is about another member." in said
    assert referral.offers == ()


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"family": "WHITLOCK", "given": "MARJORIE", "birth_date": BORN},
        # Her name in the payer's books, under her number or with her birth date
        {"family": "STONE", "given": "MARJORIE", "identifiers": ("|M-1",), "birth_date": BORN},
        {"family": "WHITLOCK", "given": "M", "identifiers": ("|OLD-7",)},
    ],
)
def test_an_answer_about_the_patient_counts(named: dict[str, object]) -> None:
    world = answered_about(**named)
    assert world.referral.eligibility is not None
    assert world.referral.current_step is not Step.CHECK_ELIGIBILITY
    assert world.referral.eligibility.reason is None
