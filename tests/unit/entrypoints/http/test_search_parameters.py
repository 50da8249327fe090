from __future__ import annotations

import pytest

from referral_core.entrypoints.http.search_parameters import MOST, count_of
from referral_core.fhir.errors import FhirError


@pytest.mark.parametrize("text", ["1" * 4301, "9" * 10, "0", "-1", "1.5", "", "one", "\u00b2"])
def test_a_count_that_is_no_usable_number_is_refused(text: str) -> None:
    with pytest.raises(FhirError) as error:
        count_of({"_count": text})
    assert error.value.status == 400


@pytest.mark.parametrize(
    ("text", "count"), [("1", 1), ("200", 200), ("201", MOST), ("9" * 9, MOST)]
)
def test_a_count_is_bounded_by_the_longest_page(text: str, count: int) -> None:
    assert count_of({"_count": text}) == count
