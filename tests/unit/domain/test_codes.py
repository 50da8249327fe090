from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.domain.codes import code_in, npi_in, number_in, token_in


@pytest.mark.parametrize("text", ["no-capacity", "11488-4", "A1", "0F", "v2.1", "a/b", "E11.9"])
def test_a_code_is_a_code(text: str) -> None:
    assert code_in(text) == text
    assert token_in(f"http://example.org/codes|{text}") == f"http://example.org/codes|{text}"


@pytest.mark.parametrize(
    "text",
    ["Mrs. Whitlock called", "", " full", "full\n", "x" * 65, "José", "a|b", "-x", "María", None],
)
def test_words_are_no_code(text: str | None) -> None:
    assert code_in(text) is None


@pytest.mark.parametrize("token", ["Mrs Smith|full", f"{'s' * 257}|full", "s|Mrs Smith", "s|"])
def test_words_in_a_system_or_a_code_are_no_token(token: str) -> None:
    assert token_in(token) is None


@pytest.mark.parametrize(
    ("text", "is_one"), [("AUTH 12/34 #5", True), ("x" * 81, False), ("", False)]
)
def test_an_authorization_number_is_short(text: str, *, is_one: bool) -> None:
    assert (number_in(text) == text) is is_one


@pytest.mark.parametrize(
    ("text", "is_one"), [("1999900016", True), ("199990001", False), ("Dr. Who", False)]
)
def test_an_npi_has_ten_digits(text: str, *, is_one: bool) -> None:
    assert (npi_in(text) == text) is is_one


@given(st.text())
def test_what_is_taken_for_a_code_is_short_and_has_no_space(text: str) -> None:
    found = token_in(text)
    if found is not None:
        assert len(found) <= 256 + 1 + 64
        assert not any(sign.isspace() for sign in found)
