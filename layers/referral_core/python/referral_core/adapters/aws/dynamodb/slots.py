"""The slots of a week: attributes of the item that counts what is reserved of it.

So the write that reserves a place reserves the slot. What the clinic says of a slot and who
reserves it are attributes apart: each is written without the other being read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from referral_core.adapters.aws.dynamodb.attributes import item
from referral_core.adapters.aws.dynamodb.slot_attributes import HOLDER, SLOT, slot_named
from referral_core.domain.slots import Slot, SlotWeek

REVISION: Final = "slots_revision"


def week_in(found: Mapping[str, Any]) -> SlotWeek:
    """Read what was published of a week, of its item as plain values."""
    stated = (body for name, body in found.items() if name.startswith(SLOT))
    slots = [Slot.model_validate(body) for body in stated]
    return SlotWeek(
        revision=found.get(REVISION, 0),
        slots={slot.id: slot for slot in slots},
        holders={n.removeprefix(HOLDER): v for n, v in found.items() if n.startswith(HOLDER)},
    )


def week_written(
    table: str, key: Mapping[str, str], *, before: SlotWeek, slots: Mapping[str, Slot]
) -> dict[str, Any]:
    """Return the request that writes the slots of a week, if they are as they were read.

    Args:
        table: its name.
        key: of the week's item.
        before: as it was read.
        slots: by id, all that the week has from now on.
    """
    new = {k: slot for k, slot in slots.items() if before.slots.get(k) != slot}
    gone = [k for k in before.slots if k not in slots]
    names = {f"#s{n}": slot_named(k) for n, k in enumerate([*new, *gone])}
    bodies = {f":s{n}": slot.model_dump(mode="json") for n, slot in enumerate(new.values())}
    taken = [f"#s{n}" for n in range(len(new), len(names))]
    sets = [f"#s{n} = :s{n}" for n in range(len(new))]
    change = ", ".join(
        [f"SET {REVISION} = :next", "held = if_not_exists(held, :zero)", *sets],
    )
    unread = f"attribute_not_exists({REVISION})" if before.revision == 0 else f"{REVISION} = :read"
    read = {":read": before.revision} if before.revision else {}
    request: dict[str, Any] = {
        "TableName": table,
        "Key": item(**key),
        "UpdateExpression": f"{change} REMOVE {', '.join(taken)}" if taken else change,
        "ConditionExpression": unread,
        "ExpressionAttributeValues": item(
            **bodies, **read, **{":next": before.revision + 1, ":zero": 0}
        ),
    }
    return {**request, "ExpressionAttributeNames": names} if names else request
