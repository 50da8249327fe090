"""Large documents: where to upload them, and what was uploaded, once a resource names it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Protocol

from pydantic import ValidationError

from referral_core.domain.access.principal import Principal
from referral_core.domain.announced_upload import Announced, UploadTarget
from referral_core.domain.upload import LARGEST, NamedUpload
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.uploaded import UploadedDocuments, verified
from referral_core.fhir.inbound.documents import DocumentUpdate
from referral_core.fhir.outbound.tasks import fhir_instant
from referral_core.fhir.parse import read_resource
from referral_core.fhir.systems import UPLOAD

_VALUES: Final = {
    "sha256": ("sha256", "valueString"),
    "size": ("size", "valueUnsignedInt"),
    "contentType": ("content_type", "valueCode"),
}
"""Parameter → the field, and the type of its value."""


class UploadStore(UploadedDocuments, Protocol):
    """Where senders upload documents, before they are verified."""

    def upload_target(self, announced: Announced) -> UploadTarget:
        """Return where a document may be uploaded, until it is named or forgotten."""


@dataclass(frozen=True)
class Uploads:
    """Offers places for uploads, and reads what lies there for who uploaded it.

    Attributes:
        announced: remembers who announced which hash, until it is named.
    """

    store: UploadStore
    announced: Callable[[Principal, str], None]

    def offer(self, request: Request) -> Response:
        """Answer where and how to upload a document until when, and how to name it until when."""
        announced = _announced(request)
        self.announced(request.principal, announced.sha256)
        target = self.store.upload_target(announced)
        headers = [
            {"name": name, "valueString": value} for name, value in sorted(target.headers.items())
        ]
        parameters: list[dict[str, Any]] = [
            {"name": "method", "valueCode": "PUT"},
            {"name": "url", "valueUrl": target.url},
            {"name": "headers", "part": headers},
            {"name": "expires", "valueInstant": fhir_instant(target.expires_at)},
            {"name": "keptUntil", "valueInstant": fhir_instant(target.kept_until)},
            {"name": "attachmentUrl", "valueUrl": f"{UPLOAD}{announced.sha256}"},
        ]
        return Response(HTTPStatus.OK, {"resourceType": "Parameters", "parameter": parameters})

    def joined(self, principal: Principal, reported: DocumentUpdate) -> DocumentUpdate:
        """Return a document with the content that was uploaded for it, if it names an upload.

        Raises:
            FhirError: 422, nothing is there, or it is not what its name says.
        """
        url = reported.url or ""
        if reported.content is not None or not url.startswith(UPLOAD):
            return reported
        named = NamedUpload(
            literal=url,
            sha256=url.removeprefix(UPLOAD).lower(),
            content_type=reported.content_type,
            size=reported.size,
            sha1=reported.sha1,
        )
        found = verified(self.store, principal, named)
        size = len(found.content)
        return reported.but(content=found.content, sha256=named.sha256, size=size)


def _announced(request: Request) -> Announced:
    """Read the Parameters of `$upload`.

    Raises:
        FhirError: 400, one lacks or is not what it should be; 413, it is too large.
    """
    sent = read_resource(request.body, request.content_type)
    listed = sent.get("parameter")
    parameters = listed if isinstance(listed, list) else []
    named = {str(p.get("name")): p for p in parameters if isinstance(p, dict)}
    fields = {field: named.get(name, {}).get(of) for name, (field, of) in _VALUES.items()}
    size = fields["size"]
    if isinstance(size, int) and size > LARGEST:
        refuse(
            "document-too-large",
            f"Send documents of at most {LARGEST} bytes.",
            code="too-long",
            status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        )
    principal = request.principal
    try:
        return Announced.model_validate(
            {"tenant": principal.tenant, "sender": principal.organization, **fields}
        )
    except ValidationError as error:
        wrong = ", ".join(sorted({str(e["loc"][0]) for e in error.errors() if e["loc"]}))
        refuse(
            "invalid-upload",
            f"Send Parameters with sha256 (valueString, hex), size (valueUnsignedInt) and "
            f"contentType (valueCode); not as they should be: {wrong}.",
            code="value",
            status=HTTPStatus.BAD_REQUEST,
        )
