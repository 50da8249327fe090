from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.fhir.ids import (
    OwnId,
    appointment_id,
    binary_id,
    digits_of,
    notice_id,
    own_id,
    referred,
    task_a_id,
    task_b_id,
)
from referral_core.fhir.r4.datatypes import Reference

referral_ids = st.from_regex(re.compile(r"[0-9a-f]{32}", re.ASCII), fullmatch=True)
numbers = st.integers(1, 999_999)


@given(referral_ids, numbers)
def test_an_id_says_whose_it_is_and_which(referral_id: str, number: int) -> None:
    assert own_id(referral_id) == OwnId(referral_id)  # type: ignore[arg-type]
    assert own_id(task_a_id(referral_id)) == (referral_id, "a", None)
    assert own_id(task_b_id(referral_id, number)) == (referral_id, "b", number)
    assert own_id(appointment_id(referral_id, number)) == (referral_id, "v", number)
    assert own_id(notice_id(referral_id, number)) == (referral_id, "n", number)
    digest = f"{number:064x}"[::-1]
    document = binary_id(referral_id, digest)
    assert own_id(document) == (referral_id, "d", None)
    assert digits_of(document) == digest[:30]
    assert digits_of(task_b_id(referral_id, number)) is None
    assert len(binary_id("0" * 32, digest)) == 64


@pytest.mark.parametrize("text", ["", "r1.", "r1.b", "r1.b0", "r1.b01", "r1.x1", "r1.a.b1", "r/1"])
def test_what_is_none_of_our_ids_is_none(text: str) -> None:
    assert own_id(text) is None


@pytest.mark.parametrize(
    ("references", "found"),
    [
        ([{"reference": "ServiceRequest/r1"}], ("r1", None, None)),
        ([{"reference": "https://x.example.org/fhir/Task/r1.b2"}], ("r1", "b", 2)),
        ([{"reference": "ServiceRequest/r1.b2/_history/4"}], ("r1", "b", 2)),
        (
            [{"reference": "Patient/p"}, {"reference": "ServiceRequest/r1"}],
            ("r1", None, None),
        ),
        ([{"reference": "ServiceRequest/r1"}, {"reference": "Task/r1.b2"}], ("r1", "b", 2)),
        (
            [
                {
                    "identifier": {
                        "system": "https://referral-router.org/fhir/referral",
                        "value": "r1.n1",
                    }
                }
            ],
            ("r1", "n", 1),
        ),
        ([{"identifier": {"system": "other", "value": "r1"}}], None),
        ([{"reference": "Encounter/r1"}], None),
        ([], None),
    ],
)
def test_references_lead_to_the_referral(
    references: list[dict[str, object]], found: tuple[str, str | None, int | None] | None
) -> None:
    assert referred([Reference.model_validate(r) for r in references]) == found
