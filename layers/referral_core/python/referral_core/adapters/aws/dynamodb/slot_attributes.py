"""How the slots of a week are named among its attributes; no model is loaded to read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

SLOT: Final = "slot "
HOLDER: Final = "holder "
_FREE: Final = "free"


def slot_named(slot_id: str) -> str:
    """Return the attribute of a week that says what a clinic published of a slot."""
    return f"{SLOT}{slot_id}"


def holder_of(slot_id: str) -> str:
    """Return the attribute of a week that says which referral reserves a slot."""
    return f"{HOLDER}{slot_id}"


def free_slots(week: Mapping[str, Any]) -> frozenset[str]:
    """Return the ids of the slots of a week's item, as plain values, that are free and nobody's."""
    stated = {name.removeprefix(SLOT): week[name] for name in week if name.startswith(SLOT)}
    return frozenset(
        slot_id
        for slot_id, said in stated.items()
        if said["status"] == _FREE and holder_of(slot_id) not in week
    )
