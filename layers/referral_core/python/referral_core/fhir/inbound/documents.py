"""Reports from the clinic: a DocumentReference or a DiagnosticReport, inline or by its address."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Final

from referral_core.domain.codes import code_in
from referral_core.domain.updates import ProgressNoted, ReportReceived
from referral_core.fhir.errors import FhirError
from referral_core.fhir.inbound.named_author import npi_named
from referral_core.fhir.inbound.named_patient import named_patient
from referral_core.fhir.inbound.partner_updates import PartnerUpdate, offer_of, the_one
from referral_core.fhir.parse import read_resource
from referral_core.fhir.r4.datatypes import Attachment, CodeableConcept
from referral_core.fhir.r4.messaging import DiagnosticReport, DocumentReference, Observation
from referral_core.fhir.r4.structure import expect
from referral_core.fhir.systems import LOINC

_SPACE: Final = re.compile(r"\s+")
_DOCUMENT: Final = "DocumentReference.content[0].attachment"
_RESULT: Final = "DiagnosticReport.presentedForm[0]"
_CRITICAL: Final = frozenset({"HH", "LL", "AA"})
_RADIOLOGY: Final = (
    "http://terminology.hl7.org/CodeSystem/v2-0074|RAD",
    f"{LOINC}|LP29684-5",  # as US Core says it
    "RAD",
    "LP29684-5",
)
_IN_ERROR: Final = "entered-in-error"
_IMAGING_STUDY: Final = "18748-4"


class DocumentUpdate(PartnerUpdate):
    """A document about a referral; one that names none is for a person to match.

    Attributes:
        loinc: the codes of its type.
        content: the document, when it is inline. PHI.
        sha256: of the inline document, in hex.
        url: where it is, when it is not inline.
        size: bytes, as counted or as stated.
        sha1: as stated, in base64.
        final: whether its author is done with it.
        critical: whether a result in it cannot wait.
        withdrawn: whether its author says that it was sent in error.
        author: NPI of the first author that has one.
    """

    loinc: tuple[str, ...] = ()
    doc_status: str | None = None
    content_type: str
    content: bytes | None = None
    sha256: str | None = None
    url: str | None = None
    size: int | None = None
    sha1: str | None = None
    final: bool = True
    critical: bool = False
    withdrawn: bool = False
    author: str | None = None

    @property
    def occasion(self) -> tuple[object, ...]:
        """The document itself: sent about the order or the Task, it is the same one."""
        return tuple(self._itself().values())

    def _of_its_kind(self) -> Mapping[str, object]:
        return {**self._itself(), **({"author": self.author} if self.author else {})}

    def _itself(self) -> Mapping[str, object]:
        return {
            "sha256": self.sha256,
            "loinc": next(iter(self.loinc), ""),
            "final": self.final,
            "critical": self.critical,
            "withdrawn": self.withdrawn,
        }


def read_document(body: bytes, content_type: str | None) -> DocumentUpdate:
    """Read a document that a clinic sends.

    Its first content counts; others are other forms of the same document.

    Raises:
        FhirError: malformed, or not what its hash or size says.
    """
    reference = expect(read_resource(body, content_type), DocumentReference)
    related = reference.context.related if reference.context else ()
    own = the_one((*related, *reference.based_on), "DocumentReference.context.related")
    final = reference.doc_status in {None, "final", "amended"}
    is_report = final and reference.status == "current"
    withdrawn = _IN_ERROR in {reference.status, reference.doc_status}
    reported = DocumentUpdate(
        referral_id=own.referral_id if own else None,
        patient=named_patient(reference, [reference.subject]),
        offer_number=offer_of(own) if own else None,
        kind_class=ReportReceived if is_report or withdrawn else ProgressNoted,
        withdrawn=withdrawn,
        status=reference.status,
        doc_status=reference.doc_status,
        loinc=_loinc(reference.type),
        content_type="",
        final=final,
        author=npi_named(reference, reference.author),
    )
    return _with_content(reported, reference.content[0].attachment, _DOCUMENT)


def read_diagnostic_report(body: bytes, content_type: str | None) -> DocumentUpdate:
    """Read the result of a diagnostic service; a preliminary one is on record and closes nothing.

    Raises:
        FhirError: malformed, or without its text.
    """
    resource = read_resource(body, content_type)
    report = expect(resource, DiagnosticReport)
    own = the_one(report.based_on, "DiagnosticReport.basedOn")
    if not report.presented_form:
        raise FhirError(
            "missing-document",
            "Send the report's text in presentedForm.",
            expression="DiagnosticReport.presentedForm",
            code="required",
            status=400,
        )
    results = [expect(r, Observation) for r in resource.get("contained", []) if _is_result(r)]
    concepts = [c for result in results for c in result.interpretation]
    codes = {coding.code for c in (*concepts, *report.conclusion_code) for coding in c.coding}
    reported = DocumentUpdate(
        referral_id=own.referral_id if own else None,
        patient=named_patient(report, [report.subject]),
        offer_number=offer_of(own) if own else None,
        kind_class=ReportReceived if report.status in _ISSUED | _VOID else ProgressNoted,
        withdrawn=report.status in _VOID,
        status=report.status or "unknown",
        loinc=(*_loinc(report.code), *_sort_of(report)),
        content_type="",
        final=report.status in _FINAL,
        critical=bool(codes & _CRITICAL),
        author=npi_named(report, report.performer),
    )
    return _with_content(reported, report.presented_form[0], _RESULT)


_VOID: Final = frozenset({_IN_ERROR, "cancelled"})
_FINAL: Final = frozenset({"final", "amended", "corrected", "appended"})
_ISSUED: Final = _FINAL | {"preliminary", "partial"}


def _sort_of(report: DiagnosticReport) -> tuple[str, ...]:
    """Return the type of document that a report is: its code names the study, one of thousands."""
    imaging = any(category.has(*_RADIOLOGY) for category in report.category)
    return (_IMAGING_STUDY,) if imaging else ()


def _is_result(resource: object) -> bool:
    return isinstance(resource, dict) and resource.get("resourceType") == "Observation"


def _loinc(concept: CodeableConcept | None) -> tuple[str, ...]:
    codings = concept.coding if concept else ()
    return tuple(c.code for c in codings if code_in(c.code) and c.code and c.system == LOINC)


def _with_content(reported: DocumentUpdate, attachment: Attachment, path: str) -> DocumentUpdate:
    content = _content(attachment, path)
    return reported.but(
        content_type=attachment.content_type or "application/octet-stream",
        content=content,
        sha256=hashlib.sha256(content).hexdigest() if content is not None else None,
        url=attachment.url,
        size=len(content) if content is not None else attachment.size,
        sha1=attachment.hash,
    )


def _content(attachment: Attachment, path: str) -> bytes | None:
    if attachment.data is None:
        if attachment.url is None:
            raise _wrong(
                path, "missing-document", "Send the document in data, or its address in url."
            )
        return None
    try:
        content = base64.b64decode(_SPACE.sub("", attachment.data), validate=True)
    except (binascii.Error, ValueError):
        raise _wrong(path, "invalid-base64", "Send data as base64.", "data") from None
    if attachment.size is not None and attachment.size != len(content):
        raise _wrong(path, "size-mismatch", "Send the size of the document in bytes.", "size")
    # FHIR R4 fixes SHA-1 for this element; it guards against accidents, not against forgers.
    digest = hashlib.sha1(content, usedforsecurity=False).digest()
    if attachment.hash is not None and attachment.hash != base64.b64encode(digest).decode():
        raise _wrong(
            path, "hash-mismatch", "Send the document's SHA-1 as base64, or no hash.", "hash"
        )
    return content


def _wrong(path: str, own_code: str, diagnostics: str, element: str | None = None) -> FhirError:
    return FhirError(
        own_code,
        diagnostics,
        expression=f"{path}.{element}" if element else path,
        code="required" if element is None else "value",
        status=400,
    )
