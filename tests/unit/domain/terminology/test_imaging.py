"""What images are taken with, as the codes of the order say."""

from __future__ import annotations

import pytest

from referral_core.domain.modality import ImagingModality
from referral_core.domain.terminology import (
    Concept,
    OrderedService,
    Terminology,
    imaging_wanted,
    terminology,
)
from referral_core.domain.terminology.tables import Meaning
from tests.unit.domain.terminology.orders import (
    IMAGING,
    LOINC,
    RADIOLOGY,
    SNOMED,
    UNKNOWN,
    coded,
    said,
)

SECTION = "http://terminology.hl7.org/CodeSystem/v2-0074"
SERVICE_TYPE = "http://terminology.hl7.org/CodeSystem/service-type"


def wanted(**fields: tuple[Concept, ...]) -> set[str]:
    return {str(one) for one in imaging_wanted(OrderedService(**fields), terminology())}


@pytest.mark.parametrize(
    ("system", "code", "found"),
    [
        (LOINC, "24590-2", {"MR"}),  # MR Brain
        (LOINC, "24627-2", {"CT"}),  # CT Chest
        (LOINC, "24606-6", {"MG"}),  # MG Breast Screening
        (LOINC, "81551-4", {"PET"}),  # PET+CT Bone: one unit takes it
        ("urn:oid:2.16.840.1.113883.6.1", "24590-2", {"MR"}),
        (SECTION, "NMR", {"MR"}),
        (SECTION, "CT", {"CT"}),
        (SERVICE_TYPE, "211", {"MR"}),
        (SERVICE_TYPE, "209", set[str]()),  # X-ray, CT or fluoroscopy: which is not said
        (SECTION, "RAD", set[str]()),
        (*IMAGING, set[str]()),
        (UNKNOWN, "CT", set[str]()),
        (SNOMED, "24590-2", set[str]()),
        (LOINC, "MR", set[str]()),
    ],
)
def test_the_code_says_what_the_image_is_taken_with(
    system: str, code: str, found: set[str]
) -> None:
    assert wanted(code=coded((system, code))) == found


def test_a_name_of_another_system_begins_with_no_modality() -> None:
    """Only LOINC's names are made so: in another list the same letters are a word."""
    named = Meaning(system=SNOMED, code="1", source="own", display="US citizen")
    tables = Terminology([named, named.but(system=LOINC)], [], [])
    assert imaging_wanted(OrderedService(code=coded((SNOMED, "1"))), tables) == set()
    assert imaging_wanted(OrderedService(code=coded((LOINC, "1"))), tables) == {"US"}


def test_order_detail_and_category_say_it_too_and_words_do_not() -> None:
    assert wanted(order_detail=coded((LOINC, "24590-2"))) == {"MR"}
    assert wanted(category=coded((SECTION, "CT"))) == {"CT"}
    assert wanted(code=said("MR Brain")) == set()
    assert wanted(reason=coded((LOINC, "24627-2"))) == set()


def test_whatever_is_asked_for_is_needed() -> None:
    both = coded((LOINC, "24590-2")) + coded((LOINC, "24627-2"))
    assert wanted(code=both) == {"CT", "MR"}


def test_every_modality_is_named_by_some_code_of_radiology() -> None:
    tables = terminology()
    coded_ones = (coded((m.system, m.code)) for m in tables.meanings if m.specialty == RADIOLOGY)
    named = {
        one for code in coded_ones for one in imaging_wanted(OrderedService(code=code), tables)
    }
    assert named == set(ImagingModality)
