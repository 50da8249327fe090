"""Precedence, contradictions, what disputes what, and what is only offered."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from referral_core.domain.lifecycle import ReferralKind
from referral_core.domain.terminology import (
    Coding,
    Concept,
    NotAReferral,
    NotUnderstood,
    OrderedService,
    Reading,
    Refusal,
    Unclear,
    Understanding,
    understand,
)
from tests.unit.domain.terminology.orders import (
    CARDIOLOGIST,
    CARDIOLOGY,
    CPT,
    DERMATOLOGIST,
    DERMATOLOGY,
    HCPCS,
    HOSPICE,
    LABORATORY,
    LOINC,
    NEUROLOGIST,
    NEUROLOGY,
    NUCC,
    RADIOLOGY,
    SDOHCC,
    SNOMED,
    SUBSTANCE_USE,
    UNKNOWN,
    coded,
    said,
)


def specialty(reading: Reading) -> str | None:
    return reading.specialty if isinstance(reading, Understanding) else None


def test_every_field_alone_can_name_the_service() -> None:
    for order in (
        OrderedService(performer_type=coded(DERMATOLOGIST)),
        OrderedService(code=coded(DERMATOLOGIST)),
        OrderedService(order_detail=coded(DERMATOLOGIST)),
        OrderedService(location=coded(DERMATOLOGIST)),
        OrderedService(category=coded(DERMATOLOGIST)),
        OrderedService(performer=coded(DERMATOLOGIST)),
        OrderedService(reason=coded(DERMATOLOGIST)),
        OrderedService(performer_type=said("Dermatology")),
        OrderedService(code=said("DERMATOLOGY.")),
        OrderedService(order_detail=said("Referral to dermatologist")),
        OrderedService(category=said("dermatology")),
        OrderedService(performer=said("Dermatology")),
    ):
        assert specialty(understand(order)) == DERMATOLOGY, order


def test_the_first_field_decides_and_what_says_why_is_reported() -> None:
    reading = understand(
        OrderedService(
            performer_type=coded(DERMATOLOGIST),
            location=coded(CARDIOLOGIST),
            reason=coded(NEUROLOGIST),
        )
    )
    assert isinstance(reading, Understanding)
    assert reading.specialty == DERMATOLOGY
    assert {named.specialty for named in reading.also_named} == {CARDIOLOGY, NEUROLOGY}


INTERNIST = (NUCC, "207R00000X")
FIELDS_THAT_STATE = ("performer_type", "code", "order_detail", "category", "performer")


def stating(first: str, one: Any, second: str, other: Any) -> OrderedService:
    return OrderedService.model_validate({first: one, second: other})


@pytest.mark.parametrize(("first", "second"), [*combinations(FIELDS_THAT_STATE, 2)])
def test_two_fields_that_state_two_services_go_to_a_person_with_both(
    first: str, second: str
) -> None:
    for other in (coded(CARDIOLOGIST), said("Cardiology")):
        reading = understand(stating(first, coded(DERMATOLOGIST), second, other))
        assert isinstance(reading, NotUnderstood), (first, second)
        assert reading.reason is Unclear.CONTRADICTION
        assert {c.specialty for c in reading.choices} >= {DERMATOLOGY, CARDIOLOGY}
    # And words beside words.
    reading = understand(stating(first, said("Dermatology"), second, said("Cardiology")))
    assert isinstance(reading, NotUnderstood), (first, second)


def test_a_concept_whose_words_and_code_name_two_services_goes_to_a_person() -> None:
    concept = (coded(DERMATOLOGIST)[0].but(text="Cardiology"),)
    assert isinstance(understand(OrderedService(code=concept)), NotUnderstood)


@pytest.mark.parametrize(("first", "second"), [*combinations(FIELDS_THAT_STATE[:4], 2)])
def test_what_refines_the_other_decides_wherever_it_stands(first: str, second: str) -> None:
    internist, cardiologist = coded(INTERNIST), coded(CARDIOLOGIST)
    assert specialty(understand(stating(first, internist, second, cardiologist))) == CARDIOLOGY
    assert specialty(understand(stating(first, cardiologist, second, internist))) == CARDIOLOGY


def test_a_performer_of_several_specialties_needs_one_that_fits() -> None:
    both = (*coded(DERMATOLOGIST), *coded(CARDIOLOGIST))
    assert specialty(understand(OrderedService(code=coded(CARDIOLOGIST), performer=both))) == (
        CARDIOLOGY
    )
    generalist = OrderedService(code=coded(CARDIOLOGIST), performer=coded(INTERNIST))
    assert specialty(understand(generalist)) == CARDIOLOGY


def test_the_words_of_a_reason_name_no_service() -> None:
    assert isinstance(understand(OrderedService(reason=said("Dermatology"))), NotUnderstood)


def test_two_codings_of_two_specialties_go_to_a_person_with_both() -> None:
    reading = understand(OrderedService(code=coded(DERMATOLOGIST, CARDIOLOGIST)))
    assert isinstance(reading, NotUnderstood)
    assert reading.reason is Unclear.CONTRADICTION
    assert {c.specialty for c in reading.choices} == {DERMATOLOGY, CARDIOLOGY}


def test_a_contradiction_is_not_resolved_by_a_later_field() -> None:
    order = OrderedService(
        code=coded(DERMATOLOGIST, CARDIOLOGIST), performer=coded((NUCC, DERMATOLOGY))
    )
    assert isinstance(understand(order), NotUnderstood)


def test_two_codings_of_one_specialty_agree() -> None:
    order = OrderedService(performer_type=coded((NUCC, DERMATOLOGY), (SNOMED, "394582007")))
    assert specialty(understand(order)) == DERMATOLOGY


def test_the_same_specialty_of_another_board_is_no_contradiction() -> None:
    geriatrics, in_family_medicine = "207RG0300X", "207QG0300X"
    order = OrderedService(performer_type=coded((NUCC, in_family_medicine), (NUCC, geriatrics)))
    reading = understand(order)
    assert isinstance(reading, Understanding)
    assert reading.specialty == geriatrics
    assert in_family_medicine in reading.accepts


def test_a_code_whose_words_name_another_service_goes_to_a_person() -> None:
    order = OrderedService(code=coded((SNOMED, "183523005", "Referral to endocrinologist")))
    reading = understand(order)
    assert isinstance(reading, NotUnderstood)
    assert reading.reason is Unclear.CONTRADICTION
    assert {c.specialty for c in reading.choices} == {"207RG0100X", "207RE0101X"}


def test_a_code_that_names_no_service_is_not_understood_by_its_words() -> None:
    order = OrderedService(code=coded((SNOMED, "306206005", "Referral to cardiology service")))
    reading = understand(order)
    assert isinstance(reading, NotUnderstood)
    assert reading.choices[0].specialty == CARDIOLOGY


def test_an_unknown_code_is_not_understood_by_its_words() -> None:
    reading = understand(OrderedService(code=coded((UNKNOWN, "REF20", "Dermatology"))))
    assert isinstance(reading, NotUnderstood)
    assert reading.choices[0].specialty == DERMATOLOGY


def test_the_words_of_the_concept_decide_beside_an_unknown_code() -> None:
    concept = Concept(codings=coded((UNKNOWN, "REF20"))[0].codings, text="Dermatology")
    reading = understand(OrderedService(code=(concept,)))
    assert isinstance(reading, Understanding)
    assert (reading.specialty, reading.evidence.by) == (DERMATOLOGY, "text")


def test_a_code_without_system_is_not_read() -> None:
    assert isinstance(understand(OrderedService(code=coded((None, "308472003")))), NotUnderstood)


def test_a_text_that_names_a_service_among_other_words_is_only_offered() -> None:
    reading = understand(OrderedService(code=said("not cardiology, they saw neurology before")))
    assert isinstance(reading, NotUnderstood)
    assert {c.specialty for c in reading.choices} >= {CARDIOLOGY, NEUROLOGY}


def test_a_name_of_an_image_among_words_is_not_offered() -> None:
    reading = understand(OrderedService(code=said("as agreed with Mr Hand")))
    assert isinstance(reading, NotUnderstood)
    assert reading.choices == ()


def test_part_of_a_word_is_not_offered() -> None:
    reading = understand(OrderedService(code=said("teleneurologybooking")))
    assert isinstance(reading, NotUnderstood)
    assert reading.choices == ()


@pytest.mark.parametrize(
    ("system", "code", "refusal"),
    [
        (*LABORATORY, Refusal.LABORATORY),
        (LOINC, "58410-2", Refusal.LABORATORY),
        (CPT, "80053", Refusal.LABORATORY),
        ("http://terminology.hl7.org/CodeSystem/v2-0074", "LAB", Refusal.LABORATORY),
        (NUCC, "291U00000X", Refusal.LABORATORY),
        (NUCC, "343900000X", Refusal.TRANSPORT),
        (HCPCS, "A0428", Refusal.TRANSPORT),
        ("http://terminology.hl7.org/CodeSystem/service-type", "226", Refusal.TRANSPORT),
        (HCPCS, "E1223", Refusal.DEVICE),
        (HCPCS, "K0001", Refusal.DEVICE),
        (NUCC, "332B00000X", Refusal.DEVICE),
    ],
)
def test_what_is_no_referral_is_refused_in_every_field(
    system: str, code: str, refusal: Refusal
) -> None:
    for order in (
        OrderedService(code=coded((system, code))),
        OrderedService(category=coded((system, code))),
        OrderedService(performer_type=coded((system, code))),
    ):
        reading = understand(order)
        assert isinstance(reading, NotAReferral)
        assert reading.refusal is refusal


def test_a_laboratory_category_beside_a_specialty_goes_to_a_person() -> None:
    order = OrderedService(performer_type=coded(DERMATOLOGIST), category=coded(LABORATORY))
    reading = understand(order)
    assert isinstance(reading, NotUnderstood)
    assert reading.reason is Unclear.CONTRADICTION


def test_equipment_that_a_social_need_asks_for_goes_to_a_person() -> None:
    order = OrderedService(
        code=coded((HCPCS, "E1223")), category=coded((SDOHCC, "food-insecurity"))
    )
    assert isinstance(understand(order), NotUnderstood)


def test_who_performs_a_laboratory_order_does_not_make_it_a_referral() -> None:
    order = OrderedService(code=coded((LOINC, "58410-2")), performer=coded((NUCC, "207ZP0102X")))
    assert isinstance(understand(order), NotAReferral)


@pytest.mark.parametrize(
    ("system", "code", "expected"),
    [
        ("https://snomed.info/sct", "308472003", DERMATOLOGY),
        ("http://snomed.info/sct/731000124108/version/20240901", "308472003", DERMATOLOGY),
        ("urn:oid:2.16.840.1.113883.6.96", "308472003", DERMATOLOGY),
        ("urn:oid:2.16.840.1.113883.6.101", "207N00000X", DERMATOLOGY),
        (f"{NUCC}/", " 207n00000x ", DERMATOLOGY),
        ("http://www.nlm.nih.gov/research/umls/hcpcs", "T2042", HOSPICE),
        (HCPCS, "71250", RADIOLOGY),
        (CPT, "71250", RADIOLOGY),
        (LOINC, "24627-2", RADIOLOGY),
        ("http://www.cms.gov/Medicare/Coding/ICD10", "HZ30ZZZ", SUBSTANCE_USE),
        ("http://terminology.hl7.org/CodeSystem/service-type", "168", DERMATOLOGY),
        ("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "DERM", DERMATOLOGY),
        ("https://codesystem.x12.org/005010/1365", "42", "251E00000X"),
        ("http://www.ada.org/cdt", "D0120", "1223G0001X"),
    ],
)
def test_systems_come_under_many_names(system: str, code: str, expected: str) -> None:
    assert specialty(understand(OrderedService(code=coded((system, code))))) == expected


def test_radiotherapy_is_not_imaging_though_cpt_has_both_under_radiology() -> None:
    reading = understand(OrderedService(code=coded((CPT, "77385"))))
    assert isinstance(reading, Understanding)
    assert reading.specialty == "2085R0001X"
    assert reading.pathway is None


def test_an_external_category_names_the_pathway_and_not_the_service() -> None:
    external = coded(("https://referral-router.org/fhir/CodeSystem/referral-kind", "external"))
    alone = understand(OrderedService(category=external))
    beside = understand(OrderedService(category=external, performer_type=coded(DERMATOLOGIST)))
    assert isinstance(alone, NotUnderstood)
    assert isinstance(beside, Understanding)
    assert (beside.kind, beside.pathway) == (ReferralKind.EXTERNAL_PROVIDER, "external-provider")


@pytest.mark.parametrize(
    ("system", "code"),
    [(CPT, "7125"), (CPT, "712501"), (CPT, "7125T"), (HCPCS, "E12"), (HCPCS, "E12233"), (CPT, "")],
)
def test_a_code_of_another_length_is_of_no_range(system: str, code: str) -> None:
    assert isinstance(understand(OrderedService(code=coded((system, code)))), NotUnderstood)


def test_choices_are_few_and_the_longest_name_is_first() -> None:
    words = (
        "cardiology dermatology neurology urology nephrology rheumatology psychiatry radiology "
        "endocrinology hepatology pediatric cardiology"
    )
    reading = understand(OrderedService(code=said(words)))
    assert isinstance(reading, NotUnderstood)
    assert len(reading.choices) == 8
    assert reading.choices[0].specialty == "2080P0202X"


@pytest.mark.parametrize(
    ("system", "code"),
    [
        ("HTTP://NUCC.org/provider-taxonomy/", "207n00000x"),
        ("2.16.840.1.113883.6.101", "207N00000X"),
        ("http://snomed.info/sct|20240901", "394582007"),
        ("https://www.snomed.info/sct/", "394582007"),
        (" 2.16.840.1.113883.6.96 ", "394582007"),
        (SNOMED, "394582007 |Dermatology|"),
    ],
)
def test_a_system_and_a_code_are_known_however_they_are_written(system: str, code: str) -> None:
    reading = understand(OrderedService(performer_type=coded((system, code))))
    assert isinstance(reading, Understanding)
    assert reading.specialty == "207N00000X"


def test_a_coding_with_words_and_no_code_is_read_as_words() -> None:
    only = Concept(codings=(Coding(display="Dermatology"),))
    reading = understand(OrderedService(code=(only,)))
    assert isinstance(reading, Understanding)
    assert reading.evidence.by == "text"


def test_words_beside_a_code_that_nobody_knows_are_offered_and_not_taken() -> None:
    local = Concept(codings=(Coding(system="urn:oid:1.2.3.4", code="R27", display="Dermatology"),))
    reading = understand(OrderedService(code=(local,)))
    assert isinstance(reading, NotUnderstood)
    assert reading.choices[0].specialty == "207N00000X"
