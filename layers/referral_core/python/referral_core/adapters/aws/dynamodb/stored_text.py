"""Bodies as they are stored: JSON, compressed only where that saves a KB of every write.

Early on bodies are JSON that anybody can read in the AWS console; both forms are read here, from
the table and from its stream, without an SDK or a model: these are most of a cold start.
"""

from __future__ import annotations

import base64
import zlib
from typing import Any, Final

from referral_core.adapters.aws.dynamodb.dictionary import DICTIONARY

Body = str | bytes
"""As it is stored: JSON, or the same as a zlib stream."""
_KB: Final = 1024
_GZIP: Final = 16
"""Added to a window, for zlib to write a gzip file."""
_SMALL: Final = (13, 6)
_USUAL: Final = (15, 8)
_FITS_SMALL: Final = 2**13 - 262
"""What zlib looks back on in a window of 8 KB: it keeps the longest match and a few bytes free."""


def fitted(body: str, beside: int) -> Body:
    """Return a body as it is stored: compressed if the item then takes fewer KB.

    Args:
        body: JSON.
        beside: bytes of the item's other attributes.
    """
    plain = body.encode()
    if len(plain) + beside <= _KB:
        return body
    small = _deflated(plain)
    return small if _started_kb(len(small) + beside) < _started_kb(len(plain) + beside) else body


def text_of(body: Any) -> str:
    """Return the JSON of a stored body.

    Args:
        body: a string or bytes, as the table's API returns it; in the stream records
            of Lambda what is binary is base64 text.
    """
    if isinstance(body, str):
        return body if body.startswith("{") else _inflated(base64.b64decode(body))
    return _inflated(bytes(body))


def gzipped(content: bytes) -> bytes:
    """Return bytes as a gzip file without a name or a time."""
    window, memory = _room_for(len(content))
    stream = zlib.compressobj(level=9, wbits=_GZIP + window, memLevel=memory)
    return stream.compress(content) + stream.flush()


def _deflated(plain: bytes) -> bytes:
    window, memory = _room_for(len(DICTIONARY) + len(plain))
    stream = zlib.compressobj(level=9, wbits=window, memLevel=memory, zdict=DICTIONARY)
    return stream.compress(plain) + stream.flush()


def _room_for(size: int) -> tuple[int, int]:
    """Return window and memory for a text: a small one fits a small window just as well.

    The usual ones are a quarter of a megabyte, which takes longer to get than most bodies to write.
    """
    return _SMALL if size <= _FITS_SMALL else _USUAL


def _inflated(small: bytes) -> str:
    return zlib.decompressobj(zdict=DICTIONARY).decompress(small).decode()


def _started_kb(size: int) -> int:
    return -(-size // _KB)
