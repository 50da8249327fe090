"""The report that a clinic writes after a visit: a DocumentReference with the document inside."""

from __future__ import annotations

import base64
from datetime import datetime
from hashlib import sha1
from typing import Final

from local.partners.fhir_endpoint import Json
from local.partners.offer_check import Offer
from local.partners.world import instant

_TITLES: Final = {"11488-4": "Consult note", "34099-2": "Cardiology Consult note"}
_PDF: Final = "application/pdf"


def report(offer: Offer, visited: datetime, now: datetime, loinc: str, media_type: str) -> Json:
    """Make the report of one visit.

    Args:
        offer: the referral as the clinic has it.
        visited: when the patient was seen.
        now: the business instant.
        loinc: the code of the document's type.
        media_type: `text/plain` or `application/pdf`.
    """
    lines = [
        f"Consultation of {visited:%d %B %Y} (synthetic patient)",
        "Seen, examined and advised. No finding that needs urgent action.",
        "Plan: continue treatment; the referring provider follows up.",
    ]
    document = _pdf(lines) if media_type == _PDF else ("\n".join(lines) + "\n").encode()
    coding = {"system": "http://loinc.org", "code": loinc}
    if loinc in _TITLES:
        coding["display"] = _TITLES[loinc]
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "docStatus": "final",
        "type": {"coding": [coding]},
        "subject": subject(offer),
        "date": instant(now),
        "author": [offer.task["owner"]],
        "content": [
            {
                "attachment": {
                    "contentType": media_type,
                    "data": base64.b64encode(document).decode(),
                    "size": len(document),
                    # R4 fixes SHA-1 for this element.
                    "hash": base64.b64encode(
                        sha1(document, usedforsecurity=False).digest()
                    ).decode(),
                    "title": _TITLES.get(loinc, "Report"),
                    "creation": instant(now),
                }
            }
        ],
        "context": {"related": [{"reference": f"ServiceRequest/{offer.order['id']}"}]},
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
