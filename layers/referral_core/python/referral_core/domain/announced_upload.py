"""What is asked and answered before a document is uploaded."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import Field

from referral_core.domain.ids import Tenant
from referral_core.domain.model import Model
from referral_core.domain.upload import LARGEST


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
