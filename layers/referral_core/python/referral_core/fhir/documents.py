"""Reports from the clinic: a DocumentReference, with the document inline or by its address."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Final

from referral_core.domain.updates import UpdateKind
from referral_core.fhir.body import read_resource
from referral_core.fhir.datatypes import Attachment
from referral_core.fhir.errors import FhirError
from referral_core.fhir.exchanges import DocumentReference
from referral_core.fhir.ids import referred
from referral_core.fhir.partner_updates import PartnerUpdate, offer_of, unknown_referral
from referral_core.fhir.structure import expect
from referral_core.fhir.systems import LOINC

_SPACE: Final = re.compile(r"\s+")
_ATTACHMENT: Final = "DocumentReference.content[0].attachment"


class DocumentUpdate(PartnerUpdate):
    """A document about the referral.

    Attributes:
        loinc: the codes of its type.
        content: the document, when it is inline. PHI.
        sha256: of the inline document, in hex.
        url: where it is, when it is not inline.
        size: bytes, as counted or as told.
    """

    loinc: tuple[str, ...] = ()
    doc_status: str | None = None
    content_type: str
    content: bytes | None = None
    sha256: str | None = None
    url: str | None = None
    size: int | None = None


def read_document(body: bytes, content_type: str | None) -> DocumentUpdate:
    """Read a document that a clinic sends.

    Its first content counts; others are other forms of the same document.

    Raises:
        FhirError: malformed, of no referral of ours, or not what its hash or size says.
    """
    reference = expect(read_resource(body, content_type), DocumentReference)
    related = reference.context.related if reference.context else ()
    own = referred((*related, *reference.based_on))
    if own is None:
        raise unknown_referral(
            "DocumentReference.context.related",
            "Refer in context.related to the router's ServiceRequest.",
        )
    attachment = reference.content[0].attachment
    content = _content(attachment)
    final = reference.doc_status in {None, "final", "amended"}
    return DocumentUpdate(
        referral_id=own.referral_id,
        offer_number=offer_of(own),
        kind=UpdateKind.REPORT_RECEIVED if final and reference.status == "current" else None,
        status=reference.status,
        doc_status=reference.doc_status,
        loinc=tuple(
            coding.code
            for coding in (reference.type.coding if reference.type else ())
            if coding.code and coding.system == LOINC
        ),
        content_type=attachment.content_type or "application/octet-stream",
        content=content,
        sha256=hashlib.sha256(content).hexdigest() if content is not None else None,
        url=attachment.url,
        size=len(content) if content is not None else attachment.size,
    )


def _content(attachment: Attachment) -> bytes | None:
    if attachment.data is None:
        if attachment.url is None:
            raise _wrong("missing-document", "Send the document in data, or its address in url.")
        return None
    try:
        content = base64.b64decode(_SPACE.sub("", attachment.data), validate=True)
    except (binascii.Error, ValueError):
        raise _wrong("invalid-base64", "Send data as base64.", "data") from None
    if attachment.size is not None and attachment.size != len(content):
        raise _wrong("size-mismatch", "Send the size of the document in bytes.", "size")
    # FHIR R4 fixes SHA-1 for this element; it guards against accidents, not against forgers.
    digest = hashlib.sha1(content, usedforsecurity=False).digest()
    if attachment.hash is not None and attachment.hash != base64.b64encode(digest).decode():
        raise _wrong("hash-mismatch", "Send the document's SHA-1 as base64, or no hash.", "hash")
    return content


def _wrong(own_code: str, diagnostics: str, element: str | None = None) -> FhirError:
    return FhirError(
        own_code,
        diagnostics,
        expression=f"{_ATTACHMENT}.{element}" if element else _ATTACHMENT,
        code="required" if element is None else "value",
        status=400,
    )
