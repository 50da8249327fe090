"""What the images of capacity and of the directory say of places that are free, or are no more.

Read without loading the directory's models: the stream's consumers start with little.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.slot_attributes import free_slots
from referral_core.domain.run import CLOSING_SHARES, ClosingRequest, WaitlistRequest

_CLOSED: Final = "closed"


def opening_in(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> WaitlistRequest | None:
    """Return which place is free that was not before an item was written; None: none is."""
    if new["sk"].startswith(keys.Sort.WEEK):
        return _released(old, new)
    return _more_room(old, new)


def closings_in(
    old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
) -> Iterator[ClosingRequest]:
    """Iterate over what is asked where an entry says that nobody is seen, or is there no more.

    Args:
        old: the image before; None: the item is new.
        new: the image after; None: the item was deleted.
    """
    if old is None or not old["sk"].startswith(keys.Sort.PRACTITIONER):
        return
    before = json.loads(old["body"])
    after = json.loads(new["body"]) if new is not None else {}
    known = [closure["stated_at"] for closure in before.get("closures", ())]
    stated = [closure["stated_at"] for closure in after.get("closures", ())]
    closings = [f"closed-{at}" for at in stated if at not in known]
    if before["organization"] != after.get("organization"):
        closings.append(f"left-{before['specialty']}-{before.get('revision', 0)}")
    for closing in closings:
        for share in range(CLOSING_SHARES):
            yield ClosingRequest(before["tenant"], before["npi"], closing, share)


def _released(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> WaitlistRequest | None:
    before = old or {"held": 0}
    # A slot that is taken instead of another leaves the count as it was, and so does one that its
    # clinic makes free instead of another.
    if int(new["held"]) >= int(before["held"]) and not free_slots(new) - free_slots(before):
        return None
    tenant, npi = keys.capacity_of(new["pk"])
    week = new["sk"].removeprefix(keys.Sort.WEEK)
    return WaitlistRequest(tenant=tenant, npi=npi, week=week)


def _more_room(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> WaitlistRequest | None:
    """Compare two bodies of a directory entry: more places, or nothing in the way any more."""
    after = json.loads(new["body"])
    before = json.loads(old["body"]) if old is not None else {}
    if not _takes_patients(after):
        return None
    weeks = {*after.get("weeks", {}), *before.get("weeks", {})}
    has_more = any(_places(after, week) > _places(before, week) for week in (*weeks, ""))
    if _takes_patients(before) and not has_more:
        return None
    return WaitlistRequest(tenant=after["tenant"], npi=after["npi"])


def _takes_patients(body: Mapping[str, Any]) -> bool:
    is_open = body.get("accepting", True) and body.get("capacity_status") != _CLOSED
    return bool(body) and is_open and not body.get("disputes")


def _places(body: Mapping[str, Any], week: str) -> int:
    """Return the places of an ISO week; of one that is not named, those of every week."""
    return int(body.get("weeks", {}).get(week, body.get("weekly_capacity", 0)))
