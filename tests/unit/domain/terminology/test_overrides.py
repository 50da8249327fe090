"""A tenant's own mappings win, name who kept them, and lower no protection."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from referral_core.domain.lifecycle import ReferralKind
from referral_core.domain.terminology import (
    ConsentClass,
    NotUnderstood,
    OrderedService,
    Override,
    Overrides,
    Understanding,
    override_key,
    understand,
)
from tests.unit.domain.terminology.orders import (
    CARDIOLOGIST,
    CARDIOLOGY,
    DERMATOLOGIST,
    DERMATOLOGY,
    NEUROLOGY,
    SNOMED,
    UNKNOWN,
    coded,
    said,
)


def to(specialty: str, **fields: object) -> Override:
    return Override.model_validate(
        {"specialty": specialty, "name": "As we call it", "decided_by": "coordinator-1", **fields}
    )


def understood(order: OrderedService, overrides: Overrides) -> Understanding:
    reading = understand(order, overrides)
    assert isinstance(reading, Understanding), reading
    return reading


def test_a_local_code_is_understood_once_a_person_has_said_it() -> None:
    order = OrderedService(code=coded((UNKNOWN, "REF20", "Amb ref to derm")))
    assert isinstance(understand(order), NotUnderstood)
    kept = Overrides(entries={override_key(system=UNKNOWN, code="REF20"): to(DERMATOLOGY)})
    reading = understood(order, kept)
    assert (reading.specialty, reading.name) == (DERMATOLOGY, "As we call it")
    assert reading.evidence.by == "override"
    assert reading.evidence.source == "mapping kept by coordinator-1"


def test_words_are_mapped_by_their_words() -> None:
    kept = Overrides(entries={override_key(text="Amb. Referral: DERM"): to(DERMATOLOGY)})
    assert understood(OrderedService(code=said("amb referral derm")), kept).specialty == DERMATOLOGY
    other = understand(OrderedService(code=said("amb referral derm please")), kept)
    assert isinstance(other, NotUnderstood)


def test_a_mapping_wins_over_ours() -> None:
    kept = Overrides(entries={override_key(system=SNOMED, code="308472003"): to(NEUROLOGY)})
    assert understood(OrderedService(code=coded(DERMATOLOGIST)), kept).specialty == NEUROLOGY


def test_a_mapping_of_one_name_of_a_system_is_of_all_its_names() -> None:
    key = override_key(system="urn:oid:2.16.840.1.113883.6.96", code="308472003")
    kept = Overrides(entries={key: to(NEUROLOGY)})
    order = OrderedService(code=coded(("https://snomed.info/sct", "308472003")))
    assert understood(order, kept).specialty == NEUROLOGY


def test_a_mapping_wins_in_its_own_step_only() -> None:
    kept = Overrides(entries={override_key(system=SNOMED, code="308471005"): to(NEUROLOGY)})
    order = OrderedService(performer_type=coded(DERMATOLOGIST), reason=coded(CARDIOLOGIST))
    assert understood(order, kept).specialty == DERMATOLOGY


def test_a_mapping_beside_another_specialty_is_a_contradiction_like_any() -> None:
    kept = Overrides(entries={override_key(system=UNKNOWN, code="REF20"): to(CARDIOLOGY)})
    order = OrderedService(code=coded((UNKNOWN, "REF20"), DERMATOLOGIST))
    assert isinstance(understand(order, kept), NotUnderstood)


def test_a_mapping_can_name_kind_and_pathway() -> None:
    entry = to(DERMATOLOGY, kind="external-provider", pathway="external-provider")
    kept = Overrides(entries={override_key(system=UNKNOWN, code="X"): entry})
    reading = understood(OrderedService(code=coded((UNKNOWN, "X"))), kept)
    assert (reading.kind, reading.pathway) == (ReferralKind.EXTERNAL_PROVIDER, "external-provider")


def test_a_mapping_lowers_no_consent() -> None:
    alcohol = (SNOMED, "20093000")
    kept = Overrides(entries={override_key(system=SNOMED, code=alcohol[1]): to(DERMATOLOGY)})
    reading = understood(OrderedService(code=coded(alcohol)), kept)
    assert reading.specialty == DERMATOLOGY
    assert reading.consent is ConsentClass.SUBSTANCE_USE


def test_a_mapping_to_a_protected_specialty_needs_its_consent() -> None:
    kept = Overrides(entries={override_key(system=UNKNOWN, code="BH"): to("2084P0800X")})
    reading = understood(OrderedService(code=coded((UNKNOWN, "BH"))), kept)
    assert reading.consent is ConsentClass.MENTAL_HEALTH


@pytest.mark.parametrize("specialty", ["dermatology", "", "207N00000", "394582007"])
def test_a_mapping_leads_to_a_nucc_code(specialty: str) -> None:
    with pytest.raises(ValidationError):
        to(specialty)


@pytest.mark.parametrize("words", [None, "", " ", "…"])
def test_a_mapping_of_nothing_is_refused(words: str | None) -> None:
    with pytest.raises(ValueError, match="needs a code or words"):
        override_key(text=words)
