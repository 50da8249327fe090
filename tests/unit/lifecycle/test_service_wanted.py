"""A default is never an understanding: what is not understood is asked of a person, once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from referral_core.domain.lifecycle import Queue, Status
from referral_core.domain.terminology import Field
from referral_core.domain.work_items import Reason
from tests.in_memory import TENANT
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.fhir.orders import a_coverage, a_patient
from tests.unit.lifecycle.orders_wanted import (
    DERMATOLOGY,
    HCPCS,
    ICD10,
    LOCAL,
    LOINC,
    NUCC,
    SNOMED,
    a_desk,
    coding,
    decide,
    post,
    stored,
)

INTERNAL = "207R00000X"
"""The specialty that everything used to be sent to."""
CARDIOLOGY = "207RC0000X"
HOSPICE = "251G00000X"


def asked(api: ApiClient, reply: Reply) -> Reason | None:
    item = stored(api, reply).work_item
    return item.reason if item else None


@pytest.mark.parametrize(
    ("wanted", "specialty", "field"),
    [
        ({"performerType": coding(SNOMED, "394582007")}, "207N00000X", Field.PERFORMER_TYPE),
        ({"code": coding(SNOMED, "183519002")}, CARDIOLOGY, Field.CODE),
        ({"code": coding(SNOMED, "385763009")}, HOSPICE, Field.CODE),
        (
            {
                "code": coding(SNOMED, "103696004"),
                "orderDetail": [coding(NUCC, "207RG0100X")],
            },
            "207RG0100X",
            Field.ORDER_DETAIL,
        ),
        ({"code": {"text": "Referral to cardiology service"}}, CARDIOLOGY, Field.CODE),
    ],
)
def test_an_order_is_offered_to_the_specialty_that_it_names(
    wanted: dict[str, Any], specialty: str, field: Field
) -> None:
    api = a_desk(specialty, INTERNAL)
    referral = stored(api, post(api, **wanted))
    assert referral.service.evidence is not None
    assert (referral.service.specialty, referral.service.evidence.field) == (specialty, field)
    assert [offer.specialty for offer in referral.offers] == [specialty]


def test_a_specialty_of_another_board_may_serve_it_under_its_own() -> None:
    # Given a directory that lists the radiology clinic under the physicians' code
    api = a_desk("2085R0202X", INTERNAL)
    referral = stored(api, post(api, category=[coding(SNOMED, "363679005")]))
    assert [offer.specialty for offer in referral.offers] == ["2085R0202X"]
    assert referral.status is Status.OFFERED


def test_a_specialty_that_nobody_has_goes_to_a_person_and_never_to_internal_medicine() -> None:
    api = a_desk(INTERNAL)
    referral = stored(api, post(api, code=coding(SNOMED, "385763009")))
    assert not referral.offers
    assert referral.work_item is not None
    assert referral.work_item.reason is Reason.NO_CANDIDATE


@pytest.mark.parametrize(
    "wanted",
    [
        {"code": {"text": "Refer to cardiology, please see within a week"}},
        {"code": coding(LOCAL, "REF20", "Amb ref")},
        {"code": coding(SNOMED, "103696004", "Patient referral to specialist")},
        # two things at once
        {"code": {"coding": [coding(SNOMED, "183519002")["coding"][0], *DERMATOLOGY["coding"]]}},
    ],
)
def test_what_is_not_understood_goes_to_the_coordinators(wanted: dict[str, Any]) -> None:
    api = a_desk(INTERNAL, CARDIOLOGY, "207N00000X")
    referral = stored(api, post(api, **wanted))
    assert referral.work_item is not None
    assert referral.work_item.reason is Reason.SERVICE_UNCLEAR
    assert referral.queue is Queue.REFERRAL_COORDINATORS
    assert "name-service" in referral.work_item.actions
    assert not referral.offers
    assert not api.told


def test_the_person_sees_the_words_and_the_choices_and_nobody_else_does() -> None:
    words = "Refer to cardiology, please see within a week"
    api = a_desk(CARDIOLOGY)
    reply = post(api, code={"text": words})
    (item,) = api.call("GET", "/work-items?queue=referral-coordinators").body["workItems"]
    assert item["question"]["words"] == [words, "as discussed"]
    assert item["question"]["choices"][0]["specialty"] == CARDIOLOGY
    assert item["question"]["canKeep"] is True
    available = api.call("GET", f"/fhir/ServiceRequest/{reply.body['id']}/$available-actions")
    assert {"name": "word", "valueString": words} in available.body["parameter"]
    # The words are in the payload, not in the projection, nor in any event.
    events = api.world.referrals.events(TENANT, stored(api, reply).id)
    said = json.dumps([e.model_dump(mode="json") for e in events])
    said += stored(api, reply).model_dump_json()
    assert "within a week" not in said


def test_once_a_person_has_named_it_the_order_goes_there() -> None:
    api = a_desk(CARDIOLOGY, INTERNAL)
    reply = post(api, code={"text": "Refer to cardiology, please see within a week"})
    assert decide(api, reply, "name-service", specialty=CARDIOLOGY).status == 200
    referral = stored(api, reply)
    assert [offer.specialty for offer in referral.offers] == [CARDIOLOGY]
    assert (referral.service.named_by, referral.work_item) == ("staff-1", None)
    # The answer stood for this order only.
    assert asked(api, post(api, "A-2", code={"text": "Refer to cardiology"})) is not None


def test_the_pathway_is_that_of_the_service_that_was_named() -> None:
    api = a_desk("2084P0800X")
    reply = post(api, code=coding(LOCAL, "BH1", "Amb ref BH"))
    assert stored(api, reply).pathway == "generic-specialist"
    decide(api, reply, "name-service", specialty="2084P0800X")
    referral = stored(api, reply)
    assert (referral.pathway, referral.origin.kind) == ("behavioral-health",) * 2
    # … and psychiatry needs the patient's consent before anybody hears of it.
    assert asked(api, reply) is Reason.MISSING_INFORMATION
    assert referral.missing == ("consent",)
    assert not api.told


@pytest.mark.parametrize(
    ("first", "next_one"),
    [
        (coding(LOCAL, "REF20", "Amb ref"), coding(LOCAL, "REF20", "Ambulatory referral")),
        ({"text": "Amb. Referral: HEART"}, {"text": "amb referral heart"}),
    ],
)
def test_an_answer_that_is_kept_is_used_by_the_next_order(
    first: dict[str, Any], next_one: dict[str, Any]
) -> None:
    api = a_desk(CARDIOLOGY)
    decide(api, post(api, code=first), "name-service", specialty=CARDIOLOGY, keep=True)
    again = post(api, "A-2", code=next_one)
    referral = stored(api, again)
    assert referral.service.specialty == CARDIOLOGY
    assert referral.service.evidence is not None
    assert referral.service.evidence.by == "override"
    assert referral.offers


def test_a_code_that_stands_for_many_services_is_kept_for_none() -> None:
    api = a_desk(CARDIOLOGY)
    reply = post(api, code=coding(SNOMED, "103696004", "Patient referral to specialist"))
    kept = decide(api, reply, "name-service", specialty=CARDIOLOGY, keep=True)
    assert (kept.status, asked(api, reply)) == (409, Reason.SERVICE_UNCLEAR)
    assert decide(api, reply, "name-service", specialty=CARDIOLOGY).status == 200


@pytest.mark.parametrize("specialty", [None, "cardiology", "207RC0000"])
def test_a_service_is_named_by_its_code(specialty: str | None) -> None:
    api = a_desk(CARDIOLOGY)
    reply = post(api, code={"text": "Refer to the heart people"})
    assert decide(api, reply, "name-service", specialty=specialty).status == 400
    assert asked(api, reply) is Reason.SERVICE_UNCLEAR


@pytest.mark.parametrize(
    "wanted",
    [
        {"code": coding(LOINC, "24320-4"), "category": [coding(SNOMED, "108252007")]},
        {"category": [coding(SNOMED, "108252007")], "code": {"text": "CBC"}},
        {"code": coding(HCPCS, "A0428", "Ambulance service")},
        {"code": coding(HCPCS, "E0601", "CPAP device")},
    ],
)
def test_what_is_no_referral_is_refused_and_seen_and_begins_none(wanted: dict[str, Any]) -> None:
    api = a_desk(INTERNAL)
    reply = post(api, **wanted)
    assert (reply.status, reply.code) == (422, "not-a-referral")
    assert not api.world.referrals._referrals
    (seen,) = api.call("GET", "/unmatched").body["unmatched"]
    assert seen["refusedFor"][0]["code"] == "not-a-referral"


# --- consent before anybody ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted",
    [
        {"code": coding(SNOMED, "20093000", "Alcohol rehabilitation and detoxification")},
        {"performerType": DERMATOLOGY, "reasonCode": [coding(ICD10, "F10.20")]},
        {"performerType": DERMATOLOGY, "reasonCode": [coding(ICD10, "F33.1")]},
        {"performerType": coding(NUCC, "103T00000X")},
        {"code": {"text": "Rash after alcohol detoxification"}, "performerType": DERMATOLOGY},
    ],
)
def test_what_discloses_waits_for_consent_before_payer_clinic_and_message(
    wanted: dict[str, Any],
) -> None:
    api = a_desk("207N00000X", "261QR0405X", "103T00000X", INTERNAL)
    reply = post(api, **wanted)
    referral = stored(api, reply)
    assert (asked(api, reply), referral.missing) == (Reason.MISSING_INFORMATION, ("consent",))
    assert not api.told
    # Once staff hold it, the referral goes on.
    assert decide(api, reply, "record-consent").status == 200
    assert "payer" in api.told


def test_a_condition_that_nothing_points_at_discloses_too() -> None:
    problem = {
        "resourceType": "Condition",
        "id": "c1",
        "subject": {"reference": "#pat"},
        "code": coding(ICD10, "F11.20"),
    }
    api = a_desk("207N00000X")
    reply = post(
        api,
        performerType=DERMATOLOGY,
        contained=[a_patient(), a_coverage(), problem],
        supportingInfo=[{"reference": "#c1"}],
    )
    assert stored(api, reply).missing == ("consent",)
    assert not api.told
