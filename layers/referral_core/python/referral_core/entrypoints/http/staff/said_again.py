"""Whether an act that is not allowed any more is the one that made it so, sent again.

A client whose answer was lost sends its act once more. Under a key, or with the item that it looked
at, it says which one it means; without either, what is on record tells.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from referral_core.domain.events import Event, WorkItemFacts
from referral_core.domain.lifecycle import Step
from referral_core.domain.referral import Referral, WorkItem
from referral_core.domain.work_items import RECORD_CALL, Reason
from referral_core.entrypoints.http.exchange import Request
from referral_core.entrypoints.http.staff.decisions import Decision, factory_of
from referral_core.entrypoints.http.updates.service import UpdateService

_STANDS: Final[dict[str, bool]] = {"claim": True, "release": False}
"""What care of an item leaves behind: whether it is the person's own."""


def is_said_again(
    service: UpdateService, request: Request, referral: Referral, decision: Decision
) -> bool:
    """Whether the last act of this person on a referral is this very one, with this content.

    The referral's events are read for it, and only for what would be refused.
    """
    events = service.referrals.events(referral.tenant, referral.id)
    mine = [e for e in events if e.actor == request.principal.client_id and e.update]
    if not mine:
        return False
    last = mine[-1]
    if isinstance(last.facts, WorkItemFacts) and last.facts.act is not None:
        return last.facts.act == decision.action and _stands(request, referral, decision)
    opened = {event.at for event in events if event.at <= last.at}
    if decision.item is not None:
        opened &= {decision.item}
    known = last.update or ""
    items = (referral.but(work_item=_item(at)) for at in opened)
    said = (_id_of(service, request, then, decision, last) for then in items)
    return any(known == one or known.startswith(f"{one}-") for one in said)


def _stands(request: Request, referral: Referral, decision: Decision) -> bool:
    """Whether an item is whose it was when this person claimed or released it."""
    item = referral.work_item
    if item is None or decision.item not in {None, item.opened_at}:
        return False
    owner = request.principal.client_id if _STANDS.get(decision.action) else None
    return decision.action in _STANDS and item.owner == owner


def _item(opened_at: datetime) -> WorkItem:
    return WorkItem(
        reason=Reason.FAULT, opened_at=opened_at, resume_at=Step.ROUTE_REFERRAL, actions=()
    )


def _id_of(
    service: UpdateService, request: Request, then: Referral, decision: Decision, last: Event
) -> str:
    """Return the id that this act would have had, on the item that was open then."""
    minute = last.at.replace(second=0, microsecond=0)
    occasion = (minute,) if decision.action == RECORD_CALL else ()
    factory = factory_of(decision, then)
    return service.id_of(request, then, factory, text=decision.comment, occasion=occasion)
