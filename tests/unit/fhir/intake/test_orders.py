from __future__ import annotations

from datetime import UTC, datetime

import pytest

from referral_core.domain.orders.clinical_content import ClinicalContent
from referral_core.domain.orders.selection import order_of
from referral_core.domain.referral import WantedService
from referral_core.fhir.errors import FhirError
from referral_core.fhir.intake.conditions import condition_identifier
from referral_core.fhir.intake.orders import Intake, read_update
from tests.unit.builders import NOW
from tests.unit.fhir.orders import (
    FHIR_JSON,
    PLACER,
    Json,
    a_bundle,
    a_coverage,
    a_patient,
    an_order,
    bundled_order,
    read,
    read_one,
    sent,
)
from tests.unit.fhir.partners import a_payload_with

OURS = {"system": "https://referral-router.org/fhir/referral", "value": "r1"}


def test_what_selects_the_pathway_is_read_as_system_and_code() -> None:
    intake = read_one(
        an_order(
            category=[{"coding": [{"system": "s", "code": "a"}, {"code": "b"}]}],
            code={"coding": [{"system": "s", "code": "c"}, {"display": "words only"}]},
            performerType={"coding": [{"system": "n", "code": "207N00000X"}]},
            priority="urgent",
            authoredOn="2026-03-02T09:05:00-05:00",
        )
    )
    order = order_of(intake.clinical, WantedService())
    assert order.categories == ("s|a", "|b")
    assert order.codes == ("s|c",)
    assert (intake.status, intake.intent, intake.priority) == ("active", "order", "urgent")
    assert intake.authored_on == datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


def test_an_order_without_any_clinical_data_is_understood_as_far_as_it_goes() -> None:
    bare = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "plan",
        "subject": {"reference": "Patient/1"},
    }
    intake = read_one(bare)
    assert intake.service_request == bare
    assert intake.subject == "Patient/1"
    assert (intake.priority, intake.placer_identifier, intake.authored_on) == (
        "routine",
        None,
        None,
    )
    assert intake.resources == {}


@pytest.mark.parametrize(
    ("identifiers", "placer"),
    [
        ([{"system": "s", "value": "1"}, PLACER], "https://ehr.example.org/orders|A-1"),
        ([{"system": "s", "value": "1"}, {"system": "s", "value": "2"}], "s|1"),
        ([{"value": "1"}], None),
        ([{"value": "1", "assigner": {"display": "Clinic A"}}], "assigner:Clinic A|1"),
        ([{"system": "s"}, {"system": "s", "value": "2"}], "s|2"),
        ([OURS, {"system": "s", "value": "2"}], "s|2"),
        ([OURS], None),
        ([], None),
    ],
)
def test_the_placer_identifier_is_the_one_typed_so_else_the_first(
    identifiers: list[Json], placer: str | None
) -> None:
    assert read_one(an_order(identifier=identifiers)).placer_identifier == placer


def test_the_resources_are_kept_by_the_references_that_lead_to_them() -> None:
    order, patient, coverage = bundled_order(insurance=[{"reference": "Coverage/cov"}])
    intake = read_one(a_bundle(order, patient, coverage))
    assert intake.resources == {"Patient/pat": patient, "Coverage/cov": coverage}


def test_a_coverage_that_only_refers_to_the_patient_comes_along() -> None:
    order, patient, coverage = bundled_order()
    intake = read_one(a_bundle(order, patient, coverage))
    assert coverage in intake.resources.values()


def test_what_was_understood_survives_storage() -> None:
    understood = read_one(a_bundle(*bundled_order())).clinical
    assert ClinicalContent.model_validate_json(understood.model_dump_json()) == understood


def test_several_referrals_of_one_bundle_are_understood_apart() -> None:
    order, patient, coverage = bundled_order()
    other_patient = a_patient(id="p2", name=[{"family": "Dunmore"}])
    other = an_order(
        id="o2",
        contained=None,
        insurance=None,
        subject={"reference": "Patient/p2"},
        identifier=[{"system": "s", "value": "2"}],
    )
    first, second = read(a_bundle(order, patient, coverage, other, other_patient))
    assert first.clinical.patient.family == "Whitlock"
    assert second.clinical.patient.family == "Dunmore"
    assert second.clinical.coverage.member_id is None
    assert first.canonical_hash != second.canonical_hash


def updated(order: Json, known: dict[str, Json] | None = None, url_id: str = "r1") -> Intake:
    before = a_payload_with(known) if known else None
    return read_update(sent(order), FHIR_JSON, url_id, NOW, before)


@pytest.mark.parametrize(
    "status", ["draft", "active", "on-hold", "revoked", "completed", "entered-in-error"]
)
def test_an_update_may_say_how_the_order_stands_now(status: str) -> None:
    assert updated(an_order(id="r1", status=status)).status == status


@pytest.mark.parametrize(
    ("fields", "status", "own_code"),
    [
        ({"id": "r2"}, 400, "id-mismatch"),
        ({"id": None}, 400, "id-mismatch"),
        ({"id": "r1", "status": "unknown"}, 422, "status-not-accepted"),
        ({"id": "r1", "status": "gone"}, 400, "unknown-code"),
        ({"id": "r1", "subject": {"reference": "#nobody"}}, 400, "contained-resource-missing"),
        ({"id": "r1", "contained": [a_patient(gender="F"), a_coverage()]}, 400, "unknown-code"),
    ],
)
def test_an_update_is_judged_like_a_new_order(fields: Json, status: int, own_code: str) -> None:
    with pytest.raises(FhirError) as caught:
        updated(an_order(**fields))
    assert (caught.value.status, caught.value.issues[0].own_code) == (status, own_code)


def test_an_update_may_refer_to_what_was_sent_before() -> None:
    order, patient, coverage = bundled_order(insurance=[{"reference": "Coverage/cov"}])
    before = read_one(a_bundle(order, patient, coverage))
    after = updated({**order, "id": "r1", "note": [{"text": "new"}]}, before.resources)
    assert after.clinical.patient == before.clinical.patient
    assert after.clinical.coverage == before.clinical.coverage
    assert after.resources == before.resources


def test_an_update_that_sends_a_resource_again_replaces_it() -> None:
    before = read_one(a_bundle(*bundled_order()))
    assert before.clinical.coverage.member_id == "M-1"
    corrected = an_order(id="r1", contained=[a_patient(), a_coverage(subscriberId="M-2")])
    assert updated(corrected, before.resources).clinical.coverage.member_id == "M-2"


def test_the_stored_order_put_back_unchanged_has_the_same_content() -> None:
    for theirs in ([PLACER], None):
        stored = an_order(id="r1", identifier=[*(theirs or []), OURS], meta={"versionId": "1"})
        created = an_order(identifier=theirs)
        assert updated(stored).canonical_hash == read_one(created).canonical_hash


@pytest.mark.parametrize(
    "condition",
    ["identifier=s|1", "identifier=s%7C1", "ServiceRequest?identifier=s|1", "?identifier=s|1"],
)
def test_a_condition_asks_for_one_identifier(condition: str) -> None:
    assert condition_identifier(condition) == "s|1"


@pytest.mark.parametrize(
    "condition", ["", "identifier=1", "identifier=s|", "identifier=s|1&status=active", "code=x|y"]
)
def test_other_conditions_are_refused(condition: str) -> None:
    with pytest.raises(FhirError) as caught:
        condition_identifier(condition)
    assert caught.value.issues[0].own_code == "condition-not-supported"
