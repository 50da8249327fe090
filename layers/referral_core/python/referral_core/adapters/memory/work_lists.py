"""The lists that people work from, in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Queue
from referral_core.domain.new_referral import KeyKind
from referral_core.domain.numbers import folded_number
from referral_core.domain.referral import Referral
from referral_core.domain.work_items import EXCEPTIONS
from referral_core.domain.work_items.lists import (
    FIRST,
    LAST,
    Closed,
    Exceptional,
    ItemList,
    OfOwner,
    OfTeam,
    Unassigned,
    Waiting,
    place_in_list,
)


class MemoryWorkLists:
    """The open work items of a MemoryReferrals."""

    def __init__(self, referrals: MemoryReferrals) -> None:
        """Take the referrals."""
        self._referrals = referrals

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
        ahead = [(p, r) for p, r in self._listed(tenant, of) if after < p < before]
        page = ahead[:limit]
        return [r for _, r in page], page[-1][0] if len(ahead) > limit else None

    def count(self, tenant: Tenant, of: ItemList, *, before: str = LAST) -> int:
        """Count a list's items."""
        return sum(place < before for place, _ in self._listed(tenant, of))

    def received(self, tenant: Tenant, queue: Queue) -> Iterator[datetime]:
        """Iterate over when each open referral of a team was received, to the second."""
        for referral in self._of(tenant):
            if referral.queue is queue and not referral.is_closed:
                yield referral.received_at.replace(microsecond=0)

    def with_number(self, tenant: Tenant, folded: str) -> Sequence[Referral]:
        """Return the referrals that bear a placer's number, the latest first."""
        held = self._referrals.keys.items()
        bear = {
            found.referral_id
            for (of, kind, value, _), found in held
            if (of, kind) == (tenant, KeyKind.PLACER) and folded_number(value) == folded
        }
        found = [r for r in self._of(tenant) if r.id in bear]
        return sorted(found, key=lambda r: r.received_at, reverse=True)

    def found_by(
        self, tenant: Tenant, terms: Sequence[str], limit: int
    ) -> tuple[Sequence[Referral], bool]:
        """Return referrals that bear all of some terms, and whether there are more."""
        bearing = [set(self._referrals.identifiers[tenant, term]) for term in terms]
        ids = sorted(set.intersection(*bearing)) if bearing else []
        return [self._referrals.load(tenant, i).referral for i in ids[:limit]], len(ids) > limit

    def payloads(self, referrals: Sequence[Referral]) -> Mapping[ReferralId, bytes]:
        """Read the clinical payloads of a page of referrals."""
        return {r.id: self._referrals.payload(r) for r in referrals}

    def _of(self, tenant: Tenant) -> list[Referral]:
        return [s.referral for s in self._referrals.all() if s.referral.tenant == tenant]

    def _listed(self, tenant: Tenant, of: ItemList) -> list[tuple[str, Referral]]:
        return sorted(
            ((place_in_list(r), r) for r in self._of(tenant) if _stands_in(r, of)),
            key=lambda placed: placed[0],
        )


def _stands_in(referral: Referral, of: ItemList) -> bool:
    item = None if referral.is_closed else referral.work_item
    match of:
        case OfTeam(queue):
            return item is not None and referral.queue is queue
        case Unassigned(queue):
            return item is not None and referral.queue is queue and item.owner is None
        case Exceptional(queue):
            return item is not None and referral.queue is queue and item.reason in EXCEPTIONS
        case OfOwner(wanted):
            return item is not None and item.owner == wanted
        case Waiting(queue):
            return item is None and referral.queue is queue and not referral.is_closed
        case Closed():
            return referral.is_closed
