"""`make terminology`: what it compares, what it says is missing, when it fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from local.terminology import __main__ as command
from local.terminology.check import check
from referral_core.domain.terminology import Terminology
from referral_core.domain.terminology.tables import Meaning, Source
from tests.unit.domain.terminology.orders import ICD10, LOINC, SNOMED


def a_source(**fields: str) -> Source:
    return Source(
        **{
            "id": "s",
            "title": "t",
            "publisher": "p",
            "version": "1",
            "licence": "l",
            "table": "codes.csv",
            **fields,
        }
    )


def tables_with(source: Source, *rows: Meaning) -> Terminology:
    return Terminology(rows, [source], [])


def a_row(code: str = "1", display: str | None = "One", **fields: object) -> Meaning:
    return Meaning.model_validate(
        {"system": SNOMED, "code": code, "display": display, "source": "s", **fields}
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "codes.csv").write_text("code,display,list\n1,One,a\n2,Two,b\n", encoding="utf-8")
    return tmp_path


def test_a_display_that_the_source_has_is_confirmed(folder: Path) -> None:
    findings = check(tables_with(a_source(), a_row()), [folder])
    assert (findings.confirmed, findings.mistakes) == (1, [])


def test_a_code_without_words_is_confirmed_by_its_existence(folder: Path) -> None:
    tables = tables_with(a_source(), a_row(display=None), a_row("3", None))
    findings = check(tables, [folder])
    assert findings.confirmed == 1
    assert len(findings.mistakes) == 1


@pytest.mark.parametrize("row", [a_row(display="Other"), a_row("2", "One"), a_row("9", "Nine")])
def test_another_display_or_an_absent_code_is_a_mistake(folder: Path, row: Meaning) -> None:
    findings = check(tables_with(a_source(), row), [folder])
    assert (findings.confirmed, len(findings.mistakes)) == (0, 1)


def test_a_synonym_is_compared_too(folder: Path) -> None:
    assert check(tables_with(a_source(), a_row(synonyms=["Uno"])), [folder]).mistakes


def test_a_code_of_another_list_of_the_file_is_a_mistake(folder: Path) -> None:
    assert check(tables_with(a_source(list="b"), a_row()), [folder]).mistakes
    assert not check(tables_with(a_source(list="a"), a_row()), [folder]).mistakes


def test_an_absent_table_is_said_and_fails_nothing(tmp_path: Path) -> None:
    findings = check(tables_with(a_source(), a_row()), [tmp_path])
    assert (findings.absent, findings.mistakes) == ({"codes.csv": 1}, [])


def test_a_source_without_table_is_listed() -> None:
    source = Source(id="s", title="t", publisher="p", version="1", licence="l")
    findings = check(tables_with(source, a_row()), [])
    assert findings.unverifiable == {"s": [f"{SNOMED}|1"]}


def test_a_range_is_compared_by_its_section(tmp_path: Path) -> None:
    (tmp_path / "codes.csv").write_text("code,display\nF20-F29,Psychoses\n", encoding="utf-8")
    row = a_row("F20", "Psychoses", last="F29", system=ICD10)
    assert check(tables_with(a_source(), row), [tmp_path]).confirmed == 1


def test_a_folder_of_resources_is_a_table_of_the_codings_in_it(tmp_path: Path) -> None:
    examples = tmp_path / "examples"
    examples.mkdir()
    resource = {
        "resourceType": "ServiceRequest",
        "code": {
            "coding": [
                {"system": SNOMED, "code": "1", "display": "One"},
                {"system": LOINC, "code": "2", "display": "Two"},
            ]
        },
    }
    (examples / "a.json").write_text(json.dumps(resource), encoding="utf-8")
    (examples / "b.json").write_text("no JSON", encoding="utf-8")
    (examples / "c.ndjson").write_text(f"{json.dumps(resource)}\n", encoding="utf-8")
    tables = tables_with(a_source(table="examples"), a_row(), a_row("2", "Two"))
    findings = check(tables, [tmp_path])
    assert findings.confirmed == 1
    assert len(findings.mistakes) == 1, "the second code is another system's"


def test_the_command_says_what_it_could_not_compare_and_succeeds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--reference", str(tmp_path / "nowhere")]) == 0
    printed = capsys.readouterr().out
    assert "is not there" in printed
    assert "reference/nucc_specialties.csv is not at hand" in printed
    assert "read by a person: cpt-sections" in printed


def test_the_command_fails_when_a_source_contradicts_a_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reference = tmp_path / "reference"
    reference.mkdir()
    wrong = "code,display,list\n207N00000X,Dermatology,x\n"
    (reference / "nucc_specialties.csv").write_text(wrong, encoding="utf-8")
    assert command.main(["--reference", str(tmp_path)]) == 1
    assert "MISTAKE" in capsys.readouterr().out
