"""The same service for the same patient from two practices: a person is told, nothing is merged."""

from __future__ import annotations

import json
from typing import Any

import pytest

from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Outcome, Step
from referral_core.domain.work_items import Reason
from referral_core.lifecycle import duplicates
from tests.in_memory import REFERRAL, TENANT
from tests.unit.fhir.orders import Json, a_coverage, a_patient, an_order
from tests.unit.lifecycle.work_item_worlds import (
    DERMATOLOGY,
    OTHERS_ORDER,
    asked_twice,
    decide,
    reason_of,
)

ENT: Json = {"coding": [{"system": "http://nucc.org/provider-taxonomy", "code": "207Y00000X"}]}
CARDIOLOGY: Json = {
    "coding": [{"system": "http://nucc.org/provider-taxonomy", "code": "207RC0000X"}]
}


def of_patient(**fields: Any) -> Json:
    return {"contained": [a_patient(**fields), a_coverage()]}


def test_a_person_is_told_of_the_other_and_no_payer_or_clinic_is_asked() -> None:
    world = asked_twice()
    referral = world.referral
    assert reason_of(world) is Reason.POSSIBLE_DUPLICATE
    assert OTHERS_ORDER in referral.status_reason
    assert (referral.eligibility, referral.offers) == (None, ())
    # The order that came first goes on as if nothing were.
    first = world.referrals.load(TENANT, OTHERS_ORDER).referral
    assert first.offers
    assert first.work_item is None


def test_both_go_on_where_both_are_wanted_and_it_is_asked_once() -> None:
    world = asked_twice()
    decide(world, "keep-waiting")
    assert world.referral.offers
    assert world.referral.work_item is None


def test_a_pair_that_a_person_kept_is_not_asked_about_at_the_other_order() -> None:
    world = asked_twice()
    decide(world, "keep-waiting")
    for referral_id in (OTHERS_ORDER, REFERRAL):
        case = world.engine.case(world.referrals.load(TENANT, referral_id).referral)
        assert duplicates.untold_duplicates(case) == ()


def test_another_version_answers_no_question_for_a_person() -> None:
    world = asked_twice()
    note = [{"text": "She prefers mornings."}]
    sent = {"performerType": DERMATOLOGY, "code": {"text": "Consultation"}, "note": note}
    world.supplied(world.read(json.dumps(an_order(**sent)).encode()))
    assert reason_of(world) is Reason.POSSIBLE_DUPLICATE
    # One for another service is no duplicate any more.
    world.supplied(world.read(json.dumps(an_order(**{**sent, "performerType": ENT})).encode()))
    assert reason_of(world) is not Reason.POSSIBLE_DUPLICATE


def test_one_of_them_is_closed_by_a_person_only() -> None:
    world = asked_twice()
    decide(world, "close:cancelled-by-referrer")
    assert world.referral.proposed_outcome is Outcome.CANCELLED_BY_REFERRER
    assert world.referrals.load(TENANT, OTHERS_ORDER).referral.proposed_outcome is None


@pytest.mark.parametrize(
    "other",
    [
        {"performerType": CARDIOLOGY},
        of_patient(birthDate="1961-04-18"),
        of_patient(name=[{"family": "Okafor", "given": ["Ada"]}]),
        of_patient(name=[{"family": "Whitlock", "given": ["Rose"]}]),
        {"status": "draft"},
    ],
    ids=["another service", "another birth date", "another name", "a twin", "a draft"],
)
def test_another_order_is_no_duplicate(other: Json) -> None:
    world = asked_twice(other)
    if other.get("status") == "draft":
        # It may become one: who is asked first is told of nothing that nobody wants yet.
        assert world.referrals.load(TENANT, OTHERS_ORDER).referral.offers == ()
    assert world.referral.current_step is Step.OFFER_REFERRAL
    assert world.referral.work_item is None


def test_the_orders_of_one_ehr_are_told_apart_by_their_numbers() -> None:
    world = asked_twice(referrer="lakeside-ehr")
    assert world.referral.work_item is None


def test_an_order_that_ended_is_nobodys_duplicate() -> None:
    world = asked_twice(proposed_outcome=Outcome.CANCELLED_BY_REFERRER)
    assert world.referral.work_item is None


def test_of_more_than_a_referral_has_room_for_a_person_is_told_of_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(duplicates, "MOST", {"duplicates": 1})
    world = asked_twice()
    case = world.engine.case(world.referral.but(duplicates=()))
    assert duplicates.untold_duplicates(case) == (OTHERS_ORDER,)
    known = world.engine.case(world.referral.but(duplicates=(ReferralId("e" * 32),)))
    assert duplicates.untold_duplicates(known) == ()


def test_years_of_other_patients_of_that_birth_date_hide_no_duplicate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = MemoryReferrals.identified

    def identified(self: MemoryReferrals, tenant: Tenant, term: str) -> list[ReferralId]:
        return [*(ReferralId(f"{n:032x}") for n in range(400)), *found(self, tenant, term)]

    monkeypatch.setattr(MemoryReferrals, "identified", identified)
    assert reason_of(asked_twice()) is Reason.POSSIBLE_DUPLICATE
