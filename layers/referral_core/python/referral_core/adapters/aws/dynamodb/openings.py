"""What the images of capacity and of the directory say of places that became free.

Read without loading the directory's models: the stream's consumers start with little.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from referral_core.adapters.aws.dynamodb import keys
from referral_core.domain.run import WaitlistRequest

_CLOSED: Final = "closed"


def opening_in(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> WaitlistRequest | None:
    """Return which place is free that was not before an item was written; None: none is."""
    if new["sk"].startswith(keys.Sort.WEEK):
        return _released(old, new)
    return _more_room(old, new)


def _released(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> WaitlistRequest | None:
    if old is None or int(new["held"]) >= int(old["held"]):
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
