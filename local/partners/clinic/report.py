"""The report that a clinic writes after a visit, as a DocumentReference or a DiagnosticReport."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha1
from typing import Final, NamedTuple

from local.partners.clinic.offer import Offer
from local.partners.fhir_endpoint import Json, codes_of
from local.partners.scripts.parts import ReportPart
from local.partners.world import instant

_LOINC: Final = "http://loinc.org"
_TITLES: Final = {
    "11488-4": "Consult note",
    "34099-2": "Cardiology Consult note",
    "18748-4": "Diagnostic imaging study",
    "34117-2": "History and physical note",
    "18776-5": "Plan of care note",
    "34133-9": "Summary of episode note",
    "34109-9": "Note",
}
_PDF: Final = "application/pdf"
_PRELIMINARY: Final = "preliminary"
# What each kind of service is answered with, by the performer's NUCC code.
_CALLED_FOR: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "261QR0200X": (("18748-4", "diagnostic-report"),),
    "251E00000X": (("34117-2", "document"), ("18776-5", "document")),
    "251B00000X": (("34133-9", "document"),),
}
_USUAL: Final = (("11488-4", "document"),)


class Kind(NamedTuple):
    """What a report is.

    Attributes:
        loinc: the code of its type.
        form: `document` or `diagnostic-report`.
        media_type: `text/plain` or `application/pdf`.
    """

    loinc: str
    form: str = "document"
    media_type: str = "text/plain"
    final: bool = True
    critical: bool = False


def fitting(order: Json, wanted: ReportPart) -> list[Kind]:
    """List what is sent for one entry of a script: what it names, or what the order calls for."""
    called_for = next(
        (_CALLED_FOR[code] for code in codes_of(order.get("performerType")) & set(_CALLED_FOR)),
        _USUAL,
    )
    named = [(wanted.loinc, "document")] if wanted.loinc else called_for
    # Only a result can say that it is critical.
    chosen = wanted.form or ("diagnostic-report" if wanted.critical else None)
    return [
        Kind(loinc, chosen or form, wanted.media_type, wanted.final, wanted.critical)
        for loinc, form in named
    ]


def report(offer: Offer, visited: datetime, now: datetime, kind: Kind) -> Json:
    """Make the report of one visit.

    Args:
        offer: the referral as the clinic has it.
        visited: when the patient was seen.
        now: the business instant.
        kind: what it is.
    """
    finding = "A result that cannot wait." if kind.critical else "No finding that cannot wait."
    lines = [
        f"{_TITLES.get(kind.loinc, 'Report')} of {visited:%d %B %Y} (synthetic patient)",
        *([] if kind.final else ["Preliminary; the final report follows."]),
        f"Seen, examined and advised. {finding}",
        "Plan: continue treatment; the referring provider follows up.",
    ]
    document = _pdf(lines) if kind.media_type == _PDF else ("\n".join(lines) + "\n").encode()
    attachment = {
        "contentType": kind.media_type,
        "data": base64.b64encode(document).decode(),
        "size": len(document),
        # R4 fixes SHA-1 for this element.
        "hash": base64.b64encode(sha1(document, usedforsecurity=False).digest()).decode(),
        "title": _TITLES.get(kind.loinc, "Report"),
        "creation": instant(now),
    }
    coding = {"system": _LOINC, "code": kind.loinc}
    if kind.loinc in _TITLES:
        coding["display"] = _TITLES[kind.loinc]
    if kind.form == "diagnostic-report":
        result = _diagnostic_report(offer, kind, coding)
        times = {"effectiveDateTime": instant(visited), "issued": instant(now)}
        return {**result, **times, "presentedForm": [attachment]}
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "docStatus": "final" if kind.final else _PRELIMINARY,
        "type": {"coding": [coding]},
        "subject": subject(offer),
        "date": instant(now),
        "author": [offer.task["owner"]],
        "content": [{"attachment": attachment}],
        "context": {"related": [{"reference": f"ServiceRequest/{offer.order['id']}"}]},
    }


def _diagnostic_report(offer: Offer, kind: Kind, coding: Json) -> Json:
    """Make a result; a critical one says so in an Observation's interpretation."""
    status = "final" if kind.final else _PRELIMINARY
    about: Json = {"status": status, "code": {"coding": [coding]}, "subject": subject(offer)}
    critical = {
        "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
        "code": "AA",
        "display": "Critical abnormal",
    }
    observed = {
        "resourceType": "Observation",
        "id": "result",
        **about,
        "interpretation": [{"coding": [critical]}],
        "valueString": "A result that cannot wait.",
    }
    known = {"contained": [observed], "result": [{"reference": "#result"}]}
    return {
        "resourceType": "DiagnosticReport",
        **about,
        **(known if kind.critical else {}),
        "basedOn": [{"reference": f"ServiceRequest/{offer.order['id']}"}],
        "performer": [offer.task["owner"]],
    }


def subject(offer: Offer) -> Json:
    """Refer to the patient by an identifier that both sides know, else by the order's id."""
    identifiers = offer.patient.get("identifier")
    if identifiers:
        return {"type": "Patient", "identifier": identifiers[0]}
    return {"type": "Patient", "display": f"The patient of {offer.order['id']}"}


def _pdf(lines: list[str]) -> bytes:
    """Set some lines of plain ASCII on one page."""
    text = " T* ".join(f"({line.translate(_ESCAPES)}) Tj" for line in lines)
    page = f"BT /F1 11 Tf 14 TL 72 720 Td {text} ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
            " /Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        f"<< /Length {len(page)} >>\nstream\n{page}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    count = len(objects) + 1
    trailer = f"trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return f"{out}xref\n0 {count}\n0000000000 65535 f \n{table}{trailer}".encode("ascii")


_ESCAPES: Final = str.maketrans({"(": r"\(", ")": r"\)", "\\": r"\\"})
