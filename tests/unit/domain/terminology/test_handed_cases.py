"""The situations of real orders that rule 1 was learned from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from referral_core.domain.lifecycle import ReferralKind
from referral_core.domain.orders.clinical_content import ClinicalContent, ServiceContent
from referral_core.domain.orders.selection import order_of
from referral_core.domain.referral import WantedService
from referral_core.domain.terminology import (
    Concept,
    ConsentClass,
    Field,
    NotAReferral,
    NotUnderstood,
    OrderedService,
    Priority,
    Refusal,
    Unclear,
    Understanding,
    UrgencyReason,
    understand,
)
from referral_core.pathways import pathway_for
from tests.unit.domain.terminology.orders import (
    CARDIOLOGY,
    DERMATOLOGY,
    HOME_HEALTH,
    HOSPICE,
    ICD10,
    IMAGING,
    LABORATORY,
    LOINC,
    NUCC,
    RADIOLOGY,
    SNOMED,
    SUBSTANCE_USE,
    coded,
    said,
)

RECEIVED = datetime(2026, 3, 2, 14, tzinfo=UTC)
DERMATOLOGIST_TYPE = coded((NUCC, "207N00000X", "Dermatology"))


def understood(order: OrderedService) -> Understanding:
    reading = understand(order)
    assert isinstance(reading, Understanding), reading
    return reading


def taken(order: OrderedService) -> str:
    content = ClinicalContent(service=ServiceContent(wanted=order))
    return pathway_for(order_of(content, WantedService.of(understand(order)))).id


def test_a_practice_setting_as_performer_type_is_dermatology() -> None:
    reading = understood(
        OrderedService(
            code=coded((SNOMED, "103696004", "Patient referral to specialist")),
            performer_type=coded((SNOMED, "394582007", "Dermatology (qualifier value)")),
        )
    )
    assert reading.specialty == DERMATOLOGY
    assert reading.evidence.field is Field.PERFORMER_TYPE
    assert reading.evidence.source == "fhir-r4-c80"


def test_an_urgent_referral_to_cardiology_takes_the_cardiology_pathway() -> None:
    reading = understood(
        OrderedService(
            code=coded((SNOMED, "183519002", "Referral to cardiology service")),
            priority=Priority.URGENT,
            reason=coded((ICD10, "I20.0", "Unstable angina")),
        )
    )
    assert reading.specialty == CARDIOLOGY
    assert reading.urgency.level is Priority.URGENT


def test_a_routine_referral_to_cardiology_takes_it_for_unstable_angina_only() -> None:
    code = coded((SNOMED, "183519002", "Referral to cardiology service"))
    angina = OrderedService(code=code, reason=coded((ICD10, "I20.0")))
    failure = OrderedService(code=code, reason=coded((ICD10, "I50.22")))
    assert taken(angina) == "high-risk-cardiology"
    assert taken(failure) == "generic-specialist"


def test_an_urgent_referral_to_cardiology_takes_it_for_any_diagnosis() -> None:
    code = coded((SNOMED, "183519002", "Referral to cardiology service"))
    order = OrderedService(code=code, priority=Priority.ASAP, reason=coded((ICD10, "I50.22")))
    assert taken(order) == "high-risk-cardiology"


def test_an_urgent_referral_to_dermatology_does_not() -> None:
    order = OrderedService(
        performer_type=DERMATOLOGIST_TYPE,
        priority=Priority.STAT,
        reason=coded((ICD10, "I20.0")),
    )
    assert taken(order) == "generic-specialist"


def test_words_alone_go_to_a_coordinator_with_the_words_and_cardiology_first() -> None:
    words = "Refer to cardiology, please see within a week"
    reading = understand(OrderedService(code=said(words)))
    assert isinstance(reading, NotUnderstood)
    assert reading.reason is Unclear.NOTHING_MATCHED
    assert reading.words == (words,)
    assert reading.choices[0].specialty == CARDIOLOGY


def test_a_laboratory_order_is_refused() -> None:
    reading = understand(
        OrderedService(
            code=coded((LOINC, "24320-4", "Basic metabolic panel")),
            category=coded((*LABORATORY, "Laboratory procedure")),
        )
    )
    assert isinstance(reading, NotAReferral)
    assert reading.refusal is Refusal.LABORATORY
    assert "laboratory" in reading.sentence


def test_hospice_is_hospice_and_not_home_care() -> None:
    hospice = coded((SNOMED, "385763009", "Hospice care (regime/therapy)"))
    reading = understood(OrderedService(code=hospice, category=hospice))
    assert reading.specialty == HOSPICE
    assert HOME_HEALTH not in reading.accepts
    assert reading.kind is not ReferralKind.HOME_BASED_CARE
    assert reading.pathway != "home-based-care"


def test_alcohol_rehabilitation_needs_consent_first() -> None:
    reading = understood(
        OrderedService(
            code=coded((SNOMED, "20093000", "Alcohol rehabilitation and detoxification")),
            reason=coded((ICD10, "F10.20", "Alcohol dependence, uncomplicated")),
        )
    )
    assert reading.specialty == SUBSTANCE_USE
    assert reading.consent is ConsentClass.SUBSTANCE_USE
    assert reading.pathway == "behavioral-health"


def test_a_named_performer_type_decides_where_the_code_is_only_a_consultation() -> None:
    reading = understood(
        OrderedService(code=said("Consultation"), performer_type=DERMATOLOGIST_TYPE)
    )
    assert reading.specialty == DERMATOLOGY


def test_the_named_performers_own_specialty_decides_when_nothing_else_does() -> None:
    reading = understood(
        OrderedService(code=said("Consultation"), performer=coded((NUCC, DERMATOLOGY)))
    )
    assert reading.specialty == DERMATOLOGY
    assert reading.evidence.field is Field.PERFORMER


def test_stat_is_more_urgent_than_routine() -> None:
    routine = OrderedService(performer_type=DERMATOLOGIST_TYPE, priority=Priority.ROUTINE)
    stat = OrderedService(performer_type=DERMATOLOGIST_TYPE, priority=Priority.STAT)
    assert understood(routine).urgency.level is Priority.ROUTINE
    assert understood(stat).urgency.level is Priority.STAT


def test_the_priority_of_the_task_counts_though_the_service_is_unclear() -> None:
    reading = understand(
        OrderedService(code=said("Consultation"), task_priorities=(Priority.ASAP,))
    )
    assert isinstance(reading, NotUnderstood)
    assert reading.choices == ()
    assert reading.urgency.level is Priority.ASAP
    assert reading.urgency.reason is UrgencyReason.TASK_PRIORITY


def test_an_occurrence_in_two_days_is_urgent() -> None:
    reading = understood(
        OrderedService(
            performer_type=coded((NUCC, DERMATOLOGY)),
            occurrence_end=RECEIVED + timedelta(days=2),
            received_at=RECEIVED,
        )
    )
    assert reading.urgency.level is Priority.URGENT
    assert reading.urgency.reason is UrgencyReason.OCCURRENCE
    assert not reading.urgency.overdue


def test_three_images_of_one_requisition_are_images() -> None:
    for code, display in (
        ("399208008", "Chest X-ray"),
        ("241541005", "Hand X-ray"),
        ("168594001", "Clavicle X-ray"),
    ):
        reading = understood(
            OrderedService(
                code=coded((SNOMED, code, display)), category=coded((*IMAGING, "Imaging"))
            )
        )
        assert (reading.specialty, reading.pathway) == (RADIOLOGY, "routine-imaging")


def test_an_order_that_says_nothing_is_asked_about() -> None:
    for order in (
        OrderedService(),
        OrderedService(code=(Concept(),)),
        OrderedService(code=said("   ")),
        OrderedService(code=coded((None, "")), priority=Priority.ROUTINE),
    ):
        assert isinstance(understand(order), NotUnderstood)


def test_an_emergency_admission_is_asked_about_at_once() -> None:
    reading = understand(OrderedService(code=coded((SNOMED, "50849002"))))
    assert isinstance(reading, NotUnderstood)
    assert reading.urgency.level is Priority.STAT
