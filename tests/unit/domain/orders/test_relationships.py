"""Who is called about a patient, and who is not: all that is said of somebody counts."""

from __future__ import annotations

import pytest

from referral_core.domain.orders.relationships import (
    NOT_TO_BE_CALLED,
    may_be_called,
    relationship_of,
    speaks_for_child,
)


@pytest.mark.parametrize(
    ("codes", "words", "found"),
    [
        (["C"], ["Emergency Contact"], "C"),
        (["C", "MTH"], [], "MTH"),
        (["N", "GUARD"], ["Next-of-Kin", "guardian"], "GUARD"),
        (["E"], ["Employer"], NOT_TO_BE_CALLED),
        (["C", "E"], [], NOT_TO_BE_CALLED),
        (["MTH", "E"], [], NOT_TO_BE_CALLED),
        (["I"], [], NOT_TO_BE_CALLED),
        (["F"], [], NOT_TO_BE_CALLED),
        (["S"], [], NOT_TO_BE_CALLED),
        (["U"], ["unknown"], "U"),
        ([], ["My boss at work"], NOT_TO_BE_CALLED),
        ([], ["Lawyer"], NOT_TO_BE_CALLED),
        ([], ["Escuela"], NOT_TO_BE_CALLED),
        ([], ["social worker"], None),
        ([], ["Mother"], None),
        (["POWATT"], ["power of attorney"], "POWATT"),
        (["HPOWATT"], ["healthcare power of attorney", "my lawyer"], "HPOWATT"),
        ([], ["power of attorney"], None),
        ([], [], None),
    ],
)
def test_all_that_is_said_of_somebody_counts(
    codes: list[str], words: list[str], found: str | None
) -> None:
    assert relationship_of(codes, words) == found


def test_who_is_to_learn_nothing_is_not_called() -> None:
    assert not may_be_called(NOT_TO_BE_CALLED)
    assert may_be_called(None)
    assert may_be_called("C")


@pytest.mark.parametrize(("code", "speaks"), [("MTH", True), ("GUARD", True), ("SIS", False)])
def test_who_speaks_for_a_child(code: str, speaks: bool) -> None:  # noqa: FBT001 - a table
    assert speaks_for_child(code) is speaks
