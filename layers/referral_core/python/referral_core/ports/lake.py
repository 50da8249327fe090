"""What figures need from the outside, as Protocols; adapters/ has two of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
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


class KeptRows(NamedTuple):
    """Rows of a report, as they were counted.

    Attributes:
        as_of: the instant that they are true of.
        statement: SHA-256 of what was asked, in hex.
        rows: numbers or text.
    """

    as_of: datetime
    statement: str
    rows: Sequence[Sequence[Any]]


class KeptStore(Protocol):
    """The last rows of each question, for some days."""

    def kept(self, tenant: Tenant, question: str) -> KeptRows | None:
        """Return the rows of a question; None where there are none. Raises: RouterError."""

    def keep(self, tenant: Tenant, question: str, kept: KeptRows) -> None:
        """Keep the rows of a question, in place of those before. Raises: RouterError."""


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
