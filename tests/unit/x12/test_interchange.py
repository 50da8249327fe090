"""The envelope: read however it is separated, refused when content may be missing."""

from __future__ import annotations

import string
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.domain.errors import Permanent
from referral_core.x12.interchange import (
    Envelope,
    X12Error,
    element,
    identifier,
    read_transactions,
    words,
    write_interchange,
)
from tests.unit.payer_requests import REAL_DATA

ENVELOPE = Envelope(
    sender="1234567893",
    receiver="VALLEY",
    sent_at=datetime(2026, 3, 2, 15, 4, tzinfo=UTC),
    control=7,
    functional="HB",
    version="005010X279A1",
)
TEXT = write_interchange(ENVELOPE, "271", [("BHT", "0022", "11", "r1"), ("HL", "1", "", "20", "0")])


def test_what_is_written_is_read() -> None:
    (transaction,) = read_transactions(TEXT)

    assert transaction.kind == "271"
    assert transaction.segments == (
        ("ST", "271", "0001", "005010X279A1"),
        ("BHT", "0022", "11", "r1"),
        ("HL", "1", "", "20", "0"),
        ("SE", "4", "0001"),
    )


def test_the_isa_has_the_fixed_width_that_strict_readers_count_on() -> None:
    assert TEXT[104:106] == ":~"
    assert TEXT[105] == "~"
    assert TEXT[106:109] == "GS*"


@pytest.mark.parametrize(
    "dress",
    [
        pytest.param(lambda t: "\ufeff" + t, id="byte-order mark"),
        pytest.param(lambda t: "ï»¿" + t, id="byte-order mark read as Latin-1"),
        pytest.param(lambda t: "\r\n  " + t, id="blank lines before"),
        pytest.param(lambda t: t.replace("~", "~\r\n\t  "), id="indented lines"),
        pytest.param(lambda t: t.replace("~", "\n"), id="a line end as terminator"),
        pytest.param(lambda t: t.replace("~", "\x1d").replace("*", "|"), id="unusual separators"),
        pytest.param(lambda t: t.replace("         ", ""), id="an ISA whose padding was trimmed"),
        pytest.param(lambda t: t.replace("*^*00501*", "*U*00401*"), id="ISA12 of 4010"),
        pytest.param(lambda t: t.replace("X279A1", "X279"), id="a version without its addenda"),
        pytest.param(lambda t: t.rstrip("~"), id="no terminator at the end"),
        pytest.param(lambda t: t.replace("SE*4*", "SE*0004*"), id="a count with leading zeros"),
    ],
)
def test_a_payers_dress_changes_nothing(dress: object) -> None:
    assert callable(dress)

    (transaction,) = read_transactions(dress(TEXT))

    assert transaction.segments[1:3] == (("BHT", "0022", "11", "r1"), ("HL", "1", "", "20", "0"))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("<html><body>Bad Gateway</body></html>", id="a gateway's page"),
        pytest.param("ISA", id="three letters"),
        pytest.param(TEXT[:60], id="cut inside ISA"),
        pytest.param(TEXT[: TEXT.index("HL*")], id="cut inside the transaction"),
        pytest.param(TEXT.replace("HL*1**20*0~", ""), id="a segment lost on the way"),
        pytest.param(TEXT.replace("SE*4*", "SE*four*"), id="a count that is no number"),
        pytest.param(TEXT.replace("SE*4*", f"SE*{'9' * 5000}*"), id="an absurd count"),
        pytest.param(TEXT.replace("BHT", "ST*271*0002~BHT"), id="a transaction in another"),
        pytest.param(TEXT.replace("*", "A"), id="a letter as separator"),
        pytest.param(TEXT.replace(":~", "~~", 1), id="one character for two purposes"),
    ],
)
def test_what_may_lack_content_is_refused(text: str) -> None:
    with pytest.raises(X12Error):
        read_transactions(text)


def test_an_error_is_final_and_does_not_quote_the_text() -> None:
    with pytest.raises(X12Error) as caught:
        read_transactions(TEXT.replace("SE*4*", "SE*Rivera*"))

    assert isinstance(caught.value, Permanent)
    assert "Rivera" not in str(caught.value)


def test_separators_are_those_that_the_text_declares() -> None:
    text = TEXT.replace("*^*00501", "*!*00501")

    assert read_transactions(text)[0].separators.repetition == "!"


def test_an_element_that_a_segment_ends_before_is_empty() -> None:
    assert element(("EB", "1"), 11) == ""


def test_free_text_cannot_break_out_of_its_element() -> None:
    assert words("Ñúñez~EB*1:^\n Pérez", 60) == "Nunez EB 1 Perez"


def test_an_identifier_is_refused_rather_than_altered() -> None:
    assert identifier("W-123/4", 80) == "W-123/4"
    for bad in ("W*1", "", " W1", "W1~", "Ü1", "W" * 81):
        with pytest.raises(X12Error):
            identifier(bad, 80)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    _read_or_refuse(text)


@given(st.text(alphabet="ISAGSTHLNMEBSE*~^:|\n\x1d0123456789 ", max_size=300))
def test_any_text_that_looks_like_x12_is_read_or_refused(text: str) -> None:
    _read_or_refuse(f"ISA{text}")


@given(
    st.lists(
        st.lists(
            st.text(string.ascii_letters + string.digits + " -'#", min_size=1, max_size=20).map(
                lambda text: text.strip() or "x"
            ),
            min_size=1,
            max_size=6,
        ),
        max_size=20,
    )
)
def test_segments_survive_the_round_trip(rows: list[list[str]]) -> None:
    body = [("EB", *row) for row in rows]

    (transaction,) = read_transactions(write_interchange(ENVELOPE, "271", body))

    assert list(transaction.segments[1:-1]) == body


@pytest.mark.skipif(not REAL_DATA.exists(), reason="the real X12 files are not on this machine")
def test_every_real_file_is_read_to_its_last_segment() -> None:
    files = sorted((REAL_DATA / "x12").iterdir())
    assert len(files) >= 13
    for path in files:
        (transaction,) = read_transactions(path.read_text(encoding="utf-8"))
        assert transaction.kind == path.name.replace("dirty-", "").removeprefix("lfh-")[:3] or (
            transaction.kind == path.suffix[1:]
        )
        assert transaction.segments[-1][0] == "SE"


def _read_or_refuse(text: str) -> None:
    try:
        transactions = read_transactions(text)
    except X12Error:
        return
    assert isinstance(transactions, tuple)
