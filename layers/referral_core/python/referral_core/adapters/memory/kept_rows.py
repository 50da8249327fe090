"""The last rows of each question, in memory."""

from __future__ import annotations

from referral_core.domain.ids import Tenant
from referral_core.ports.lake import KeptRows


class MemoryKeptRows:
    """Keeps them by tenant and question."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self.rows: dict[tuple[Tenant, str], KeptRows] = {}

    def kept(self, tenant: Tenant, question: str) -> KeptRows | None:
        """Return the rows of a question."""
        return self.rows.get((tenant, question))

    def keep(self, tenant: Tenant, question: str, kept: KeptRows) -> None:
        """Keep the rows of a question."""
        self.rows[tenant, question] = kept
