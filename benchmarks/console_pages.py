"""What the first page of the worklist costs: the same with much open and closed as with little.

What the page asks for when somebody has signed in is asked of the API over lists in memory, which
count what is read of them. A count reads keys only, a thousand with some thirty read units.

    python -m benchmarks.console_pages
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from rich.console import Console
from rich.table import Table as Grid

from benchmarks.first_row import first_row_ms
from referral_core.adapters.memory.work_lists import MemoryWorkLists
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Outcome, Queue, Status
from referral_core.domain.referral import Referral
from referral_core.domain.work_items import Reason
from referral_core.domain.work_items.lists import FIRST, LAST, ItemList
from tests.in_memory import World
from tests.unit.entrypoints.http.api_client import ApiClient
from tests.unit.entrypoints.http.staff.test_people import OLU, an_api, stored
from tests.unit.entrypoints.http.staff.test_work_items import an_item

SIZES: Final = ((50, 500), (5_000, 50_000))
"""Open work items, and closed referrals."""
ASKED: Final = (
    "/me",
    "/people",
    "/filters",
    "/work-items?_include=patient&_count=25",
    "/work-items/counts",
)
"""What the page asks for: `tests/console` asserts that it is these and no others."""
_TEAMS: Final = (Queue.FRONT_OFFICE, Queue.CONTACT_CENTER)


class Cost(NamedTuple):
    """What a first page cost.

    Attributes:
        items, payloads: that were read.
        keys: counted.
        first_row_ms: in a browser, the answers at hand.
    """

    requests: int
    body_bytes: int
    items: int
    payloads: int
    keys: int
    first_row_ms: int


class CountedLists(MemoryWorkLists):
    """Lists that count what is read of them."""

    items_read = payloads_read = keys_counted = 0

    def items(
        self,
        tenant: Tenant,
        of: ItemList,
        limit: int,
        *,
        after: str = FIRST,
        before: str = LAST,
    ) -> tuple[Sequence[Referral], str | None]:
        """Read one page of a list, and count its items."""
        page, end = super().items(tenant, of, limit, after=after, before=before)
        self.items_read += len(page)
        return page, end

    def count(self, tenant: Tenant, of: ItemList, *, before: str = LAST) -> int:
        """Count a list, and the keys that are read for it."""
        found = super().count(tenant, of, before=before)
        self.keys_counted += found
        return found

    def payloads(self, referrals: Sequence[Referral]) -> Mapping[ReferralId, bytes]:
        """Read payloads, and count them."""
        self.payloads_read += len(referrals)
        return super().payloads(referrals)


def an_office(opened: int, closed: int) -> ApiClient:
    """Return the API of a tenant with so many open items and closed referrals."""
    world = World()
    for number in range(opened):
        item = an_item(number % 700 - 100, reason=Reason.CALL_DUE)
        stored(world, f"open{number}", queue=_TEAMS[number % 2], work_item=item)
    ended = {"status": Status.CLOSED, "outcome": Outcome.NOT_ELIGIBLE}
    for number in range(closed):
        at = world.clock.now() - timedelta(hours=number)
        stored(world, f"closed{number}", queue=_TEAMS[0], status_since=at, **ended)
    return an_api(world)


def cost_of(opened: int, closed: int) -> Cost:
    """Return what the first page costs."""
    api = an_office(opened, closed)
    lists = CountedLists(api.world.referrals)
    for use in api.uses_of_lists:
        object.__setattr__(use, "lists", lists)
    size = 0
    for path in ASKED:
        reply = api.call("GET", path, client=OLU)
        if reply.status != HTTPStatus.OK:
            raise RuntimeError(reply.body)
        size += len(json.dumps(reply.body).encode())
    counted = lists.items_read, lists.payloads_read, lists.keys_counted
    return Cost(len(ASKED), size, *counted, round(first_row_ms(api, OLU)))


def main() -> None:
    """Print it for each size."""
    costs: dict[str, Any] = {f"{o:,} open, {c:,} closed": cost_of(o, c) for o, c in SIZES}
    grid = Grid("first page", *costs)
    for name in Cost._fields:
        grid.add_row(name.replace("_", " "), *(f"{getattr(c, name):,}" for c in costs.values()))
    Console().print(grid)


if __name__ == "__main__":
    main()
