from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.domain import exact_json

NUMBERS = ["1.50", "0.0000001", "1.0e2", "-0.0", "3.14159265358979323846", "1E-7", "100.00"]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_decimal_is_written_as_it_was_read(number: str) -> None:
    text = f'{{"value":[{number},1]}}'
    assert exact_json.dumps(exact_json.loads(text)) == text


def test_a_text_that_looks_like_a_decimal_stays_a_text() -> None:
    for text in ('{"a":"1.50"}', '{"a":"decimal-1.50"}', '{"a":"decimal-00-1.50","b":2.50}'):
        assert exact_json.dumps(exact_json.loads(text)) == text


def test_a_decimal_of_our_own_is_a_number() -> None:
    assert exact_json.dumps({"usd": Decimal("0.10")}) == '{"usd":0.10}'


@pytest.mark.parametrize("text", ["1e400", "NaN", "[Infinity]", "-Infinity", "{", '{"a":1,"a":1}'])
def test_what_json_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message is not the point
        exact_json.loads(text)


def test_what_is_no_json_is_not_written() -> None:
    with pytest.raises(TypeError):
        exact_json.dumps({"a": object()})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_reading_what_was_written_gives_the_same(value: object) -> None:
    try:
        again = exact_json.loads(exact_json.dumps(value))
    except ValueError:  # a number beyond what JSON readers hold
        return
    assert exact_json.dumps(again) == exact_json.dumps(value)
