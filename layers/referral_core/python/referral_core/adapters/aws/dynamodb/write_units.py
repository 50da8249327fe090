"""Counts the write units of a transaction from its items: what DynamoDB bills, by its rules.

A transactional write costs two units for each started KB of the item, by the larger of the old and
the new one. An index entry that changes costs one unit for each started KB of its own: an entry
whose key changes is deleted and put, so it costs both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from referral_core.adapters.aws.dynamodb.schema import INDEXES, PARTITION_KEY, SORT_KEY, Index

Item = Mapping[str, Any]
"""An item as DynamoDB's API has it: attribute → {type: value}."""
_KB: Final = 1024
_TRANSACTIONAL: Final = 2
_NUMBER_OVERHEAD: Final = 1
_CONTAINER_OVERHEAD: Final = 3
_ELEMENT_OVERHEAD: Final = 1


class Write(NamedTuple):
    """One item of a transaction, before and after it; a condition check leaves it as it is."""

    before: Item | None
    after: Item | None


def units_of(writes: Iterable[Write]) -> int:
    """Return the write units of one transaction, its index entries included."""
    return sum(
        _TRANSACTIONAL * _largest(write.before, write.after) + _index_units(write)
        for write in writes
    )


def units_of_refused(requests: Iterable[Mapping[str, Any]]) -> int:
    """Return the write units of a transaction that was not written for a condition.

    It is billed as if it had been, but for the indexes, in which nothing changed. What is not in
    the request (an item that would have been updated or only looked at) has less than one KB.

    Args:
        requests: as `TransactWriteItems` takes them.
    """
    put = (request.get("Put", {}).get("Item") for request in requests)
    return sum(_TRANSACTIONAL * _largest(item) for item in put)


def item_size(item: Item) -> int:
    """Return an item's size in bytes: the names and the values of its attributes."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _index_units(write: Write) -> int:
    total = 0
    for index in INDEXES:
        if _place(index, write.before) != _place(index, write.after):
            entries = (_entry(index, write.before), _entry(index, write.after))
            total += sum(_started_kb(entry) for entry in entries if entry is not None)
    return total


def _place(index: Index, item: Item | None) -> tuple[Any, Any] | None:
    """Return where an item stands in an index; None where it lacks one of the keys."""
    if item is None or index.partition not in item or index.sort not in item:
        return None
    return item[index.partition], item[index.sort]


def _entry(index: Index, item: Item | None) -> Item | None:
    """Return an item's entry in an index of keys only; None where it has none."""
    if item is None or _place(index, item) is None:
        return None
    return {n: item[n] for n in (PARTITION_KEY, SORT_KEY, index.partition, index.sort)}


def _largest(*items: Item | None) -> int:
    return max((_started_kb(item) for item in items if item is not None), default=1)


def _started_kb(item: Item) -> int:
    return max(1, -(-item_size(item) // _KB))


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "B":
            return len(content)
        case "SS":
            return sum(len(one.encode()) for one in content)
        case "N":
            # A byte for two significant digits, and one more.
            digits = str(content).lstrip("-").replace(".", "").strip("0")
            return -(-len(digits) // 2) + _NUMBER_OVERHEAD
        case "BOOL" | "NULL":
            return 1
        case "L":
            return _CONTAINER_OVERHEAD + sum(_value_size(v) + _ELEMENT_OVERHEAD for v in content)
        case "M":
            return _CONTAINER_OVERHEAD + item_size(content) + _ELEMENT_OVERHEAD * len(content)
        case _:
            raise ValueError(f"no item of the table has an attribute of type {kind}")
