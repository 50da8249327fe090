"""Unmatched items in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from referral_core.domain.errors import Conflict, NotFound
from referral_core.domain.ids import Tenant
from referral_core.domain.unmatched import Unmatched


class MemoryUnmatched:
    """Items in a dictionary."""

    def __init__(self) -> None:
        self.items: dict[tuple[Tenant, str], Unmatched] = {}

    def keep(self, item: Unmatched) -> bool:
        """Keep an item, and say whether it was new; the same one again changes nothing."""
        return self.items.setdefault((item.tenant, item.id), item) is item

    def keep_few(self, item: Unmatched, most: int) -> bool:
        """Keep an order that was refused, unless `most` of its client, reason and day are kept."""
        if (item.tenant, item.id) in self.items:
            return True
        alike = [i for i in self.items.values() if _kind(i) == _kind(item)]
        if len(alike) >= most:
            return False
        return self.keep(item)

    def get(self, tenant: Tenant, item_id: str) -> Unmatched:
        """Read one item."""
        if (tenant, item_id) not in self.items:
            raise NotFound("There is no such item.")
        return self.items[tenant, item_id]

    def waiting(
        self,
        tenant: Tenant,
        limit: int,
        after: str | None = None,
        *,
        until: datetime | None = None,
    ) -> tuple[Sequence[Unmatched], str | None]:
        """List what nobody has settled, first received first."""
        ordered = sorted(self._listed(tenant, until), key=lambda i: (i.received_at, i.id))
        ids = [item.id for item in ordered]
        begin = ids.index(after) + 1 if after in ids else 0
        page = ordered[begin : begin + limit]
        return page, page[-1].id if begin + limit < len(ordered) else None

    def count(self, tenant: Tenant, until: datetime | None = None) -> int:
        """Count what nobody has settled."""
        return len(self._listed(tenant, until))

    def _listed(self, tenant: Tenant, until: datetime | None) -> list[Unmatched]:
        mine = (i for i in self.items.values() if i.tenant == tenant and i.settled_at is None)
        return [i for i in mine if until is None or i.received_at <= until]

    def choose(self, item: Unmatched) -> None:
        """Write to which referral it is about to be attached."""
        known = self.get(item.tenant, item.id)
        if known.settled_at is not None or known.choice not in {None, item.choice}:
            raise Conflict("Somebody else settles it, or did: look again.")
        self.items[item.tenant, item.id] = item

    def release(self, item: Unmatched) -> None:
        """Take back what `choose` wrote."""
        self.choose(item)
        self.items[item.tenant, item.id] = item.but(
            attached_to=None, chosen_at=None, chosen_as=None, chosen_by=None
        )

    settle = choose


def _kind(item: Unmatched) -> tuple[object, ...]:
    day, code = item.received_at.date(), item.refused_for[0].code if item.refused_for else None
    return item.tenant, item.client_id, item.mismatch, code, day
