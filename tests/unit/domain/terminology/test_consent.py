"""What an order discloses, whatever field says it and whatever becomes of the order."""

from __future__ import annotations

import pytest

from referral_core.domain.terminology import (
    Concept,
    ConsentClass,
    Field,
    NotUnderstood,
    OrderedService,
    understand,
)
from tests.unit.domain.terminology.orders import (
    DERMATOLOGIST,
    HCPCS,
    ICD10,
    NUCC,
    SNOMED,
    UNKNOWN,
    coded,
)


@pytest.mark.parametrize(
    ("order", "consent", "field"),
    [
        (
            OrderedService(performer_type=coded(DERMATOLOGIST), reason=coded((ICD10, "F10.20"))),
            ConsentClass.SUBSTANCE_USE,
            Field.REASON,
        ),
        (
            OrderedService(performer_type=coded(DERMATOLOGIST), reason=coded((ICD10, "F1120"))),
            ConsentClass.SUBSTANCE_USE,
            Field.REASON,
        ),
        (
            OrderedService(performer_type=coded(DERMATOLOGIST), reason=coded((SNOMED, "7200002"))),
            ConsentClass.SUBSTANCE_USE,
            Field.REASON,
        ),
        (
            OrderedService(code=coded((UNKNOWN, "1", "Alcohol detoxification"))),
            ConsentClass.SUBSTANCE_USE,
            Field.CODE,
        ),
        (
            OrderedService(performer=coded((NUCC, "101YA0400X"))),
            ConsentClass.SUBSTANCE_USE,
            Field.PERFORMER,
        ),
        (
            OrderedService(category=coded((HCPCS, "H0005"))),
            ConsentClass.SUBSTANCE_USE,
            Field.CATEGORY,
        ),
        (
            OrderedService(performer_type=coded((SNOMED, "394587001"))),
            ConsentClass.MENTAL_HEALTH,
            Field.PERFORMER_TYPE,
        ),
        (
            OrderedService(performer_type=coded(DERMATOLOGIST), reason=coded((ICD10, "F33.1"))),
            ConsentClass.MENTAL_HEALTH,
            Field.REASON,
        ),
        (
            OrderedService(
                performer_type=coded((SNOMED, "394587001")), reason=coded((ICD10, "F11.20"))
            ),
            ConsentClass.SUBSTANCE_USE,
            Field.REASON,
        ),
    ],
)
def test_consent_hangs_on_what_any_field_discloses(
    order: OrderedService, consent: ConsentClass, field: Field
) -> None:
    reading = understand(order)
    assert reading.consent is consent
    assert reading.consent_evidence is not None
    assert reading.consent_evidence.field is field


def test_an_order_that_is_not_understood_discloses_too() -> None:
    order = OrderedService(code=coded(DERMATOLOGIST, (SNOMED, "308477009")))
    reading = understand(order)
    assert isinstance(reading, NotUnderstood)
    assert reading.consent is ConsentClass.MENTAL_HEALTH


@pytest.mark.parametrize("code", ["F17.210", "F03.90", "F80.1", "F70", "L20.9", "Z72.0"])
def test_other_diagnoses_need_no_consent(code: str) -> None:
    order = OrderedService(performer_type=coded(DERMATOLOGIST), reason=coded((ICD10, code)))
    assert understand(order).consent is ConsentClass.NONE


@pytest.mark.parametrize(
    "text",
    [
        "Alcohol use disorder, on methadone",
        "hx of opioid dependence; wants knee seen",
        "Patient in detox since Monday",
        "cocaine abuse in remission",
        "No chest pain. Opioid use disorder.",
        "No known allergies, heroin use daily",
        "Never smoker (heroin use)",
        "no fever but alcohol withdrawal",
        "no longer on methadone",
        "History of opioid\nuse disorder",
    ],
)
def test_words_inside_a_longer_text_disclose(text: str) -> None:
    order = OrderedService(performer_type=coded(DERMATOLOGIST), reason=(Concept(text=text),))
    assert understand(order).consent is ConsentClass.SUBSTANCE_USE


@pytest.mark.parametrize(
    "text",
    [
        "Denies alcohol abuse or drug abuse",
        "No history of substance misuse",
        "Seen today, no history of substance misuse, no rash",
        "Rash after an alcohol swab",
        "Back pain, worse on standing",
    ],
)
def test_words_that_are_denied_or_mean_something_else_disclose_nothing(text: str) -> None:
    order = OrderedService(performer_type=coded(DERMATOLOGIST), reason=(Concept(text=text),))
    assert understand(order).consent is ConsentClass.NONE


@pytest.mark.parametrize(
    ("system", "code", "consent"),
    [
        ("http://hl7.org/fhir/sid/icd-10", "F10.2", ConsentClass.SUBSTANCE_USE),
        ("urn:oid:2.16.840.1.113883.6.3", "F32.1", ConsentClass.MENTAL_HEALTH),
        ("http://hl7.org/fhir/sid/icd-10", "F17.2", ConsentClass.NONE),
        ("http://hl7.org/fhir/sid/icd-9-cm", "303.90", ConsentClass.SUBSTANCE_USE),
        ("urn:oid:2.16.840.1.113883.6.103", "30520", ConsentClass.SUBSTANCE_USE),
        ("http://hl7.org/fhir/sid/icd-9-cm", "305.1", ConsentClass.NONE),
        ("http://hl7.org/fhir/sid/icd-9-cm", "296.20", ConsentClass.MENTAL_HEALTH),
        ("http://hl7.org/fhir/sid/icd-9-cm", "401.9", ConsentClass.NONE),
    ],
)
def test_older_and_foreign_classifications_disclose_too(
    system: str, code: str, consent: ConsentClass
) -> None:
    order = OrderedService(performer_type=coded(DERMATOLOGIST), reason=coded((system, code)))
    assert understand(order).consent is consent
