"""SMS parts as carriers count and bill them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.domain.outreach.plan import LANGUAGES, Purpose
from referral_core.domain.outreach.sms_parts import parts
from referral_core.domain.outreach.texts import compose


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("€" * 152, 2),
        ("€" * 153, 3),  # 306 septets, but an escape is not parted from its character
        ("ñ" * 160, 1),
        ("í" * 70, 1),  # not in the GSM alphabet
        ("í" * 71, 2),
        ("í" * 134, 2),
        ("í" * 135, 3),
        ("🙂" * 35, 1),
        ("🙂" * 36, 2),
        ("🙂" * 67, 3),  # 134 units, but no character is split
        ("a" * 100 + "í", 2),
    ],
)
def test_parts_of_known_messages(body: str, count: int) -> None:
    assert parts(body) == count


@given(st.text(alphabet=st.characters(codec="utf-16"), max_size=800))
def test_a_longer_message_never_has_fewer_parts(body: str) -> None:
    assert 1 <= parts(body) <= parts(body + "x") <= parts(body) + 1 or _turned(body)


def _turned(body: str) -> bool:
    """Whether the body is not GSM text, where one more letter may be counted otherwise."""
    return not body.isascii()


@pytest.mark.parametrize("discreet", [False, True])
@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_message_is_one_part(language: str, purpose: Purpose, *, discreet: bool) -> None:
    text = compose(
        "sms",
        purpose,
        language,
        sender="x" * 24,
        call_back="+1 508-555-0101",
        when="mie 30/12 14:30",
        discreet=discreet,
    )
    assert parts(text.body) == 1
    assert "STOP" in text.body
