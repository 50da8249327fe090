"""Items as DynamoDB's API has them, and as plain values.

boto3's own serializer would bring all of boto3 into each start: its resources and S3's transfers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

Item = dict[str, Any]
"""An item as DynamoDB's API has it: attribute → {type: value}."""


def item(**fields: Any) -> Item:
    """Return a DynamoDB item; fields that are None are left out.

    Raises:
        TypeError: a value is none of those that the table holds.
    """
    return {name: _written(value) for name, value in fields.items() if value is not None}


def plain(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a DynamoDB item as plain values."""
    return {name: _read(value) for name, value in found.items()}


def _written(value: Any) -> dict[str, Any]:
    match value:
        case str():
            return {"S": str(value)}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case bytes():
            return {"B": value}
        case list() | tuple():
            return {"L": [_written(one) for one in value]}
        case Mapping():
            return {"M": {name: _written(one) for name, one in value.items()}}
        case _:
            raise TypeError(f"The table holds no {type(value).__name__}.")


def _read(attribute: Mapping[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    return _READ[kind](value)


_READ: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {
        "S": str,
        "BOOL": bool,
        "N": int,
        "B": bytes,
        "SS": sorted,
        "L": lambda values: [_read(one) for one in values],
        "M": plain,
    }
)
