"""The tables by themselves: every row has a source, leads somewhere, and means what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.terminology.check import inconsistencies
from local.terminology.document import DOCUMENT, document
from referral_core.domain.terminology import (
    NotAReferral,
    NotUnderstood,
    OrderedService,
    Terminology,
    Understanding,
    terminology,
    understand,
)
from referral_core.domain.terminology.tables import Meaning, Source
from referral_core.pathways import pathways
from tests.unit.domain.terminology.orders import CPT, NUCC, SNOMED, UNKNOWN, coded

TABLES = terminology()


def test_the_tables_are_consistent() -> None:
    assert list(inconsistencies(TABLES)) == []


def test_at_least_forty_specialties_in_at_least_six_systems_are_mapped() -> None:
    mapped = [m for m in TABLES.meanings if m.specialty and m.system != NUCC]
    assert len({m.specialty for m in mapped}) >= 40
    assert len({m.system for m in mapped}) >= 6


def test_every_code_is_read_as_its_row_says() -> None:
    for meaning in TABLES.meanings:
        reading = understand(OrderedService(code=coded((meaning.system, meaning.code))))
        if meaning.refused:
            assert isinstance(reading, NotAReferral), meaning
            assert reading.refusal is meaning.refused
        elif meaning.specialty:
            assert isinstance(reading, Understanding), meaning
            assert reading.specialty == meaning.specialty
            assert reading.evidence.source == meaning.source
        else:
            assert isinstance(reading, NotUnderstood), meaning
        assert reading.consent.rank >= meaning.consent.rank
        if meaning.urgency:
            assert reading.urgency.level is meaning.urgency


def test_every_name_of_a_source_beside_its_code_contradicts_nothing() -> None:
    for meaning in TABLES.meanings:
        for name in meaning.names if meaning.specialty else ():
            order = OrderedService(code=coded((meaning.system, meaning.code, name)))
            reading = understand(order)
            assert isinstance(reading, Understanding), (meaning, reading)


def test_every_pathway_that_a_code_selects_exists() -> None:
    known = {pathway_id for pathway_id, _ in pathways()}
    selected = {m.pathway for m in TABLES.meanings}
    assert selected - {None} <= known


def test_every_practice_setting_has_a_specialty_or_a_reason_why_not() -> None:
    settings = [m for m in TABLES.meanings if m.source == "fhir-r4-c80"]
    assert len(settings) == 115
    assert sum(len(m.names) for m in settings) == 117
    assert all(m.specialty or m.note for m in settings)
    assert len([m for m in settings if m.specialty]) >= 90


def test_no_description_of_cpt_is_committed() -> None:
    assert not [m for m in TABLES.meanings if m.system == CPT and m.names]


def test_no_whole_code_set_is_committed() -> None:
    assert len([m for m in TABLES.meanings if m.system == NUCC]) < 430


def test_nobody_is_sent_to_internal_medicine_by_a_code_that_does_not_say_so() -> None:
    sent = {m.display for m in TABLES.meanings if m.specialty == "207R00000X"}
    assert sent == {
        "Internal Medicine Physician",
        "Internal medicine",
        "General internal medicine clinic",
    }


def test_the_document_lists_the_tables_as_they_are() -> None:
    written = DOCUMENT.read_text(encoding="utf-8")
    assert document(TABLES, written) == written


@pytest.mark.parametrize(
    ("row", "mistake"),
    [
        (Meaning(system=SNOMED, code="1", source="nobody"), "no source"),
        (Meaning(system=SNOMED, code="1", source="s", specialty="207N00000X"), "no specialty"),
        (
            Meaning(system=NUCC, code="1", source="s", specialty="1", refused="device"),
            "both a specialty and a refusal",
        ),
    ],
)
def test_an_inconsistent_row_is_found(row: Meaning, mistake: str) -> None:
    tables = Terminology([row], [_source()], [])
    assert any(mistake in found for found in inconsistencies(tables))


def test_a_code_that_is_mapped_twice_and_a_source_without_code_are_found() -> None:
    row = Meaning(system=UNKNOWN, code="1", source="s")
    unused = _source().but(id="unused")
    found = list(inconsistencies(Terminology([row, row], [_source(), unused], [])))
    assert len(found) == 2
    assert any("mapped twice" in f for f in found)
    assert any("unused" in f for f in found)


def _source() -> Source:
    return Source(id="s", title="t", publisher="p", version="1", licence="l")


@pytest.mark.skipif(
    not (Path(__file__).parents[5] / "shared/data/reference").is_dir(),
    reason="the reference tables are not committed; this machine has none",
)
def test_no_reference_table_at_hand_contradicts_a_row() -> None:
    from local.terminology.check import check  # noqa: PLC0415 - only where there are tables

    findings = check(TABLES, [Path(__file__).parents[5] / "shared/data"])
    assert findings.mistakes == []
    assert findings.confirmed >= 400
