"""The entries that importers write, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from referral_core.adapters.memory.effects import Shelves
from referral_core.directories.importing import ImportState
from referral_core.domain.directory import Practitioner
from referral_core.domain.errors import Conflict
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.slots import Slot, SlotWeek


class MemoryDirectoryStore:
    """Entries on the shelves of a record. Attributes: written: how many were put, all together."""

    def __init__(self, shelves: Shelves | None = None) -> None:
        """Take the record whose directory it writes; one of its own when None."""
        self._shelves = shelves or Shelves()
        self.kept = self._shelves.entries
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
            at = (after.tenant, after.specialty, after.npi)
            if self.kept.get(at, before) != before:
                raise Conflict("The directory was written meanwhile.")
        for _, after in changes:
            self.kept[after.tenant, after.specialty, after.npi] = after
            self.written += 1

    def to_verify(
        self, tenant: Tenant, after: tuple[str, str], most: int
    ) -> Sequence[Practitioner]:
        """List the entries of which somebody who should know says that a fact is wrong.

        Args:
            tenant: whose directory.
            after: (specialty, NPI) that the list goes on after.
            most: how many are read.
        """
        found = [e for at, e in sorted(self.kept.items()) if at[0] == tenant and e.disputes]
        return [e for e in found if (e.specialty, e.npi) > after][:most]

    def limit(self, tenant: Tenant, npi: str, organization: str, places: Mapping[str, int]) -> None:
        """Write how many places weeks have at an organization."""
        stated = {(tenant, npi, week, organization): n for week, n in places.items()}
        self._shelves.limits.update(stated)

    def write_slots(
        self, tenant: Tenant, npi: str, week: str, before: SlotWeek, slots: Mapping[str, Slot]
    ) -> None:
        """Write the slots of a week, if they are as they were read."""
        at = (tenant, npi, week)
        known = self._shelves.slot_weeks[at]
        if known.revision != before.revision:
            raise Conflict("The week was written meanwhile.")
        following = known.but(slots=slots, revision=known.revision + 1)
        self._shelves.slot_weeks[at] = following

    def holders(self, tenant: Tenant, npi: str, weeks: Sequence[str]) -> Sequence[ReferralId]:
        """List the referrals that reserve a place of one of some weeks that follow each other."""
        return sorted({one for w in weeks for one in self._shelves.holders[tenant, npi, w]})

    def state(self, tenant: Tenant, source: str) -> ImportState | None:
        """Read how far an import is."""
        return self.states.get((tenant, source))

    def keep_state(self, tenant: Tenant, state: ImportState, *, is_done: bool) -> None:
        """Write how far an import is."""
        if is_done:
            self.states.pop((tenant, state.source), None)
        else:
            self.states[tenant, state.source] = state
