"""The entries that importers write, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from referral_core.directories.importing import ImportState
from referral_core.domain.directory import Practitioner
from referral_core.domain.errors import Conflict
from referral_core.domain.ids import Tenant


class MemoryDirectoryStore:
    """Entries in a dictionary. Attributes: written: how many were put, all tries together."""

    def __init__(self) -> None:
        self.kept: dict[tuple[Tenant, str, str], Practitioner] = {}
        self.states: dict[tuple[Tenant, str], ImportState] = {}
        self.written = 0

    def entries(
        self, tenant: Tenant, at: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], Practitioner]:
        """Read entries by (specialty, NPI)."""
        return {key: self.kept[tenant, *key] for key in at if (tenant, *key) in self.kept}

    def replace(self, changes: Sequence[tuple[Practitioner | None, Practitioner]]) -> None:
        """Write entries, all or none, if each is as it was read."""
        for before, after in changes:
            if self.kept.get((after.tenant, after.specialty, after.npi)) != before:
                raise Conflict("The directory was written meanwhile.")
        for _, after in changes:
            self.kept[after.tenant, after.specialty, after.npi] = after
            self.written += 1

    def state(self, tenant: Tenant, source: str) -> ImportState | None:
        """Read how far an import is."""
        return self.states.get((tenant, source))

    def keep_state(self, tenant: Tenant, state: ImportState, *, is_done: bool) -> None:
        """Write how far an import is."""
        if is_done:
            self.states.pop((tenant, state.source), None)
        else:
            self.states[tenant, state.source] = state
