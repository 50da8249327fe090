"""What figures need from the outside, as Protocols; adapters/ has two of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from referral_core.domain.directory import TenantProfile
from referral_core.domain.ids import Tenant
from referral_core.domain.money.price_book import PriceBook, RevenueTable


class LakeQuery(NamedTuple):
    """One query of the lake.

    Attributes:
        statement: what was asked.
        rows: its rows, of numbers or text; None while it runs.
    """

    statement: str
    rows: Sequence[Sequence[Any]] | None


class Lake(Protocol):
    """The table of events, asked in SQL."""

    def ask(self, statement: str) -> str:
        """Start a query; return its id. Raises: Retryable, Permanent."""

    def answer(self, query_id: str, within_s: float) -> LakeQuery:
        """Return a query, waiting a while for its rows.

        Raises:
            NotFound: there is no such query.
            TooLarge: it reads more, or has more rows, than it may.
            Retryable: the service is down, or ended it.
            RouterError: it failed, and would again.
        """


class LakeRows(Protocol):
    """Where the rows of events go."""

    def put(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Deliver rows, at least once. Raises: Retryable: some were not taken; all come again."""


class Contracts(Protocol):
    """A tenant's prices and values, as operations load them."""

    def tenant(self, tenant: Tenant) -> TenantProfile:
        """Read the tenant's profile. Raises: NotFound."""

    def price_books(self, tenant: Tenant) -> Sequence[PriceBook]:
        """List the tenant's price books."""

    def revenue_tables(self, tenant: Tenant) -> Sequence[RevenueTable]:
        """List the tenant's tables of expected net revenue."""
