"""What managing people needs from the outside, as Protocols; adapters/ has two of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from referral_core.domain.access.principal import Principal
from referral_core.domain.access.saved_filter import SavedFilter
from referral_core.domain.errors import Permanent
from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Queue


class NameTaken(Permanent):
    """Somebody has the sign-in name, or had it: what they did stays on record under it."""


class People(Protocol):
    """The principals of those who sign in.

    A change names the manager who asks for it (`by`; None: operations of the cell), and is written
    only while they are one. As nobody changes themselves, a tenant that has a manager keeps one,
    whoever is at it at once.
    """

    def person(self, tenant: Tenant, username: str) -> Principal:
        """Read one person of a tenant. Raises: NotFound: the tenant has no such person."""

    def add(self, principal: Principal, by: Principal | None) -> None:
        """Add a person.

        Raises:
            NameTaken: any principal has the name, of any tenant.
            Forbidden: `by` is no manager any more.
            Retryable: somebody changed `by` or the person meanwhile.
        """

    def change(self, principal: Principal, by: Principal | None) -> None:
        """Replace a person's duty and teams.

        Raises:
            NotFound: the person has left.
            Forbidden, Retryable: as of `add`.
        """

    def remove(self, principal: Principal, by: Principal | None) -> None:
        """Remove a person; one who is gone stays so. Raises: Forbidden, Retryable: as of `add`."""


class Accounts(Protocol):
    """What people sign in with."""

    def create(self, username: str) -> str:
        """Create an account; return the password for the first sign-in, which asks for another.

        Raises:
            NameTaken: there is such an account, or was.
        """

    def end(self, username: str) -> None:
        """End the sessions and the access of an account; one that is gone stays so."""


class SavedFilters(Protocol):
    """The filters of people and of teams."""

    def filters_of(
        self, tenant: Tenant, owner: str, teams: Iterable[Queue]
    ) -> Sequence[SavedFilter]:
        """List a person's, and those of some teams."""

    def save(self, tenant: Tenant, saved: SavedFilter) -> None:
        """Keep one, in place of the one with its id."""

    def forget(self, tenant: Tenant, saved: SavedFilter) -> None:
        """Remove one; one that is gone stays so."""
