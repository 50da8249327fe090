from __future__ import annotations

import pytest

from referral_core.fhir.errors import FhirError
from referral_core.fhir.intake.acceptance import INTENTS, MOST_REFERRALS
from tests.unit.fhir.orders import Json, a_bundle, a_patient, an_order, bundled_order, read


def refused(resource: Json) -> list[tuple[str, str, str | None]]:
    with pytest.raises(FhirError) as caught:
        read(resource)
    assert caught.value.status == 422
    return [(i.code, i.own_code, i.expression) for i in caught.value.issues]


@pytest.mark.parametrize("status", ["draft", "active", "on-hold"])
@pytest.mark.parametrize("intent", INTENTS)
def test_these_are_referrals(status: str, intent: str) -> None:
    assert read(an_order(status=status, intent=intent))


@pytest.mark.parametrize("status", ["revoked", "completed", "entered-in-error", "unknown"])
def test_an_order_that_is_not_to_be_done_now_is_refused(status: str) -> None:
    assert refused(an_order(status=status)) == [
        ("business-rule", "status-not-accepted", "ServiceRequest.status")
    ]


def test_an_order_that_nobody_ordered_is_refused() -> None:
    assert refused(an_order(intent="option")) == [
        ("business-rule", "intent-not-accepted", "ServiceRequest.intent")
    ]


def test_an_order_not_to_do_something_is_refused() -> None:
    assert refused(an_order(doNotPerform=True))[0][1] == "do-not-perform"


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Group/all-of-them"},
        {"reference": "https://ehr.example.org/Device/7"},
        {"type": "Location", "display": "Ward 3"},
        {"reference": "#cov"},
    ],
)
def test_only_a_patient_is_referred(subject: Json) -> None:
    assert refused(an_order(subject=subject))[0][1] == "subject-not-a-patient"


def test_all_faults_of_all_referrals_are_told_at_once() -> None:
    order, patient, coverage = bundled_order(status="completed", intent="option")
    other, _, _ = bundled_order(id="o2", doNotPerform=True)
    assert [code for _, code, _ in refused(a_bundle(order, other, patient, coverage))] == [
        "status-not-accepted",
        "intent-not-accepted",
        "do-not-perform",
    ]


def test_a_bundle_holds_between_one_and_twenty_referrals() -> None:
    orders = [
        an_order(id=f"o{n}", contained=None, insurance=None, subject={"reference": "Patient/pat"})
        for n in range(MOST_REFERRALS + 1)
    ]
    assert len(read(a_bundle(a_patient(), *orders[:-1]))) == MOST_REFERRALS
    assert refused(a_bundle(a_patient(), *orders)) == [("too-costly", "too-many-referrals", None)]
    assert refused(a_bundle(a_patient())) == [("business-rule", "no-referral", None)]
    assert refused(a_bundle()) == [("business-rule", "no-referral", None)]


@pytest.mark.parametrize("kind", ["collection", "transaction", "message"])
def test_that_nobody_is_referred_is_told_before_any_other_fault(kind: str) -> None:
    marked = a_patient(modifierExtension=[{"url": "https://example.org/x", "valueBoolean": True}])
    assert [code for _, code, _ in refused(a_bundle(marked, kind=kind))] == [
        "no-referral",
        "modifier-extension-unknown",
    ]


@pytest.mark.parametrize(
    "holder",
    [
        an_order(status=7),
        {"resourceType": "ExplanationOfBenefit", "contained": [an_order()], "item": 7},
        {"resourceType": 7, "subject": {"reference": "Patient/pat"}},
        {"resourceType": "Basic", "contained": [{"id": "who-knows"}]},
        {"resourceType": "Basic", "contained": "who knows"},
    ],
)
def test_where_an_order_may_have_been_meant_its_faults_are_told(holder: Json) -> None:
    with pytest.raises(FhirError) as caught:
        read(a_bundle(a_patient(), holder))
    assert "no-referral" not in [issue.own_code for issue in caught.value.issues]
