"""What happens when, in every pathway and branch, is what docs/timelines/ says.

The tables are for people who know the field: `python -m tests.unit.timelines` writes them anew
after a change of a pathway or of a rule, and the difference is to be read before it is committed.
"""

from __future__ import annotations

import pytest

from tests.unit.timelines.branches import PLAYED
from tests.unit.timelines.tables import PAGES, page, section
from tests.unit.timelines.world import ORDERS


@pytest.mark.parametrize(("pathway_id", "branch"), PLAYED)
def test_a_branch_takes_the_time_that_its_table_says(pathway_id: str, branch: str) -> None:
    written = page(pathway_id).read_text()
    assert section(pathway_id, branch) in written


def test_there_is_a_page_of_every_pathway_and_no_other() -> None:
    assert {p.stem for p in PAGES.glob("*.md")} == set(ORDERS) | {"README"}
