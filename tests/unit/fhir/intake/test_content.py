from __future__ import annotations

from typing import Any

import pytest

from referral_core.domain.orders.clinical_content import Reason, ServiceContent
from referral_core.domain.terminology import (
    ConsentClass,
    OrderedService,
    terminology,
    understand,
)
from tests.unit.domain.terminology.orders import coded
from tests.unit.fhir.orders import Json, a_coverage, a_patient, an_order, read_one

NUCC = "http://nucc.org/provider-taxonomy"
SNOMED = "http://snomed.info/sct"
ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"


def service_of(*contained: dict[str, object], **fields: object) -> ServiceContent:
    order = an_order(contained=[a_patient(), a_coverage(), *contained], **fields)
    return read_one(order).clinical.service


def reasons_of(*contained: dict[str, object], **fields: object) -> tuple[Reason, ...]:
    order = an_order(contained=[a_patient(), a_coverage(), *contained], **fields)
    return read_one(order).clinical.reasons


def test_code_category_and_specialty_are_read() -> None:
    service = service_of(
        category=[{"coding": [{"system": SNOMED, "code": "3457005"}]}],
        code={"coding": [{"system": SNOMED, "code": "103696004", "display": "Referral"}]},
        performerType={"coding": [{"system": NUCC, "code": "207N00000X"}]},
    )
    assert (service.system, service.code, service.display) == (SNOMED, "103696004", "Referral")
    assert service.wanted == OrderedService(
        category=coded((SNOMED, "3457005")),
        code=coded((SNOMED, "103696004", "Referral")),
        performer_type=coded((NUCC, "207N00000X")),
    )


def test_an_order_states_its_service_by_code_words_or_specialty_but_not_by_category() -> None:
    assert not service_of().is_stated
    assert not service_of(category=[{"text": "Referral"}]).is_stated
    assert service_of(code={"text": "Skin check"}).is_stated
    assert service_of(performerType={"coding": [{"system": NUCC, "code": "207N00000X"}]}).is_stated


def test_a_named_performer_brings_npi_and_specialty() -> None:
    person = {
        "resourceType": "Practitioner",
        "id": "doc",
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1999900032"}],
    }
    role = {
        "resourceType": "PractitionerRole",
        "id": "role",
        "practitioner": {"reference": "#doc"},
        "specialty": [{"coding": [{"system": NUCC, "code": "207Y00000X"}]}],
    }
    service = service_of(person, role, performer=[{"reference": "#role"}])
    assert service.performer_npis == ("1999900032",)
    assert service.wanted.performer == coded((NUCC, "207Y00000X"))


def test_a_named_service_brings_its_words() -> None:
    clinic = {"resourceType": "HealthcareService", "id": "hs", "name": "Skin clinic"}
    assert service_of(clinic, performer=[{"reference": "#hs"}]).display == "Skin clinic"


def test_reasons_come_from_codes_and_from_referenced_problems() -> None:
    problem = {
        "resourceType": "Condition",
        "id": "c",
        "code": {
            "coding": [
                {"system": SNOMED, "code": "24079001"},
                {"system": ICD10, "code": "L20.9", "display": "Atopic dermatitis"},
            ]
        },
    }
    observed = {"resourceType": "Observation", "id": "o", "code": {"text": "Itch"}}
    assert reasons_of(
        problem,
        observed,
        reasonCode=[{"text": "Rash"}],
        reasonReference=[
            {"reference": "#c"},
            {"reference": "#o"},
            {"reference": "Condition/kept-at-home", "display": "Asthma"},
        ],
    ) == (
        Reason(text="Rash"),
        Reason(system=ICD10, code="L20.9", text="Atopic dermatitis"),
        Reason(text="Itch"),
        Reason(text="Asthma"),
    )


def test_the_same_reason_twice_is_one() -> None:
    assert reasons_of(reasonCode=[{"text": "Rash"}, {"text": "Rash"}]) == (Reason(text="Rash"),)


def test_notes_are_kept_in_words() -> None:
    order = an_order(note=[{"text": "Eczema"}, {"time": "2026-03-02"}], patientInstruction="Fast")
    assert read_one(order).clinical.notes == ("Eczema", "Fast")


# --- consent and setting ----------------------------------------------------------------------


def a_consent(**fields: Any) -> Json:
    return {
        "resourceType": "Consent",
        "id": "consent",
        "status": "active",
        "patient": {"reference": "#pat"},
        **fields,
    }


@pytest.mark.parametrize(
    ("fields", "consents"),
    [
        ({}, True),
        ({"provision": {"type": "permit"}}, True),
        ({"provision": {}}, True),
        ({"provision": {"type": "deny"}}, False),
        ({"status": "inactive"}, False),
        ({"status": "rejected"}, False),
        ({"status": "entered-in-error"}, False),
    ],
)
def test_only_an_active_consent_that_permits_is_one(fields: Json, *, consents: bool) -> None:
    order = an_order(
        contained=[a_patient(), a_coverage(), a_consent(**fields)],
        supportingInfo=[{"reference": "#consent"}],
    )
    assert read_one(order).clinical.consent is consents


def test_a_consent_that_the_order_does_not_name_is_none_of_its_own() -> None:
    order = an_order(contained=[a_patient(), a_coverage(), a_consent()])
    assert not read_one(order).clinical.consent
    assert not read_one(an_order(supportingInfo=[{"reference": "Consent/gone"}])).clinical.consent


@pytest.mark.parametrize("code", ["AMB", "EMER", "IMP"])
def test_the_setting_is_the_class_of_the_encounter(code: str) -> None:
    encounter = {
        "resourceType": "Encounter",
        "id": "enc",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": code},
    }
    order = an_order(
        contained=[a_patient(), a_coverage(), encounter], encounter={"reference": "#enc"}
    )
    assert read_one(order).clinical.setting == code


def test_an_order_without_its_encounter_has_no_setting() -> None:
    assert read_one(an_order()).clinical.setting is None
    assert read_one(an_order(encounter={"reference": "Encounter/9"})).clinical.setting is None


@pytest.mark.parametrize(
    ("code", "consent"),
    [
        ("42CFRPart2", ConsentClass.SUBSTANCE_USE),
        ("ETH", ConsentClass.SUBSTANCE_USE),
        ("OPIOIDUD", ConsentClass.SUBSTANCE_USE),
        ("PSYTHPN", ConsentClass.MENTAL_HEALTH),
        ("HIV", ConsentClass.HIV),
        ("SDV", ConsentClass.RESTRICTED),
        ("DOB", ConsentClass.NONE),
    ],
)
@pytest.mark.parametrize("on_order", [True, False])
def test_a_security_label_says_what_is_disclosed(
    code: str, consent: ConsentClass, *, on_order: bool
) -> None:
    system = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    labelled = {"meta": {"security": [{"system": system, "code": code}]}}
    letter = {"resourceType": "DocumentReference", "id": "d", **({} if on_order else labelled)}
    order = an_order(
        contained=[a_patient(), a_coverage(), letter],
        supportingInfo=[{"reference": "#d"}],
        **(labelled if on_order else {}),
    )
    wanted = read_one(order).clinical.service.wanted
    assert understand(wanted, terminology()).consent is consent
