"""A Parquet file of one row group, plain and uncompressed: enough for a report's result.

The format is Apache Parquet 2 with Thrift's compact protocol
(https://parquet.apache.org/docs/file-format/). A library for it would be half of what a function
may unpack; `tests/unit/reporting/test_parquet.py` reads every file back with DuckDB.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Final, NamedTuple

_MAGIC: Final = b"PAR1"
SCALE: Final = 12
"""Decimals have twelve digits behind the point, as prices have."""
_PRECISION: Final = 38
_DECIMAL_BYTES: Final = 16
_I32, _I64, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12
"""Types of Thrift's compact protocol."""
_OPTIONAL, _PLAIN, _RLE, _DATA_PAGE, _UNCOMPRESSED = 1, 0, 3, 0, 0


class Type(Enum):
    """What a column holds: Parquet's physical type, and its converted type."""

    TEXT = (6, 0)
    INTEGER = (2, None)
    DECIMAL = (7, 5)
    DAY = (1, 6)


class Column(NamedTuple):
    """A column and its values, None for null."""

    name: str
    type: Type
    values: Sequence[Any]


class _Chunk(NamedTuple):
    column: Column
    offset: int
    size: int


def written(columns: Sequence[Column], metadata: Mapping[str, str]) -> bytes:
    """Return a file of some columns of the same length.

    Args:
        columns: one or more.
        metadata: of the whole file; readers give it back as key and value.
    """
    body, chunks = bytearray(_MAGIC), list[_Chunk]()
    for column in columns:
        page = _page(column)
        chunks.append(_Chunk(column, len(body), len(page)))
        body += page
    footer = _footer(chunks, len(columns[0].values), metadata)
    return bytes(body) + footer + struct.pack("<I", len(footer)) + _MAGIC


def _page(column: Column) -> bytes:
    levels = _levels([value is not None for value in column.values])
    plain = b"".join(_ENCODE[column.type](v) for v in column.values if v is not None)
    data = struct.pack("<I", len(levels)) + levels + plain
    header = _struct(
        (1, _I32, _number(_DATA_PAGE)),
        (2, _I32, _number(len(data))),
        (3, _I32, _number(len(data))),
        (
            5,
            _STRUCT,
            _struct(
                (1, _I32, _number(len(column.values))),
                (2, _I32, _number(_PLAIN)),
                (3, _I32, _number(_RLE)),
                (4, _I32, _number(_RLE)),
            ),
        ),
    )
    return header + data


def _levels(present: Sequence[bool]) -> bytes:
    """Encode what is present as runs of bits, in eights (RLE/bit-packed hybrid)."""
    groups = -(-len(present) // 8)
    packed = bytearray(groups)
    for index, is_there in enumerate(present):
        packed[index // 8] |= is_there << (index % 8)
    return _varint(groups << 1 | 1) + bytes(packed)


def _text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<I", len(data)) + data


def _decimal(value: Decimal) -> bytes:
    return int(value.scaleb(SCALE)).to_bytes(_DECIMAL_BYTES, "big", signed=True)


def _day(value: date) -> bytes:
    return struct.pack("<i", (value - date(1970, 1, 1)).days)


_ENCODE: Final[Mapping[Type, Callable[[Any], bytes]]] = {
    Type.TEXT: _text,
    Type.INTEGER: lambda value: struct.pack("<q", value),
    Type.DECIMAL: _decimal,
    Type.DAY: _day,
}


def _footer(chunks: Sequence[_Chunk], rows: int, metadata: Mapping[str, str]) -> bytes:
    root = _struct((4, _BINARY, _binary("result")), (5, _I32, _number(len(chunks))))
    schema = [root, *(_element(chunk.column) for chunk in chunks)]
    group = _struct(
        (1, _LIST, _list(_STRUCT, [_column_chunk(chunk, rows) for chunk in chunks])),
        (2, _I64, _number(sum(chunk.size for chunk in chunks))),
        (3, _I64, _number(rows)),
    )
    pairs = [
        _struct((1, _BINARY, _binary(key)), (2, _BINARY, _binary(value)))
        for key, value in metadata.items()
    ]
    return _struct(
        (1, _I32, _number(1)),
        (2, _LIST, _list(_STRUCT, schema)),
        (3, _I64, _number(rows)),
        (4, _LIST, _list(_STRUCT, [group])),
        (5, _LIST, _list(_STRUCT, pairs)),
        (6, _BINARY, _binary("referral-router")),
    )


def _element(column: Column) -> bytes:
    physical, converted = column.type.value
    fields = [(1, _I32, _number(physical))]
    if column.type is Type.DECIMAL:
        fields.append((2, _I32, _number(_DECIMAL_BYTES)))
    fields += [
        (3, _I32, _number(_OPTIONAL)),
        (4, _BINARY, _binary(column.name)),
    ]
    if converted is not None:
        fields.append((6, _I32, _number(converted)))
    if column.type is Type.DECIMAL:
        fields += [(7, _I32, _number(SCALE)), (8, _I32, _number(_PRECISION))]
    return _struct(*fields)


def _column_chunk(chunk: _Chunk, rows: int) -> bytes:
    meta = _struct(
        (1, _I32, _number(chunk.column.type.value[0])),
        (2, _LIST, _list(_I32, [_number(_PLAIN), _number(_RLE)])),
        (3, _LIST, _list(_BINARY, [_binary(chunk.column.name)])),
        (4, _I32, _number(_UNCOMPRESSED)),
        (5, _I64, _number(rows)),
        (6, _I64, _number(chunk.size)),
        (7, _I64, _number(chunk.size)),
        (9, _I64, _number(chunk.offset)),
    )
    return _struct((2, _I64, _number(chunk.offset)), (3, _STRUCT, meta))


# --- Thrift's compact protocol -----------------------------------------------------------------


def _struct(*fields: tuple[int, int, bytes]) -> bytes:
    """Write fields (id, type, value) in rising order of their ids."""
    out, last = bytearray(), 0
    for number, kind, value in fields:
        out.append((number - last) << 4 | kind)
        out += value
        last = number
    return bytes(out) + b"\0"


def _list(kind: int, values: Sequence[bytes]) -> bytes:
    short = 15
    size = len(values)
    head = bytes([size << 4 | kind]) if size < short else bytes([0xF0 | kind]) + _varint(size)
    return head + b"".join(values)


def _binary(text: str) -> bytes:
    data = text.encode()
    return _varint(len(data)) + data


def _number(value: int) -> bytes:
    return _varint(value << 1 if value >= 0 else (-value << 1) - 1)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits a byte
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
