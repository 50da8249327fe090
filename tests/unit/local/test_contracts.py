"""A price book or revenue table is checked before it is loaded: each fault by its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local.contracts import NotRight, main, read, summary
from tests.unit.reporting.lakes import CONTRACT, REVENUE

BOOK: dict[str, Any] = json.loads(CONTRACT.model_dump_json())
TABLE: dict[str, Any] = json.loads(REVENUE.model_dump_json())


def staff(**minutes: str) -> dict[str, Any]:
    """The staff's time of the book, with other minutes."""
    return {**BOOK["staff"], "minutes": minutes}


def test_a_book_is_read_and_what_it_leaves_open_is_said() -> None:
    book = read(json.dumps(BOOK))
    assert book == CONTRACT
    assert "4 prices" in summary(book)
    assert "sms_parts" in summary(book)
    assert "staff_calls" not in summary(book)


def test_a_table_is_read() -> None:
    assert "1 values" in summary(read(json.dumps(TABLE)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "no JSON"),
        ("[]", "send one of them"),
        (json.dumps({**BOOK, "lines": []}), "send one of them"),
        (json.dumps({**BOOK, "valid_to": "2025-01-01"}), "valid_to lies before valid_from"),
        (json.dumps({**BOOK, "valid_from": "soon"}), "valid_from: "),
        (json.dumps({**BOOK, "prices": {"faxes": {"usd": "1", "source": "s"}}}), "as faxes"),
        (json.dumps({**BOOK, "prices": {"letters": {"usd": "-1", "source": "s"}}}), "letters.usd"),
        (json.dumps({**BOOK, "prices": {"letters": {"usd": "1"}}}), "letters.source"),
        (json.dumps({**BOOK, "currency": "EUR"}), "currency"),
        (json.dumps({**BOOK, "staff": staff(staff_calls="-8")}), "staff.minutes.staff_calls"),
        (json.dumps({**BOOK, "staff": staff(staff_calls="1441")}), "staff.minutes.staff_calls"),
        (
            json.dumps({**BOOK, "staff": staff(letters="3")}),
            "priced twice, and by minutes: letters",
        ),
        (json.dumps(BOOK).replace('"version"', '"version": "older", "version"'), "twice: version"),
        (json.dumps({**TABLE, "lines": TABLE["lines"] * 2}), "valued twice: 207RG0100X"),
        (
            json.dumps({**TABLE, "lines": [{**TABLE["lines"][0], "specialty": "skin"}]}),
            "lines.0.specialty",
        ),
        (
            json.dumps({**TABLE, "lines": [{**TABLE["lines"][0], "payer_class": "rich"}]}),
            "lines.0.payer_class",
        ),
    ],
)
def test_a_fault_is_named_by_its_place(text: str, says: str) -> None:
    with pytest.raises(NotRight) as refused:
        read(text)
    assert says in str(refused.value)


def test_the_exit_code_says_whether_it_is_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "book.json"
    path.write_text(json.dumps(BOOK))
    assert main([str(path)]) == 0
    path.write_text("{}")
    assert main([str(path)]) == 1
    assert main([str(tmp_path / "none.json")]) == 1
    assert "send one of them" in capsys.readouterr().out


def test_a_file_of_another_encoding_is_said_to_be_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "book.json"
    path.write_bytes(json.dumps(BOOK).encode("utf-16"))
    assert main([str(path)]) == 1
    assert "Save it as UTF-8" in capsys.readouterr().out
    path.write_bytes(json.dumps(BOOK).encode("utf-8-sig"))
    assert main([str(path)]) == 0
