"""The document store, for those who read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from referral_core.domain.ids import Tenant


class ReadableDocuments(Protocol):
    """Documents by tenant and hash."""

    def get(self, tenant: Tenant, sha256: str) -> bytes:
        """Read a document. Raises: NotFound, Retryable."""
