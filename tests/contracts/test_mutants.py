"""Every entry of `make mutants` still names a safeguard that is there and tests that exist."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.mutants.safeguards import Safeguard, read_safeguards

ROOT = Path(__file__).parents[2]
SAFEGUARDS = read_safeguards()
AT_LEAST = 600


@pytest.mark.parametrize("safeguard", SAFEGUARDS, ids=lambda s: s.name)
def test_every_safeguard_is_where_its_entry_says(safeguard: Safeguard) -> None:
    assert safeguard.mutated(ROOT)


@pytest.mark.parametrize("safeguard", SAFEGUARDS, ids=lambda s: s.name)
def test_every_test_of_an_entry_exists(safeguard: Safeguard) -> None:
    for test in safeguard.tests:
        path, *names = re.sub(r"\[.*", "", test).split("::")
        assert (ROOT / path).exists(), path
        for name in names:
            defined = rf"^\s*(?:def {name}\(|class {name}\b|{name} = )"
            assert re.search(defined, (ROOT / path).read_text(), re.MULTILINE), test


def test_every_safeguard_has_a_name_and_an_edit_of_its_own() -> None:
    names = Counter(s.name for s in SAFEGUARDS)
    edits = Counter((s.file, s.old, s.new) for s in SAFEGUARDS)
    assert not [found for found, times in (names + edits).items() if times > 1]
    assert all(s.name.endswith(".") for s in SAFEGUARDS)


def test_safeguards_are_not_taken_off_the_list() -> None:
    assert len(SAFEGUARDS) >= AT_LEAST
