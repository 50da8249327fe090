"""What operations see live: how old each team's referrals are, the payers' clocks, dead letters.

Counted when it is asked for, from keys where keys say it; figures are a few minutes behind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Queue
from referral_core.domain.payers.authorization import Authorization, AuthorizationStatus
from referral_core.domain.referral import Referral
from referral_core.domain.work_items.lists import FIRST, ItemList, OfTeam, Waiting
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.lists import WorkLists
from referral_core.entrypoints.http.staff.operations import operator_of
from referral_core.ports.lifecycle import Clock
from referral_core.ports.operations import StreamLetters

AGES: Final = (2, 7, 14, 30, 60, 90)
"""The last whole day of each bucket of age; what is older has one of its own."""
_PAGE: Final = 100
_PAGES: Final = 20
"""Pages of a team's list that are read for its clocks: 2,000 requests under way."""
_NEAREST: Final = 10
_ASKED: Final = frozenset(
    {AuthorizationStatus.SUBMITTED, AuthorizationStatus.PENDED, AuthorizationStatus.APPEALED}
)
_LAST_QUARTER: Final = 0.75


@dataclass(frozen=True)
class ShowLiveBoard:
    """Answers operators within their tenant; dead letters lie in one queue of the cell."""

    lists: WorkLists
    letters: StreamLetters
    clock: Clock

    def board(self, request: Request) -> Response:
        """Return open referrals by team and age, the payers' clocks, and how many letters lie."""
        tenant, now = operator_of(request).tenant, self.clock.now()
        body = {
            "now": now.isoformat(),
            "lastDays": AGES,
            "ages": {queue.value: self._ages(tenant, queue, now) for queue in Queue},
            "clocks": self._clocks(tenant, now),
            "deadLetters": self.letters.waiting(),
        }
        return Response(HTTPStatus.OK, body)

    def _ages(self, tenant: Tenant, queue: Queue, now: datetime) -> list[int]:
        """Count a team's open referrals by whole days since receipt."""
        buckets = [0] * (len(AGES) + 1)
        for at in self.lists.received(tenant, queue):
            days = (now - at) // timedelta(days=1)
            buckets[sum(days > last for last in AGES)] += 1
        return buckets

    def _clocks(self, tenant: Tenant, now: datetime) -> Mapping[str, Any]:
        """Return each payer's clocks that run, and the next to run out."""
        counts: dict[str, Counter[str]] = {}
        rows, more = list[dict[str, Any]](), False
        for referral, is_cut in self._asked(tenant):
            more |= is_cut
            if referral is None or (asked := _clock(referral)) is None:
                continue
            state = _state(asked, _began(referral, asked), now)
            counts.setdefault(asked.payer or "", Counter())[state] += 1
            rows.append(_row(referral, asked, state))
        rows.sort(key=lambda row: str(row["dueAt"]))
        payers = [{"payer": payer or None, **found} for payer, found in sorted(counts.items())]
        return {"payers": payers, "nearest": rows[:_NEAREST], "more": more}

    def _asked(self, tenant: Tenant) -> Iterator[tuple[Referral | None, bool]]:
        """Iterate over what may have a clock; of each list last, whether some was left unread.

        What waits for the payer is with the team of authorizations; a person's item about it (its
        consent, its coverage, a fault) is with whichever team that is for, and the clock runs on.
        """
        lists: list[ItemList] = [Waiting(Queue.PRIOR_AUTHORIZATION)]
        lists += [OfTeam(queue) for queue in Queue]
        for of in lists:
            after: str | None = FIRST
            for _ in range(_PAGES):
                page, after = self.lists.items(tenant, of, _PAGE, after=after or FIRST)
                yield from ((referral, False) for referral in page)
                if after is None:
                    break
            yield None, after is not None


def _clock(referral: Referral) -> Authorization | None:
    """Return the request whose clock runs; None: none does."""
    asked = referral.authorization
    return asked if asked and asked.due_at and asked.status in _ASKED else None


def _began(referral: Referral, asked: Authorization) -> datetime:
    """Return when the clock began that runs: an appeal's with the appeal."""
    is_appeal = asked.status is AuthorizationStatus.APPEALED
    return referral.status_since if is_appeal else asked.requested_at


def _state(asked: Authorization, began: datetime, now: datetime) -> str:
    """Return how much of a clock is gone: running, late (its last quarter), or breached."""
    if asked.due_at is None or now >= asked.due_at:
        return "breached"
    return "late" if now - began >= (asked.due_at - began) * _LAST_QUARTER else "running"


def _row(referral: Referral, asked: Authorization, state: str) -> dict[str, Any]:
    return {
        "id": referral.id,
        "payer": asked.payer,
        "dueAt": asked.due_at.isoformat() if asked.due_at else None,
        "requestedAt": asked.requested_at.isoformat(),
        "expedited": asked.expedited,
        "state": state,
        "owner": referral.work_item.owner if referral.work_item else None,
    }
