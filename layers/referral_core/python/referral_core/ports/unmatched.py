"""Where what belongs to no referral yet is kept, as a Protocol; adapters/ has two of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from referral_core.domain.ids import Tenant
    from referral_core.domain.unmatched import Unmatched


class UnmatchedItems(Protocol):
    """What came and belongs to no referral yet."""

    def keep(self, item: Unmatched) -> bool:
        """Keep an item, and say whether it was new; the same one again changes nothing."""

    def keep_few(self, item: Unmatched, most: int) -> bool:
        """Keep an order that was refused, unless `most` of its client, reason and day are kept.

        Returns: whether it is kept; the same one again is kept already.
        """

    def get(self, tenant: Tenant, item_id: str) -> Unmatched:
        """Read one item. Raises: NotFound."""

    def waiting(
        self,
        tenant: Tenant,
        limit: int,
        after: str | None = None,
        *,
        until: datetime | None = None,
    ) -> tuple[Sequence[Unmatched], str | None]:
        """List what nobody has settled, first received first; and where the next page begins.

        What is to be seen later than `until` is not listed yet.
        """

    def count(self, tenant: Tenant, until: datetime | None = None) -> int:
        """Count what nobody has settled, as `waiting` lists it."""

    def choose(self, item: Unmatched) -> None:
        """Write to which referral it is about to be attached, as what and by whom, before it is.

        Raises:
            Conflict: it is settled, or somebody else is at attaching it, be it the same way.
        """

    def release(self, item: Unmatched) -> None:
        """Take back what `choose` wrote, since the referral refused it."""

    def settle(self, item: Unmatched) -> None:
        """Write that a person settled it.

        Raises:
            Conflict: it is settled already, or somebody else is at attaching it, or anybody while
                it is dismissed.
        """
