"""One import: idempotent, resumable, in batches; a bad row is reported and stops nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, Protocol

from pydantic import ValidationError

from referral_core.directories.rows import Assumed, Row, is_older, reason_of
from referral_core.domain.directory import Practitioner
from referral_core.domain.errors import Conflict
from referral_core.domain.ids import Tenant
from referral_core.domain.model import Model

_A_BATCH: Final = 40
"""Rows read, compared and written at once: with the index by NPI two items each."""
_TRIES: Final = 3


class ImportState(Model):
    """How far an import is. Attributes: line: the last one that is done with."""

    source: str
    line: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0

    @property
    def read(self) -> int:
        """How many rows were read."""
        return self.added + self.changed + self.unchanged + self.refused


class DirectoryStore(Protocol):
    """Where entries are compared and written, and the state of an import is kept."""

    def entries(
        self, tenant: Tenant, at: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], Practitioner]:
        """Read entries by (specialty, NPI); who is not listed is left out."""

    def replace(self, changes: Sequence[tuple[Practitioner | None, Practitioner]]) -> None:
        """Write entries, all or none, if each is as it was read.

        Raises:
            Conflict: one of them was written meanwhile.
        """

    def state(self, tenant: Tenant, source: str) -> ImportState | None:
        """Read how far an import is; None when it never began, or came to its end."""

    def keep_state(self, tenant: Tenant, state: ImportState, *, is_done: bool) -> None:
        """Write how far an import is."""


def import_directory(
    rows: Iterable[Row],
    assumed: Assumed,
    store: DirectoryStore,
    *,
    refuse: Callable[[Row], None],
    progress: Callable[[ImportState], None],
) -> ImportState:
    """Import the rows of a source; what an earlier try has done is not done again.

    Args:
        rows: in the order of the source, which is the same at each try.
        assumed: what the source does not know.
        store: where entries are written.
        refuse: is told each row that is no entry, with its reason.
        progress: is told after each batch how far it is.
    """
    state = store.state(assumed.tenant, assumed.source) or ImportState(source=assumed.source)
    left = (row for row in rows if row.line > state.line)
    for batch in _batches(left):
        state = _imported(batch, state, assumed, store, refuse)
        store.keep_state(assumed.tenant, state, is_done=False)
        progress(state)
    store.keep_state(assumed.tenant, state, is_done=True)
    return state


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Iterate over batches; rows of one line stay together: a try goes on between lines."""
    batch: list[Row] = []
    for _, of_line in groupby(rows, key=lambda row: row.line):
        batch += of_line
        if len(batch) >= _A_BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _imported(
    batch: Sequence[Row],
    state: ImportState,
    assumed: Assumed,
    store: DirectoryStore,
    refuse: Callable[[Row], None],
) -> ImportState:
    for _ in range(_TRIES):
        changes, refused = _changes(batch, assumed, store)
        try:
            store.replace(list(changes.values()))
        except Conflict:
            continue
        break
    else:
        raise Conflict("Others were always first; import again: it goes on where it is.")
    for row in refused:
        refuse(row)
    added = sum(known is None for known, _ in changes.values())
    return state.but(
        line=batch[-1].line,
        added=state.added + added,
        changed=state.changed + len(changes) - added,
        unchanged=state.unchanged + len(batch) - len(changes) - len(refused),
        refused=state.refused + len(refused),
    )


_Changes = dict[tuple[str, str], tuple[Practitioner | None, Practitioner]]


def _changes(
    batch: Sequence[Row], assumed: Assumed, store: DirectoryStore
) -> tuple[_Changes, list[Row]]:
    """Return what a batch changes, and which of its rows are no entries."""
    wanted = list(dict.fromkeys((r.specialty, r.npi) for r in batch if r.refused is None))
    known = store.entries(assumed.tenant, wanted)
    changes: _Changes = {}
    refused: list[Row] = []
    for row in batch:
        if row.refused is not None:
            refused.append(row)
            continue
        at = (row.specialty, row.npi)
        before = known.get(at)
        latest = changes[at][1] if at in changes else before
        if latest is not None and is_older(row, latest):
            continue
        try:
            entry = assumed.entry(row, latest)
        except ValidationError as error:
            refused.append(row._replace(refused=reason_of(error)))
            continue
        if entry != before:
            changes[at] = (before, entry)
        else:
            changes.pop(at, None)
    return changes, refused
