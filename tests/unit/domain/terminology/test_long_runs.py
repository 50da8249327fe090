"""Texts of one character, as lines of dots are: however long, they are read once."""

from __future__ import annotations

from time import process_time

import pytest

from referral_core.domain.terminology import (
    Concept,
    ConsentClass,
    OrderedService,
    Priority,
    understand,
)


@pytest.mark.parametrize("between", ["." * 200_000, " " * 200_000, "-" * 200_000])
def test_a_long_run_of_one_character_is_read_once(between: str) -> None:
    text = f"Rash{between}x, urgent. On methadone"
    began = process_time()
    reading = understand(OrderedService(reason=(Concept(text=text),), notes=(text,)))
    assert (reading.consent, reading.urgency.level) == (
        ConsentClass.SUBSTANCE_USE,
        Priority.URGENT,
    )
    assert process_time() - began < 10
