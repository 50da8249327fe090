"""The table's lists, which only reads need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from referral_core.domain.evidence import Evidence
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Queue
from referral_core.domain.referral import Referral
from referral_core.domain.work_items.lists import FIRST, LAST, ItemList
from referral_core.ports.documents import ReadableDocuments


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

    def of_referrer(
        self, tenant: Tenant, organization: str, limit: int, after: str | None = None
    ) -> tuple[Sequence[Referral], str | None]:
        """List the orders of an EHR, in the order of their last versions."""


class KeptEvidence(Protocol):
    """What proves the facts of a referral."""

    def documents_of(self, tenant: Tenant, referral_id: ReferralId) -> Sequence[Evidence]:
        """List it: of each document its hash, and where it came from."""


class StoredDocuments(ReadableDocuments, Protocol):
    """The document store, for those who show what is in it."""

    def download_address(self, tenant: Tenant, sha256: str) -> str:
        """Return an address at which this document, and no other, is read for a minute."""


class WorkLists(Protocol):
    """What people work from: open work items, and referrals by their number."""

    def items(
        self,
        tenant: Tenant,
        of: ItemList,
        limit: int,
        *,
        after: str = FIRST,
        before: str = LAST,
    ) -> tuple[Sequence[Referral], str | None]:
        """Read one page of a list, first due first, and the place where it ends."""

    def count(self, tenant: Tenant, of: ItemList, *, before: str = LAST) -> int:
        """Count a list's items."""

    def received(self, tenant: Tenant, queue: Queue) -> Iterator[datetime]:
        """Iterate over when each open referral of a team was received, to the second."""

    def with_number(self, tenant: Tenant, folded: str) -> Sequence[Referral]:
        """Return the referrals that bear a placer's number, the latest first."""

    def found_by(
        self, tenant: Tenant, terms: Sequence[str], limit: int
    ) -> tuple[Sequence[Referral], bool]:
        """Return referrals that bear all of some terms, and whether there may be more.

        Args:
            tenant: whose referrals they are.
            terms: the rarest first.
            limit: how many are returned at most.
        """

    def payloads(self, referrals: Sequence[Referral]) -> Mapping[ReferralId, bytes]:
        """Read the clinical payloads of a page of referrals."""
