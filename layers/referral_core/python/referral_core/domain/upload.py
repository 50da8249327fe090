"""A way in for documents that are too large for a request: uploaded first, then named."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from pydantic import Field

from referral_core.domain.ids import Tenant
from referral_core.domain.model import Model

LARGEST: Final = 50_000_000
"""Bytes of one document."""
KEPT: Final = timedelta(days=30)
"""How long what nobody names stays where it was uploaded; its sender is told until when."""


class Announced(Model):
    """A document that its sender is going to upload: it is taken only if it is that one.

    Attributes:
        sender: the organization that uploads it, which alone can name it afterwards.
        sha256: of its content, in hex.
        size: in bytes.
    """

    tenant: Tenant
    sender: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=1, le=LARGEST, strict=True)
    content_type: str = Field(min_length=1, max_length=127, pattern=r"^[\w.+-]+/[\w.+-]+[ -~]*$")


class UploadTarget(Model):
    """Where to upload a document: a PUT of its bytes, with these headers, in time.

    Attributes:
        kept_until: until when a resource may name what was uploaded; then it is forgotten.
    """

    url: str
    headers: Mapping[str, str]
    expires_at: datetime
    kept_until: datetime


class Uploaded(NamedTuple):
    """What lies where somebody uploaded, unverified, with the type that was announced."""

    content: bytes
    content_type: str


class NamedUpload(Model):
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
