"""The report that a simulated clinic writes: the document inside, and its measures."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import Any

import pytest

from local.partners.consult_report import report
from local.partners.offer_check import Offer, read_offer
from tests.unit.partners.offers import an_offer
from tests.unit.partners.stage import NOW


def a_report(offer: Offer | None = None, **fields: Any) -> dict[str, Any]:
    wanted = {"loinc": "11488-4", "media_type": "text/plain", **fields}
    return report(offer or read_offer(an_offer()), NOW, NOW + timedelta(days=3), **wanted)


def attachment_of(written: dict[str, Any]) -> dict[str, Any]:
    (content,) = written["content"]
    attachment: dict[str, Any] = content["attachment"]
    return attachment


@pytest.mark.parametrize(
    ("media_type", "begins"), [("text/plain", b"Consultation"), ("application/pdf", b"%PDF-1.4\n")]
)
def test_the_report_holds_the_document_and_its_measures(media_type: str, begins: bytes) -> None:
    attachment = attachment_of(a_report(media_type=media_type))

    document = base64.b64decode(attachment["data"])
    assert attachment["contentType"] == media_type
    assert attachment["size"] == len(document)
    assert base64.b64decode(attachment["hash"]) == hashlib.sha1(document).digest()  # noqa: S324
    assert document.startswith(begins)


def test_the_report_says_what_it_is_and_which_order_it_answers() -> None:
    written = a_report(loinc="34099-2")

    assert written["type"]["coding"][0]["code"] == "34099-2"
    assert written["context"]["related"] == [{"reference": "ServiceRequest/r1.b1"}]
    assert written["subject"]["identifier"]["value"] == "LS-10231"
    assert written["date"] == "2026-03-05T14:00:00Z"


def test_a_patient_without_identifier_is_named_by_the_order() -> None:
    offer = read_offer(an_offer())
    nameless = offer._replace(patient={**offer.patient, "identifier": []})

    assert a_report(nameless)["subject"]["display"] == "The patient of r1.b1"


def test_the_pages_of_the_pdf_are_where_its_table_says() -> None:
    pdf = base64.b64decode(attachment_of(a_report(media_type="application/pdf"))["data"])

    table = int(pdf.split(b"startxref\n")[1].split(b"\n")[0])
    rows = pdf[table:].split(b"\n")[3:8]
    assert pdf[table:].startswith(b"xref\n0 6\n")
    for number, row in enumerate(rows, start=1):
        assert pdf[int(row[:10]) :].startswith(b"%d 0 obj\n" % number)
