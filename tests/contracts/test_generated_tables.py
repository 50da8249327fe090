"""The tables of the documents say what the code says."""

from __future__ import annotations

from tests.contracts.generated_tables import DOCUMENTS, TABLES, marked, rendered


def test_every_table_is_as_the_types_make_it() -> None:
    stale = [path.name for path in DOCUMENTS if rendered(path.read_text()) != path.read_text()]
    assert not stale, "run `python -m tests.contracts.generated_tables`"


def test_every_table_stands_in_some_document() -> None:
    found = {name for path in DOCUMENTS for name in marked(path.read_text())}
    assert found == set(TABLES)
