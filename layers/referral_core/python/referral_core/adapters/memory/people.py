"""People, their accounts and their saved filters, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from referral_core.adapters.memory.directory import MemoryDirectory
from referral_core.domain.access.principal import Principal
from referral_core.domain.access.saved_filter import SavedFilter
from referral_core.domain.errors import Forbidden, NotFound
from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Queue
from referral_core.ports.people import NameTaken


class MemoryPeople:
    """The people of a MemoryDirectory, and their filters."""

    def __init__(self, directory: MemoryDirectory) -> None:
        """Take the directory."""
        self._directory = directory
        self._filters: dict[tuple[Tenant, str, str], SavedFilter] = {}

    def person(self, tenant: Tenant, username: str) -> Principal:
        """Read one person of a tenant. Raises: NotFound."""
        for person in self._directory.people(tenant):
            if person.client_id == username:
                return person
        raise NotFound("The tenant has no such person.")

    def add(self, principal: Principal, by: Principal | None) -> None:
        """Add a person. Raises: NameTaken, Forbidden."""
        self._require_manager(by)
        try:
            self._directory.principal(principal.client_id)
        except Forbidden:
            self._directory.replace(principal.client_id, principal)
        else:
            raise NameTaken("This sign-in name is taken: choose another.")

    def change(self, principal: Principal, by: Principal | None) -> None:
        """Replace a person's duty and teams. Raises: NotFound, Forbidden."""
        self._require_manager(by)
        self.person(principal.tenant, principal.client_id)
        self._directory.replace(principal.client_id, principal)

    def remove(self, principal: Principal, by: Principal | None) -> None:
        """Remove a person; one who is gone stays so. Raises: Forbidden."""
        self._require_manager(by)
        self._directory.replace(principal.client_id, None)

    def _require_manager(self, by: Principal | None) -> None:
        if by is not None:
            self._directory.principal(by.client_id).require_manager()

    def filters_of(
        self, tenant: Tenant, owner: str, teams: Iterable[Queue]
    ) -> Sequence[SavedFilter]:
        """List a person's, and those of some teams."""
        wanted = {owner, *teams}
        return [
            f for (of, whose, _), f in self._filters.items() if of == tenant and whose in wanted
        ]

    def save(self, tenant: Tenant, saved: SavedFilter) -> None:
        """Keep one, in place of the one with its id."""
        self._filters[tenant, saved.team or saved.owner, saved.id] = saved

    def forget(self, tenant: Tenant, saved: SavedFilter) -> None:
        """Remove one; one that is gone stays so."""
        self._filters.pop((tenant, saved.team or saved.owner, saved.id), None)


class MemoryAccounts:
    """Accounts by name. Attributes: ended: whose access has ended; their names are kept."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        """Take the names that are taken."""
        self.names, self.ended = set(names), set[str]()

    def create(self, username: str) -> str:
        """Create an account; return its first password. Raises: NameTaken."""
        if username in self.names:
            raise NameTaken("This sign-in name was used before: choose another.")
        self.names.add(username)
        return f"first-password-of-{username}"

    def end(self, username: str) -> None:
        """End an account."""
        self.ended.add(username)
