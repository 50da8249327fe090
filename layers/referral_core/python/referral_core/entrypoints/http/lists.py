"""The table's lists, which only reads need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from referral_core.domain.ids import Tenant
from referral_core.domain.referral import Referral


class Worklists(Protocol):
    """The table's lists, page by page."""

    def in_queue(
        self, tenant: Tenant, queue: str, limit: int, after: str | None = None
    ) -> tuple[Sequence[Referral], str | None]:
        """List one queue, soonest due first."""

    def of_performer(
        self, tenant: Tenant, organization: str, limit: int, after: str | None = None
    ) -> tuple[Sequence[Referral], str | None]:
        """List what is in an organization's hands."""
