"""A way in for documents that are too large for a request: uploaded first, then named."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, NamedTuple

LARGEST: Final = 50_000_000
"""Bytes of one document."""
KEPT: Final = timedelta(days=30)
"""How long what nobody names stays where it was uploaded; its sender is told until when."""


class Uploaded(NamedTuple):
    """What lies where somebody uploaded, unverified, with the type that was announced."""

    content: bytes
    content_type: str


class NamedUpload(NamedTuple):
    """An upload as a resource names it.

    Attributes:
        literal: the address that is written there.
        sha256: what the address ends with, in lower case; a hash or not.
        path: FHIRPath of the address.
        content_type, size, sha1: what the resource says of the document, as far as it does; SHA-1
            in base64.
    """

    literal: str
    sha256: str
    path: str | None = None
    content_type: str | None = None
    size: int | None = None
    sha1: str | None = None
