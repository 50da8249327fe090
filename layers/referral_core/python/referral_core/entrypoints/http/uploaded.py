"""What a resource names as uploaded: read where its sender laid it, and compared with its name."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from http import HTTPStatus
from typing import Final, NoReturn, Protocol

from referral_core.domain.access.principal import Principal
from referral_core.domain.ids import Tenant
from referral_core.domain.upload import LARGEST, NamedUpload, Uploaded
from referral_core.entrypoints.http.errors import refuse

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_ANY_TYPE: Final = "application/octet-stream"


class UploadedDocuments(Protocol):
    """Where uploads lie that nobody has verified yet."""

    def uploaded(self, tenant: Tenant, sender: str, sha256: str) -> Uploaded | None:
        """Read what a sender uploaded under a hash, unverified; None: nothing was."""


def verified(store: UploadedDocuments, principal: Principal, named: NamedUpload) -> Uploaded:
    """Return what its sender uploaded, if it is what the resource says that it is.

    Raises:
        FhirError: 422, nothing of the sender's is there, or something else is.
    """
    is_a_name = _SHA256.fullmatch(named.sha256) is not None
    sender = principal.organization
    found = store.uploaded(principal.tenant, sender, named.sha256) if is_a_name else None
    if found is None:
        _refuse(
            named,
            "upload-missing",
            "Nothing of yours is uploaded there, or it was not named by keptUntil and is gone: "
            "ask $upload for a place, PUT the document, then name it.",
            code="not-found",
        )
    if hashlib.sha256(found.content).hexdigest() != named.sha256 or len(found.content) > LARGEST:
        _refuse(
            named,
            "upload-differs",
            "What was uploaded is not the document that its SHA-256 names: upload it anew.",
        )
    if named.size not in {None, len(found.content)}:
        _refuse(named, "size-mismatch", "Send the size of the document in bytes.")
    # FHIR R4 fixes SHA-1 for this element; it guards against accidents, not against forgers.
    sha1 = hashlib.sha1(found.content, usedforsecurity=False).digest()
    if named.sha1 not in {None, b64encode(sha1).decode()}:
        _refuse(named, "hash-mismatch", "Send the document's SHA-1 as base64, or no hash.")
    if _type_of(named.content_type) not in {_ANY_TYPE, _type_of(found.content_type)}:
        _refuse(
            named,
            "type-differs",
            "Name the type that the upload was announced with, or announce it anew.",
        )
    return found


def _type_of(content_type: str | None) -> str:
    return (content_type or _ANY_TYPE).partition(";")[0].strip().lower()


def _refuse(named: NamedUpload, own_code: str, says: str, *, code: str = "value") -> NoReturn:
    refuse(
        own_code,
        says,
        code=code,
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        expression=named.path,
    )
